/* What a run shows while it goes: on a terminal one line that is written anew, elsewhere plain
 * lines now and then. The line of a terminal is never wider than it: the next one could not clear
 * it. One thread. */
#ifndef PK_EVAL_PROGRESS_H
#define PK_EVAL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *out;
    bool terminal, shown;    /* there is an unfinished line on the terminal */
    size_t entry, entries;   /* from 1 */
    const char *text;        /* the command */
    uint64_t begin, printed; /* monotonic ns */
};

void progress_begin(struct progress *progress, size_t entries);
void progress_entry(struct progress *progress, const char *text);
/* Now and then: `done` calls of the entry so far, `rss` in KB. */
void progress_tick(struct progress *progress, uint64_t done, uint64_t rss);
/* The entry's line that stays: 80 columns at most, unless figures are beyond all measure. */
void progress_result(struct progress *progress, uint64_t took_ms, int64_t rss_diff, uint64_t calls,
                     uint64_t errors);
/* A line of another kind. */
__attribute__((format(printf, 2, 3))) void progress_say(struct progress *progress,
                                                        const char *format, ...);
/* An error of the run, on stderr. */
void progress_error(struct progress *progress, const char *text);

#endif
