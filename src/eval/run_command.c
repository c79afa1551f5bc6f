/* resource-eval run: its options. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/options.h"
#include "eval/command.h"
#include "eval/commands.h"
#include "eval/runner.h"

static const struct option_row rows[] = {
    {'m', "memory", NULL, "a line about the kernel's memory every 0.5 s in its log"},
    {'w', "warm", NULL, "keep the compile cache for the next warm run, and use the one before"},
    {'l', "legacy", NULL, "use the routes of 2024"},
    {'d', "distinct", NULL, "every copy of a sample is another skill (a literal of its own)"},
    {'k', "kernel", "FILE", "the kernel to run (default: pharia-kernel beside this program)"},
    {'s', "samples", "DIR", "where sample_py.wasm and so on are (default: the build's)"},
    {'a', "address", "HOST:PORT", "where the kernel listens (default 127.0.0.1:8081)"},
    {'f', "folder", "DIR", "the run's own: skills, caches (default eval-run)"},
    {'o', "logs", "DIR", "where the logs go (default logs)"},
    {'t', "timeout", "TIME", "of a call, of start and stop (default 10m)"},
    {'h', "help", NULL, "this"},
};

static int help(void) {
    struct buf out;
    buf_init(&out, 1 << 20);
    buf_text(&out, EVAL_NAME " run [OPTION…] FILE.cmds: start a kernel, execute a script, log what "
                             "each command took.\n\n");
    options_help(OPTION_TABLE(rows), 2, &out);
    buf_text(&out, "\n");
    script_help(&out);
    return command_print(&out);
}

/* The kernel beside this program, as it is installed, or where the build has it. */
static const char *default_kernel(char out[PATH_MAX]) {
    static const char *const places[] = {"pharia-kernel", "../kernel/pharia-kernel"};
    char self[PATH_MAX], path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    self[size > 0 ? size : 0] = '\0';
    const char *folder = dirname(self);
    snprintf(out, PATH_MAX, "%.4000s/%s", folder, places[0]);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%.4000s/%s", folder, places[i]);
        if (access(path, X_OK) == 0 && realpath(path, out)) break;
    }
    return out;
}

static const char *default_samples(char out[PATH_MAX]) {
    const char *cache = getenv("PHARIA_DEV_CACHE"), *home = getenv("HOME");
    if (cache)
        snprintf(out, PATH_MAX, "%s/skills/out", cache);
    else
        snprintf(out, PATH_MAX, "%s/.cache/pharia-kernel-dev/skills/out", home ? home : "");
    return out;
}

static bool take_option(int letter, const char *value, struct run_options *out, struct err *err) {
    switch (letter) {
    case 'm':
        return out->resources = true;
    case 'w':
        return out->warm = true;
    case 'l':
        return out->legacy = true;
    case 'd':
        return out->distinct = true;
    case 'k':
        return (out->kernel = value) != NULL;
    case 's':
        return (out->samples = value) != NULL;
    case 'a':
        return (out->address = value) != NULL;
    case 'f':
        return (out->folder = value) != NULL;
    case 'o':
        return (out->logs = value) != NULL;
    case 't':
        return clock_parse_duration(value, &out->timeout, err) &&
               (out->timeout || err_set(err, ERR_INVALID, "--timeout must not be 0"));
    default: /* OPTIONS_WRONG: `err` has been filled */
        return false;
    }
}

/* *script: the word that is no option. */
static bool parse(int argc, char **argv, struct run_options *out, const char **script,
                  struct err *err) {
    struct options options;
    const char *value;
    int letter, count;
    options_begin(&options, OPTION_TABLE(rows), argc, argv);
    while ((letter = options_next(&options, &value, err)) != OPTIONS_END) {
        if (letter == 'h') exit(help());
        if (!take_option(letter, value, out, err)) return false;
    }
    *script = options_words(&options, &count)[0];
    return count == 1 || err_set(err, ERR_INVALID, "one script is expected");
}

int command_run(int argc, char **argv) {
    char kernel[PATH_MAX], real[PATH_MAX], samples[PATH_MAX];
    struct err err;
    struct run_options run = {.kernel = default_kernel(kernel),
                              .samples = default_samples(samples),
                              .address = "127.0.0.1:8081",
                              .folder = "eval-run",
                              .logs = "logs",
                              .timeout = 600 * CLOCK_S};
    const char *path;
    if (!parse(argc, argv, &run, &path, &err)) return command_wrong("run", "%s", err.text);
    if (realpath(run.kernel, real)) run.kernel = real;
    struct script script;
    struct buf problems;
    buf_init(&problems, 1 << 20);
    bool good = script_read(path, &script, &problems);
    if (!good) fputs(buf_cstr(&problems) ? buf_cstr(&problems) : "no memory\n", stderr);
    buf_free(&problems);
    if (!good) return EXIT_FAILED;
    run_catch_signals();
    int code = run_script(&run, &script);
    script_free(&script);
    return code;
}
