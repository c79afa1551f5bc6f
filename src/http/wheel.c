#include "http/wheel.h"

enum { LOOK_AHEAD = 16 }; /* lists that wheel_wait looks at: it says a second at most */

void wheel_init(struct wheel *wheel, uint64_t now) {
    *wheel = (struct wheel){.tick = now / WHEEL_TICK};
}

static struct list *list_of(struct wheel *wheel, uint64_t tick) {
    return &wheel->lists[tick % WHEEL_LISTS];
}

static void take_out(struct wheel *wheel, struct wheel_timer *timer) {
    if (timer->tick == 0) return;
    list_remove(list_of(wheel, timer->tick), &timer->link);
    timer->tick = 0;
    wheel->count--;
}

/* Into the list of its deadline; of one further away than the wheel is long, into the last. */
static void put_in(struct wheel *wheel, struct wheel_timer *timer) {
    uint64_t tick = timer->deadline / WHEEL_TICK + 1; /* when that has passed */
    if (tick <= wheel->tick) tick = wheel->tick + 1;
    if (tick >= wheel->tick + WHEEL_LISTS) tick = wheel->tick + WHEEL_LISTS - 1;
    timer->tick = tick;
    list_append(list_of(wheel, tick), &timer->link);
    wheel->count++;
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t deadline) {
    bool earlier = deadline < timer->deadline;
    timer->deadline = deadline;
    if (deadline == WHEEL_NEVER || (timer->tick != 0 && earlier)) take_out(wheel, timer);
    if (deadline != WHEEL_NEVER && timer->tick == 0) put_in(wheel, timer);
}

struct wheel_timer *wheel_expired(struct wheel *wheel, uint64_t now) {
    if (wheel->count == 0) wheel->tick = now / WHEEL_TICK;
    while (wheel->tick < now / WHEEL_TICK) {
        struct list *list = list_of(wheel, wheel->tick + 1);
        while (list->first) {
            struct wheel_timer *timer = OWNER(list->first, struct wheel_timer, link);
            take_out(wheel, timer);
            if (timer->deadline <= now) return timer;
            put_in(wheel, timer);
        }
        wheel->tick++;
    }
    return NULL;
}

uint64_t wheel_wait(const struct wheel *wheel, uint64_t now) {
    if (wheel->count == 0) return UINT64_MAX;
    uint64_t tick = wheel->tick + 1, last = wheel->tick + LOOK_AHEAD;
    while (tick < last && !wheel->lists[tick % WHEEL_LISTS].first) tick++;
    uint64_t next = tick * WHEEL_TICK;
    return next > now ? next - now : 0;
}
