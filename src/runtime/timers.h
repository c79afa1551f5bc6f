/* A binary heap of instants: which parked invocation is to be woken next. One thread. */
#ifndef PK_RUNTIME_TIMERS_H
#define PK_RUNTIME_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what waits; `place` is its index in the heap + 1, 0 when it is not in it. */
struct timer {
    uint64_t at; /* monotonic ns */
    size_t place;
};

struct timers {
    struct timer **heap;
    size_t count, room;
};

void timers_init(struct timers *timers);
void timers_free(struct timers *timers);
/* Set `timer->at` before. False: no memory. */
bool timers_add(struct timers *timers, struct timer *timer);
/* Does nothing when it is not in the heap. */
void timers_remove(struct timers *timers, struct timer *timer);
/* The earliest, or NULL. */
struct timer *timers_first(const struct timers *timers);

#endif
