/* pharia-kernel: which subcommand it is. */
#include <stdio.h>
#include <string.h>

#include "kernel/commands.h"
#include "kernel/config.h"
#include "skill/store.h"

static const char usage[] =
    "pharia-kernel " KERNEL_VERSION ": hosts WebAssembly skills over HTTP.\n"
    "\n"
    "  pharia-kernel [serve] [--KEY VALUE …]   serve the skills of the namespaces (without any: "
    "\"dev\", directory skills)\n"
    "  pharia-kernel inspect FILE [--json]     say what a skill's component is made of, and what "
    "linking it gives\n"
    "  pharia-kernel link FILE -o DIR [--strict-memory]\n"
    "                                          write its code, image, interface and function names "
    "to DIR\n"
    "  pharia-kernel --help | --version\n"
    "  pharia-kernel --help-config             the table of settings, as Markdown\n"
    "\n"
    "Settings, as options here; in the environment as KERNEL_ADDRESS and so on (./.env is read "
    "too); in ./config.toml\n"
    "under the same names. Options win over the environment, the environment over the file. "
    "Durations "
    "are 250ms, 10s,\n"
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
    buf_text(&text, usage);
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

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"serve", command_serve},         {"inspect", command_inspect},   {"link", command_link},
    {"compile", skill_compile_child}, {"--help-config", help_config}, {"--version", version},
};

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
