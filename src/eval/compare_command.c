/* resource-eval compare: the tables of run logs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "eval/commands.h"
#include "eval/report.h"

static const char usage[] =
    EVAL_NAME " compare [--full] [--json|--csv] LOG…\n"
              "\n"
              "Prints what run logs (YYMMDD_HHMMSS.mmm_run.log) say, command by command. Several "
              "logs of one\n"
              "script stand below each other as a, b, c…, with percentages of a's figures.\n"
              "\n"
              "  --full  also memory in detail, CPU time and latencies, where the logs have them\n"
              "  --json  all figures as JSON (numbers; its \"units\" tells theirs)\n"
              "  --csv   all figures as CSV, one line per log and command\n"
              "\n"
              "Logs of other scripts, of other lengths and of failed runs are refused.\n";

struct options {
    bool full, json, csv, help;
    char **paths; /* of argv, put together */
    size_t count;
};

static int parse(int argc, char **argv, struct options *options) {
    bool names = false; /* behind "--" */
    *options = (struct options){.paths = argv};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (names || word[0] != '-')
            options->paths[options->count++] = argv[i];
        else if (strcmp(word, "--") == 0)
            names = true;
        else if (strcmp(word, "--full") == 0)
            options->full = true;
        else if (strcmp(word, "--json") == 0)
            options->json = true;
        else if (strcmp(word, "--csv") == 0)
            options->csv = true;
        else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            options->help = true;
        else
            return command_wrong("compare", "there is no option \"%s\"", word);
    }
    if (options->help) return EXIT_GOOD;
    if (options->count == 0) return command_wrong("compare", "the name of a run log was expected");
    if (options->json && options->csv)
        return command_wrong("compare", "--json and --csv cannot go together");
    return EXIT_GOOD;
}

/* Every log that cannot be read is told, not only the first. */
static bool read_logs(const struct options *options, struct runlog *logs) {
    struct err err;
    bool good = true;
    for (size_t i = 0; i < options->count; i++) {
        if (!runlog_read(options->paths[i], &logs[i], &err)) {
            fprintf(stderr, EVAL_NAME " compare: %s\n", err.text);
            logs[i] = (struct runlog){0};
            good = false;
        } else if (strcmp(logs[i].entries[logs[i].count - 1].cmd, "stop") != 0)
            fprintf(stderr,
                    EVAL_NAME
                    " compare: warning: %s does not end with \"stop\", so the run was cut "
                    "off\n",
                    logs[i].path);
    }
    if (good && !report_comparable(logs, options->count, &err)) {
        fprintf(stderr, EVAL_NAME " compare: %s\n", err.text);
        good = false;
    }
    return good;
}

static int print_report(const struct options *options, const struct runlog *logs) {
    struct buf text;
    buf_init(&text, REPORT_MAX);
    if (options->json)
        report_json(logs, options->count, &text);
    else if (options->csv)
        report_csv(logs, options->count, &text);
    else
        report_tables(logs, options->count, options->full, &text);
    return command_print(&text);
}

int command_compare(int argc, char **argv) {
    struct options options;
    int code = parse(argc, argv, &options);
    if (code != EXIT_GOOD) return code;
    if (options.help) {
        struct buf text;
        buf_init(&text, 1 << 16);
        buf_text(&text, usage);
        return command_print(&text);
    }
    must(options.count > 0);
    struct runlog *logs = calloc(options.count, sizeof *logs);
    if (!logs) {
        fprintf(stderr, EVAL_NAME " compare: no memory for %zu logs\n", options.count);
        return EXIT_FAILED;
    }
    code = read_logs(&options, logs) ? print_report(&options, logs) : EXIT_FAILED;
    for (size_t i = 0; i < options.count; i++)
        if (logs[i].entries) runlog_free(&logs[i]);
    free(logs);
    return code;
}
