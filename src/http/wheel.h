/* Deadlines of many connections: a wheel of lists, each for a stretch of time. Moving a deadline
 * further away costs one store: the timer stays in its list and is put into the right one when that
 * one's time has come. Not thread-safe. */
#ifndef PK_HTTP_WHEEL_H
#define PK_HTTP_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

#define WHEEL_TICK                                                                                 \
    (64 * 1000000ull)       /* ns that a list stands for: deadlines may be so much late            \
                             */
enum { WHEEL_LISTS = 512 }; /* longer deadlines go round */
#define WHEEL_NEVER UINT64_MAX

struct wheel_timer {
    struct list_link link;
    uint64_t deadline; /* ns, clock_monotonic; WHEEL_NEVER */
    uint64_t tick;     /* of the list that it is in; 0: in none */
};

struct wheel {
    struct list lists[WHEEL_LISTS];
    uint64_t tick;  /* up to here lists have been looked at */
    uint64_t count; /* timers in lists */
};

void wheel_init(struct wheel *wheel, uint64_t now);
/* Also moves; WHEEL_NEVER takes it out. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t deadline);
/* A timer whose deadline has passed, taken out; NULL: there is none up to `now`. */
struct wheel_timer *wheel_expired(struct wheel *wheel, uint64_t now);
/* ns from `now` until wheel_expired may have something to do; UINT64_MAX: never. */
uint64_t wheel_wait(const struct wheel *wheel, uint64_t now);

#endif
