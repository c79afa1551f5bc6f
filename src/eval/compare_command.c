/* resource-eval compare: the tables of run logs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/options.h"
#include "eval/command.h"
#include "eval/commands.h"
#include "eval/report.h"

static const char usage[] =
    EVAL_NAME " compare [OPTION…] LOG…\n"
              "\n"
              "Prints what run logs (YYMMDD_HHMMSS.mmm_run.log) say, command by command. Several "
              "logs of one\n"
              "script stand below each other as a, b, c…, with percentages of a's figures.\n"
              "\n";

static const char usage_end[] =
    "\n"
    "Logs of other scripts, of other lengths and of failed runs are refused. Told, but "
    "compared: errors\n"
    "in commands without \"!\", and runs of which one is, say, warm and another is not.\n";

static const struct option_row rows[] = {
    {'f', "full", NULL, "also memory in detail, CPU time and latencies, where the logs have them"},
    {'j', "json", NULL, "all figures as JSON (numbers; its \"units\" tells theirs)"},
    {'c', "csv", NULL, "all figures as CSV, one line per log and command"},
    {'h', "help", NULL, "this"},
};

struct compare {
    bool full, json, csv, help;
    char **paths; /* in argv */
    size_t count;
};

static bool parse(int argc, char **argv, struct compare *out, struct err *err) {
    struct options options;
    const char *value;
    int letter, count;
    *out = (struct compare){0};
    options_begin(&options, OPTION_TABLE(rows), argc, argv);
    while ((letter = options_next(&options, &value, err)) != OPTIONS_END) {
        if (letter == OPTIONS_WRONG) return false;
        out->full |= letter == 'f';
        out->json |= letter == 'j';
        out->csv |= letter == 'c';
        out->help |= letter == 'h';
    }
    out->paths = options_words(&options, &count);
    out->count = (size_t)count;
    if (out->help) return true;
    if (count == 0) return err_set(err, ERR_INVALID, "the name of a run log was expected");
    return !(out->json && out->csv) ||
           err_set(err, ERR_INVALID, "--json and --csv cannot go together");
}

static int help(void) {
    struct buf text;
    buf_init(&text, 1 << 16);
    buf_text(&text, usage);
    options_help(OPTION_TABLE(rows), 2, &text);
    buf_text(&text, usage_end);
    return command_print(&text);
}

/* ---- What the tables do not show. Exit code and tables stay as they are. */

#define WARNING EVAL_NAME " compare: warning: "

static void warn_of_log(const struct runlog *log) {
    int64_t errors = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct runlog_entry *entry = &log->entries[i];
        if (entry->cmd[0] != '!' && runlog_has(entry, RUNLOG_ERRORS))
            errors += entry->figure[RUNLOG_ERRORS];
    }
    if (errors > 0)
        fprintf(stderr, WARNING "%s has errors in commands without \"!\": %" PRId64 "\n", log->path,
                errors);
    if (strcmp(log->entries[log->count - 1].cmd, "stop") != 0)
        fprintf(stderr, WARNING "%s does not end with \"stop\", so the run was cut off\n",
                log->path);
}

/* Logs of 2024 do not have the text: they say nothing of it. */
static bool differs(const struct runlog *logs, size_t count, enum runlog_text text) {
    const char *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *value = logs[i].header.text[text];
        if (first && value && strcmp(first, value) != 0) return true;
        if (!first) first = value;
    }
    return false;
}

static void warn_of_differences(const struct runlog *logs, size_t count) {
    static const enum runlog_text texts[] = {RUNLOG_CACHE, RUNLOG_STRATEGY, RUNLOG_TIER,
                                             RUNLOG_LEGACY, RUNLOG_DISTINCT};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!differs(logs, count, texts[i])) continue;
        const char *between = "";
        fprintf(stderr, WARNING "\"%s\" is not the same in all logs: ", runlog_text_key(texts[i]));
        for (size_t j = 0; j < count; j++) {
            const char *value = logs[j].header.text[texts[i]];
            if (!value) continue;
            char id[REPORT_ID];
            report_id(j, id);
            fprintf(stderr, "%s%s %.60s", between, id, value);
            between = ", ";
        }
        putc('\n', stderr);
    }
}

/* ---- The command. */

/* Every log that cannot be read is told, not only the first. */
static bool read_logs(const struct compare *options, struct runlog *logs) {
    struct err err;
    bool good = true;
    for (size_t i = 0; i < options->count; i++) {
        if (!runlog_read(options->paths[i], &logs[i], &err)) {
            fprintf(stderr, EVAL_NAME " compare: %s\n", err.text);
            logs[i] = (struct runlog){0};
            good = false;
        } else
            warn_of_log(&logs[i]);
    }
    if (good && !report_comparable(logs, options->count, &err)) {
        fprintf(stderr, EVAL_NAME " compare: %s\n", err.text);
        good = false;
    }
    if (good) warn_of_differences(logs, options->count);
    return good;
}

static int print_report(const struct compare *options, const struct runlog *logs) {
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
    struct compare options;
    struct err err;
    if (!parse(argc, argv, &options, &err)) return command_wrong("compare", "%s", err.text);
    if (options.help) return help();
    must(options.count > 0);
    struct runlog *logs = calloc(options.count, sizeof *logs);
    if (!logs) {
        fprintf(stderr, EVAL_NAME " compare: no memory for %zu logs\n", options.count);
        return EXIT_FAILED;
    }
    int code = read_logs(&options, logs) ? print_report(&options, logs) : EXIT_FAILED;
    for (size_t i = 0; i < options.count; i++)
        if (logs[i].entries) runlog_free(&logs[i]);
    free(logs);
    return code;
}
