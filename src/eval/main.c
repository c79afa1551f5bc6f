/* resource-eval: which subcommand it is. */
#include <stdio.h>
#include <string.h>

#include "eval/command.h"
#include "eval/commands.h"
#include "eval/launch.h"
#include "eval/noop_server.h"
#include "eval/script.h"

static int help(int argc, char **argv);
static int help_commands(int argc, char **argv);
static int version(int argc, char **argv);

/* Those without help are for this program only and stand last (launch.h). */
static const struct {
    const char *name, *arguments, *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "[OPTION…] FILE.cmds", "start a kernel, execute a script, log what each command took",
     command_run},
    {"compare", "[OPTION…] LOG…", "print the tables of run logs, side by side", command_compare},
    {"selftest", "[OPTION…]", "measure the client against a server that does nothing",
     command_selftest},
    {"--help", "", "this text; COMMAND --help tells more", help},
    {"--help-commands", "", "the commands of scripts, as Markdown", help_commands},
    {"--version", "", "the version", version},
    {LAUNCH_KERNEL, "", NULL, command_launch_kernel},
    {LAUNCH_NOTHING, "", NULL, command_serve_nothing},
};

static void add_help(struct buf *text) {
    buf_text(text,
             EVAL_NAME " " EVAL_VERSION ": measures a kernel that runs a script of commands.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands && commands[i].help; i++)
        buf_format(text, "  " EVAL_NAME " %s%s%s\n      %s\n", commands[i].name,
                   *commands[i].arguments ? " " : "", commands[i].arguments, commands[i].help);
    buf_text(text, "\nExit codes: 0 good, 1 failed, 2 wrongly called.\n");
}

static int help(int argc, char **argv) {
    (void)argc, (void)argv;
    struct buf text;
    buf_init(&text, 1 << 20);
    add_help(&text);
    return command_print(&text);
}

static int help_commands(int argc, char **argv) {
    (void)argc, (void)argv;
    struct buf text;
    buf_init(&text, 1 << 20);
    script_help_markdown(&text);
    return command_print(&text);
}

static int version(int argc, char **argv) {
    (void)argc, (void)argv;
    struct buf text;
    buf_init(&text, 1000);
    buf_text(&text, EVAL_NAME " " EVAL_VERSION "\n");
    return command_print(&text);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "-h") == 0) name = "--help";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    if (argc > 1)
        fprintf(stderr, EVAL_NAME ": there is no command \"%s\"; see " EVAL_NAME " --help\n", name);
    else
        fprintf(stderr, EVAL_NAME ": a command was expected; see " EVAL_NAME " --help\n");
    return EXIT_WRONG_CALL;
}
