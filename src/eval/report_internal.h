/* What the parts of the report share. Private to src/eval's report. */
#ifndef PK_EVAL_REPORT_INTERNAL_H
#define PK_EVAL_REPORT_INTERNAL_H

#include "eval/report.h"

/* Where columns end when no command is longer than the report's; longer ones shift all. */
enum { REPORT_CMD_WIDTH = 42, REPORT_CMD_MOST = 100 };

/* report_line.c: a line of a table, written from left to right. */
struct report_line {
    struct buf *out;
    size_t column; /* columns so far */
};
void report_line_left(struct report_line *line, size_t column, const char *text);
/* So that it ends before `column`, with a blank before it at least. */
void report_line_right(struct report_line *line, size_t column, const char *text);
void report_line_end(struct report_line *line);
void report_rule(struct buf *out, char byte, size_t width);
/* The first column's width for these logs. */
size_t report_cmd_width(const struct runlog *log);
/* The first column; text that is too long is cut and marked. */
void report_line_cmd(struct report_line *line, size_t width, const char *cmd);
/* The first `most` columns of a text. */
void report_line_cut(struct report_line *line, size_t most, const char *text);

/* report_sum.c: over all commands, of those that have the figure; false: none has it. */
bool report_sum(const struct runlog *log, enum runlog_figure figure, int64_t *sum);
bool report_max(const struct runlog *log, enum runlog_figure figure, int64_t *max);

/* report_full.c */
void report_full(const struct runlog *logs, size_t count, struct buf *out);

#endif
