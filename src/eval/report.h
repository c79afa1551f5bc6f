/* What run logs say: the tables of the evaluation report (their form is that of 2024, to the
 * character but for blanks at the ends of lines), tables of our own figures, JSON and CSV. Pure. */
#ifndef PK_EVAL_REPORT_H
#define PK_EVAL_REPORT_H

#include "base/buf.h"
#include "eval/runlog.h"

enum { REPORT_MAX = 1 << 30, /* for the buffer of a report */ REPORT_ID = 16, REPORT_DATE = 32 };

/* Can these logs (at least one) be compared? They must be of the same script (by its hash) and have
 * as many commands. */
bool report_comparable(const struct runlog *logs, size_t count, struct err *err);
/* For comparable logs. `full`: our own figures and header texts too. */
void report_tables(const struct runlog *logs, size_t count, bool full, struct buf *out);
/* All figures, for machines. */
void report_json(const struct runlog *logs, size_t count, struct buf *out);
void report_csv(const struct runlog *logs, size_t count, struct buf *out);

/* 0 -> "a", 25 -> "z", 26 -> "aa" */
void report_id(size_t index, char out[REPORT_ID]);
/* "…/241022_204217.737_run.log" -> "2024-10-22 20:42:17.737000"; "unknown" for other names. */
void report_date(const char *path, char out[REPORT_DATE]);

#endif
