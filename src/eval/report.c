#include "eval/report.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"
#include "base/str.h"
#include "eval/report_internal.h"
#include "eval/statistics.h"

enum { BRAND_MAX = 42 };

/* ---- What can be said of logs. */

bool report_comparable(const struct runlog *logs, size_t count, struct err *err) {
    must(count > 0);
    for (size_t i = 1; i < count; i++) {
        const char *hash = logs[0].header.text[RUNLOG_HASH];
        const char *other = logs[i].header.text[RUNLOG_HASH];
        if (strcmp(hash, other) != 0)
            return err_set(err, ERR_INVALID,
                           "%s and %s are of different scripts (%.60s, hash %.60s, and %.60s, hash "
                           "%.60s): compare logs of one script",
                           logs[0].path, logs[i].path, logs[0].header.text[RUNLOG_FILENAME], hash,
                           logs[i].header.text[RUNLOG_FILENAME], other);
        if (logs[0].count != logs[i].count)
            return err_set(err, ERR_INVALID,
                           "%s has %zu commands, %s has %zu: compare logs of whole runs",
                           logs[0].path, logs[0].count, logs[i].path, logs[i].count);
    }
    return true;
}

void report_id(size_t index, char out[REPORT_ID]) {
    char id[REPORT_ID];
    size_t at = sizeof id;
    id[--at] = '\0';
    for (index++; index > 0; index /= 26) id[--at] = (char)('a' + --index % 26);
    memcpy(out, id + at, sizeof id - at);
}

void report_date(const char *path, char out[REPORT_DATE]) {
    static const char form[] = "dddddd_dddddd.ddd_run.log";
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    bool good = strlen(name) == sizeof form - 1;
    for (size_t i = 0; good && form[i]; i++)
        good = form[i] == 'd' && i < 17 ? name[i] >= '0' && name[i] <= '9' : name[i] == form[i];
    if (good)
        snprintf(out, REPORT_DATE, "20%.2s-%.2s-%.2s %.2s:%.2s:%.2s.%.3s000", name, name + 2,
                 name + 4, name + 7, name + 9, name + 11, name + 14);
    else
        snprintf(out, REPORT_DATE, "unknown");
}

/* ---- The header: a block per log. */

static void add_header(const struct runlog *log, const char *id, bool full, struct buf *out) {
    const char *const *text = log->header.text;
    char date[REPORT_DATE];
    struct report_line brand = {out, 0};
    report_date(log->path, date);
    buf_format(out, "%-2s file_name=%s date=%s\n", id, log->path, date);
    report_line_left(&brand, 0, "   brand=");
    report_line_cut(&brand, BRAND_MAX, text[RUNLOG_BRAND]);
    report_line_end(&brand);
    buf_format(out, "   arch=%-6s cores=cores=%s mem_total(GB)=%s mem_available(GB)=%s\n",
               text[RUNLOG_ARCH], text[RUNLOG_CORES], text[RUNLOG_MEMORY_TOTAL],
               text[RUNLOG_MEMORY_AVAILABLE]);
    buf_format(out, "   binary=%s\n   hash of binary=%s\n", text[RUNLOG_BIN],
               text[RUNLOG_BIN_HASH]);
    if (!full) return;
    for (unsigned i = 0; i < RUNLOG_TEXT_COUNT; i++)
        if (!runlog_text_required((enum runlog_text)i) && text[i])
            buf_format(out, "   %s=%s\n", runlog_text_key((enum runlog_text)i), text[i]);
}

static void add_headers(const struct runlog *logs, size_t count, bool full, struct buf *out) {
    buf_format(out, "Evaluating: cmds=%s hash=%s", logs[0].header.text[RUNLOG_FILENAME],
               logs[0].header.text[RUNLOG_HASH]);
    if (count > 1) buf_format(out, " comparing %zu log files", count);
    buf_byte(out, '\n');
    for (size_t i = 0; i < count; i++) {
        char id[REPORT_ID];
        report_id(i, id);
        add_header(&logs[i], id, full, out);
    }
}

/* ---- The table of 2024: time and resident memory, each with "vs a(%)" when there are several. */

struct layout {
    size_t id, took, took_vs, rss, rss_vs, width; /* columns; those of numbers are where they end */
    bool several;
};

static struct layout layout_of(const struct runlog *logs, size_t count) {
    size_t id = report_cmd_width(&logs[0]);
    if (count > 1) return (struct layout){id, id + 19, id + 28, id + 43, id + 52, id + 52, true};
    return (struct layout){id, id + 19, 0, id + 34, 0, id + 34, false};
}

static void add_titles(const struct layout *layout, struct buf *out) {
    struct report_line line = {out, 0};
    report_line_left(&line, 0, "cmd");
    report_line_left(&line, layout->id, "id");
    report_line_right(&line, layout->took, "took(ms)");
    if (layout->several) report_line_right(&line, layout->took_vs, "vs a(%)");
    report_line_right(&line, layout->rss, "rss diff(KB)");
    if (layout->several) report_line_right(&line, layout->rss_vs, "vs a(%)");
    report_line_end(&line);
}

/* A number and, for all logs but the first, its percentage of the first one's. */
static void add_number(struct report_line *line, size_t column, size_t vs_column, size_t index,
                       int64_t base, int64_t value) {
    char text[STATISTICS_TEXT];
    statistics_thousands(value, text);
    report_line_right(line, column, text);
    if (index == 0) return;
    statistics_percent(base, value, text);
    report_line_right(line, vs_column, text);
}

static void begin_row(struct report_line *line, const struct layout *layout, const char *cmd,
                      size_t index) {
    char id[REPORT_ID];
    report_id(index, id);
    if (index == 0) report_line_cmd(line, layout->id, cmd);
    report_line_left(line, layout->id, id);
}

static void add_command(const struct runlog *logs, size_t count, const struct layout *layout,
                        size_t at, struct buf *out) {
    const int64_t *base = logs[0].entries[at].figure;
    for (size_t i = 0; i < count; i++) {
        const struct runlog_entry *entry = &logs[i].entries[at];
        struct report_line line = {out, 0};
        begin_row(&line, layout, entry->cmd, i);
        add_number(&line, layout->took, layout->took_vs, i, base[RUNLOG_TOOK],
                   entry->figure[RUNLOG_TOOK]);
        add_number(&line, layout->rss, layout->rss_vs, i, base[RUNLOG_RSS_DIFF],
                   entry->figure[RUNLOG_RSS_DIFF]);
        report_line_end(&line);
    }
}

static void add_totals(const struct runlog *logs, size_t count, const struct layout *layout,
                       struct buf *out) {
    int64_t base = 0, value = 0;
    report_sum(&logs[0], RUNLOG_TOOK, &base);
    for (size_t i = 0; i < count; i++) {
        struct report_line line = {out, 0};
        begin_row(&line, layout, "Total time (ms)", i);
        report_sum(&logs[i], RUNLOG_TOOK, &value);
        add_number(&line, layout->took, layout->took_vs, i, base, value);
        report_line_end(&line);
    }
    report_max(&logs[0], RUNLOG_RSS, &base);
    for (size_t i = 0; i < count; i++) {
        struct report_line line = {out, 0};
        begin_row(&line, layout, "Maximum rss memory (KB)", i);
        report_max(&logs[i], RUNLOG_RSS, &value);
        add_number(&line, layout->rss, layout->rss_vs, i, base, value);
        report_line_end(&line);
    }
}

void report_tables(const struct runlog *logs, size_t count, bool full, struct buf *out) {
    struct layout layout = layout_of(logs, count);
    add_headers(logs, count, full, out);
    report_rule(out, '=', layout.width);
    add_titles(&layout, out);
    report_rule(out, '-', layout.width);
    for (size_t i = 0; i < logs[0].count; i++) add_command(logs, count, &layout, i, out);
    report_rule(out, '-', layout.width);
    add_totals(logs, count, &layout, out);
    if (full) report_full(logs, count, out);
}
