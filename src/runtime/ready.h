/* Who runs next on an executor: short calls before long ones, and long ones not never.
 *
 * A call begins at level 0 and sinks as it uses time (READY_LEVELS). The lowest level goes first,
 * within a level the one that waits the longest. So a new call does not wait behind calls that
 * compute for seconds, however many there are. Levels that others kept waiting for READY_PATIENCE
 * get one slice out of turn. One thread. */
#ifndef PK_RUNTIME_READY_H
#define PK_RUNTIME_READY_H

#include "runtime/invocation.h"

enum { READY_LEVELS = 4 };

struct ready {
    struct ready_level {
        struct invocation *first, *last; /* linked by `next` */
        uint64_t served;                 /* when one was taken last, or when it became non-empty */
    } levels[READY_LEVELS];
};

/* The level of an invocation that has run for so many ns. */
uint32_t ready_level_of(uint64_t used);
void ready_push(struct ready *ready, struct invocation *invocation, uint64_t now);
/* The next one, or NULL. `*out_of_turn`: it waited too long; let it have its slice. */
struct invocation *ready_pop(struct ready *ready, uint64_t now, bool *out_of_turn);

#endif
