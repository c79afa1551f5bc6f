#include "eval/runlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/must.h"
#include "eval/runlog_internal.h"

_Static_assert(RUNLOG_FIGURE_COUNT <= 32, "runlog_entry.has has a bit for each");

const struct runlog_text_row runlog_texts[RUNLOG_TEXT_COUNT] = {
#define X(text, line, key, required, help) [text] = {key, line, required},
    RUNLOG_TEXTS(X)
#undef X
};

const struct runlog_figure_row runlog_figures[RUNLOG_FIGURE_COUNT] = {
#define X(figure, key, unit, required, negative, help) [figure] = {key, unit, required, negative},
    RUNLOG_FIGURES(X)
#undef X
};

const char *runlog_figure_key(enum runlog_figure figure) {
    return runlog_figures[figure].key;
}

const char *runlog_figure_unit(enum runlog_figure figure) {
    return runlog_figures[figure].unit;
}

const char *runlog_text_key(enum runlog_text text) {
    return runlog_texts[text].key;
}

bool runlog_text_required(enum runlog_text text) {
    return runlog_texts[text].required;
}

void runlog_stamp(uint64_t realtime, char out[RUNLOG_STAMP]) {
    time_t seconds = (time_t)(realtime / CLOCK_S);
    struct tm tm;
    char text[64];
    must(localtime_r(&seconds, &tm) != NULL);
    int size = snprintf(text, sizeof text, "%02d%02d%02d_%02d%02d%02d.%03d", tm.tm_year % 100,
                        tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                        (int)(realtime % CLOCK_S / CLOCK_MS));
    must(size == RUNLOG_STAMP - 1);
    memcpy(out, text, RUNLOG_STAMP);
}

void runlog_free(struct runlog *log) {
    free(log->entries);
    arena_free(&log->arena);
    *log = (struct runlog){0};
}
