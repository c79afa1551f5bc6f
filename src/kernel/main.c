/* pharia-kernel: which subcommand it is. */
#include <stdio.h>
#include <string.h>

#include "kernel/commands.h"
#include "kernel/config.h"
#include "load/child.h"

static int help_config(int argc, char **argv);
static int version(int argc, char **argv);

static const struct option_table no_options = {NULL, 0};

/* `help`: NULL for what is not for people. */
static const struct {
    const char *name, *arguments, *help;
    int (*run)(int argc, char **argv);
    const struct option_table *options;
} commands[] = {
    {"serve", "[--KEY VALUE …]",
     "serve the skills of the namespaces (without any: \"dev\", directory skills); so does "
     "pharia-kernel alone",
     command_serve, &no_options},
    {"inspect", "FILE [OPTION…]",
     "say what a skill's component is made of, and what linking it gives", command_inspect,
     &inspect_options},
    {"link", "FILE -o DIR [OPTION…]", "write its code, image, interface and function names to DIR",
     command_link, &link_options},
    {"compile", "", NULL, load_child_main, &no_options},
    {"--help-config", "", "the table of settings, as Markdown", help_config, &no_options},
    {"--version", "", "the version", version, &no_options},
};

static const char settings[] =
    "\n"
    "Settings, as options here; in the environment as KERNEL_ADDRESS and so on (./.env is read "
    "too); in ./config.toml\n"
    "under the same names. Options win over the environment, the environment over the file. "
    "Durations are 250ms, 10s,\n"
    "1m 30s or 2h; sizes 65536, 64Ki or 1.5Gi.\n"
    "\n";

static int print(struct buf *text) {
    bool good = buf_cstr(text) && fputs(buf_cstr(text), stdout) >= 0 && fflush(stdout) == 0;
    buf_free(text);
    return good ? 0 : 1;
}

static int help(void) {
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_text(&text, "pharia-kernel " KERNEL_VERSION ": hosts WebAssembly skills over HTTP.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (!commands[i].help) continue;
        buf_format(&text, "  pharia-kernel %s%s%s\n      %s\n", commands[i].name,
                   *commands[i].arguments ? " " : "", commands[i].arguments, commands[i].help);
        options_help(*commands[i].options, 6, &text);
    }
    buf_text(&text, settings);
    config_help(&text);
    return print(&text);
}

static int help_config(int argc, char **argv) {
    (void)argc, (void)argv;
    struct buf text;
    buf_init(&text, 1 << 20);
    config_help_markdown(&text);
    return print(&text);
}

static int version(int argc, char **argv) {
    (void)argc, (void)argv;
    return puts("pharia-kernel " KERNEL_VERSION) < 0;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "serve";
    for (int i = 1; i < argc; i++) /* behind a command, too */
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return help();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv);
    if (name[0] == '-')
        return command_serve(argc, argv); /* options only: argv[0] is the program's name */
    fprintf(stderr, "pharia-kernel: there is no command \"%s\"; see pharia-kernel --help\n", name);
    return 2;
}
