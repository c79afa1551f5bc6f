/* The tables of run logs as data. Private to src/eval's runlog. */
#ifndef PK_EVAL_RUNLOG_INTERNAL_H
#define PK_EVAL_RUNLOG_INTERNAL_H

#include "eval/runlog.h"

enum { RUNLOG_HEADER_LINES = 3 };

struct runlog_text_row {
    const char *key;
    unsigned line; /* of the header, from 0 */
    bool required;
};
extern const struct runlog_text_row runlog_texts[RUNLOG_TEXT_COUNT];

struct runlog_figure_row {
    const char *key, *unit;
    bool required, negative;
};
extern const struct runlog_figure_row runlog_figures[RUNLOG_FIGURE_COUNT];

#endif
