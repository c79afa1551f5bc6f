/* The tables of the figures that the logs of 2024 do not have, a row per command and log. */
#include <stdio.h>

#include "eval/report_internal.h"
#include "eval/statistics.h"

enum { COLUMN_WIDTH = 15, COLUMNS_MAX = 6, FIRST_COLUMN = 19 };

/* How the last rows put a column together. */
enum fold { SUM, MAX, RATE, NOTHING };

struct column {
    const char *title;
    enum runlog_figure figure;
    enum fold fold;
};

static const struct table {
    const char *title;
    struct column columns[COLUMNS_MAX];
} tables[] = {
    {"Memory after each command, and its highest during it",
     {{"rss(KB)", RUNLOG_RSS, MAX},
      {"rss peak(KB)", RUNLOG_RSS_PEAK, MAX},
      {"pss(KB)", RUNLOG_PSS, MAX},
      {"anon(KB)", RUNLOG_ANON, MAX},
      {"vms(KB)", RUNLOG_VMS, MAX},
      {"vms diff(KB)", RUNLOG_VMS_DIFF, NOTHING}}},
    {"CPU time of the kernel, and what its children took",
     {{"took(ms)", RUNLOG_TOOK, SUM},
      {"user(ms)", RUNLOG_CPU_USER, SUM},
      {"system(ms)", RUNLOG_CPU_SYSTEM, SUM},
      {"children(ms)", RUNLOG_CHILDREN_CPU, SUM},
      {"child rss(KB)", RUNLOG_CHILDREN_RSS, MAX}}},
    {"Calls of skills",
     {{"requests", RUNLOG_REQUESTS, SUM},
      {"errors", RUNLOG_ERRORS, SUM},
      {"per second", RUNLOG_REQUESTS, RATE},
      {"p50(us)", RUNLOG_P50, NOTHING},
      {"p99(us)", RUNLOG_P99, NOTHING},
      {"max(us)", RUNLOG_MAX, MAX}}},
};

static size_t column_count(const struct table *table) {
    size_t count = 0;
    while (count < COLUMNS_MAX && table->columns[count].title) count++;
    return count;
}

static bool rate(int64_t requests, int64_t took, int64_t *value) {
    *value = took == 0 ? 0 : requests * 1000 / took;
    return took > 0 && requests > 0;
}

static bool of_entry(const struct runlog_entry *entry, const struct column *column,
                     int64_t *value) {
    if (!runlog_has(entry, column->figure)) return false;
    *value = entry->figure[column->figure];
    return column->fold != RATE || rate(*value, entry->figure[RUNLOG_TOOK], value);
}

static bool of_log(const struct runlog *log, const struct column *column, int64_t *value) {
    if (column->fold == SUM) return report_sum(log, column->figure, value);
    if (column->fold == MAX) return report_max(log, column->figure, value);
    return false;
}

static bool has_any(const struct runlog *logs, size_t count, const struct table *table) {
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < column_count(table); at++)
            for (size_t entry = 0; entry < logs[i].count; entry++)
                if (runlog_has(&logs[i].entries[entry], table->columns[at].figure) &&
                    table->columns[at].figure != RUNLOG_TOOK)
                    return true;
    return false;
}

/* A row of the command at `at`, or of the whole log when `entry` is NULL. */
static void add_row(const struct table *table, size_t id_column, const char *cmd, size_t index,
                    const struct runlog *log, const struct runlog_entry *entry, struct buf *out) {
    struct report_line line = {out, 0};
    char id[REPORT_ID], text[STATISTICS_TEXT];
    report_id(index, id);
    if (index == 0) report_line_cmd(&line, id_column, cmd);
    report_line_left(&line, id_column, id);
    for (size_t i = 0; i < column_count(table); i++) {
        const struct column *column = &table->columns[i];
        int64_t value;
        bool has = entry ? of_entry(entry, column, &value) : of_log(log, column, &value);
        if (has) statistics_thousands(value, text);
        report_line_right(&line, id_column + FIRST_COLUMN + i * COLUMN_WIDTH, has ? text : "-");
    }
    report_line_end(&line);
}

static void add_titles(const struct table *table, size_t id_column, struct buf *out) {
    struct report_line line = {out, 0};
    report_line_left(&line, 0, "cmd");
    report_line_left(&line, id_column, "id");
    for (size_t i = 0; i < column_count(table); i++)
        report_line_right(&line, id_column + FIRST_COLUMN + i * COLUMN_WIDTH,
                          table->columns[i].title);
    report_line_end(&line);
}

static void add_table(const struct runlog *logs, size_t count, const struct table *table,
                      struct buf *out) {
    size_t id = report_cmd_width(&logs[0]);
    size_t width = id + FIRST_COLUMN + (column_count(table) - 1) * COLUMN_WIDTH;
    buf_format(out, "\n%s\n", table->title);
    report_rule(out, '=', width);
    add_titles(table, id, out);
    report_rule(out, '-', width);
    for (size_t at = 0; at < logs[0].count; at++)
        for (size_t i = 0; i < count; i++)
            add_row(table, id, logs[0].entries[at].cmd, i, &logs[i], &logs[i].entries[at], out);
    report_rule(out, '-', width);
    for (size_t i = 0; i < count; i++)
        add_row(table, id, "Total or maximum", i, &logs[i], NULL, out);
}

void report_full(const struct runlog *logs, size_t count, struct buf *out) {
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (has_any(logs, count, &tables[i])) add_table(logs, count, &tables[i], out);
}
