/* How often lines of one kind may be logged: private to log.c. A kind is a call's format with its
 * level, module and number; there are as many as there are calls in the source, never as many as
 * clients or skills want. Of each kind `most` lines a second are let through, counted from the
 * kind's first line; what came beyond is told by one line after that second. Nothing is allocated.
 * The caller's lock guards it. */
#ifndef PK_BASE_LOG_RATE_H
#define PK_BASE_LOG_RATE_H

#include <stddef.h>

#include "base/log_text.h"

enum { LOG_RATE_KINDS = 256, LOG_RATE_SHOWN = 80 };

struct log_kind {
    const char *format, *module; /* compared as pointers; NULL: free */
    enum log_level level;
    unsigned number;
};

struct log_rate {
    unsigned most; /* lines of a kind per second; 0: all */
    uint64_t due;  /* when the first of the counts is to be told; UINT64_MAX: nothing is */
    struct log_rate_kind {
        struct log_kind kind;
        uint64_t end;   /* of its second; monotonic ns */
        unsigned lines; /* that were let through in it */
        uint64_t more;  /* lines that were not */
        char like[LOG_RATE_SHOWN + 1];
    } kinds[LOG_RATE_KINDS];
};

void log_rate_init(struct log_rate *rate, unsigned most);
/* Whether a line of this kind may be logged now. Then, unless it is NULL, *like is where the caller
 * keeps the beginning of its message. A kind beyond the table is not limited. */
bool log_rate_take(struct log_rate *rate, const struct log_kind *kind, uint64_t now, char **like);
/* A line about a kind whose second is over at `now` and which had more lines than it may have;
 * false: there is none, and `due` says when the next one will be. */
bool log_rate_tell(struct log_rate *rate, uint64_t now, struct log_text *line);

#endif
