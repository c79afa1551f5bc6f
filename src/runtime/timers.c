#include "runtime/timers.h"

#include <stdlib.h>

void timers_init(struct timers *timers) {
    *timers = (struct timers){0};
}

void timers_free(struct timers *timers) {
    free(timers->heap);
    *timers = (struct timers){0};
}

static void put(struct timers *timers, size_t place, struct timer *timer) {
    timers->heap[place - 1] = timer;
    timer->place = place;
}

/* Move `timer` from `place` towards the root while it is earlier than its parent. */
static void rise(struct timers *timers, size_t place, struct timer *timer) {
    for (; place > 1 && timers->heap[place / 2 - 1]->at > timer->at; place /= 2)
        put(timers, place, timers->heap[place / 2 - 1]);
    put(timers, place, timer);
}

/* Move `timer` from `place` towards the leaves while a child is earlier. */
static void sink(struct timers *timers, size_t place, struct timer *timer) {
    for (size_t child; (child = 2 * place) <= timers->count; place = child) {
        if (child < timers->count && timers->heap[child]->at < timers->heap[child - 1]->at) child++;
        if (timers->heap[child - 1]->at >= timer->at) break;
        put(timers, place, timers->heap[child - 1]);
    }
    put(timers, place, timer);
}

bool timers_add(struct timers *timers, struct timer *timer) {
    if (timers->count == timers->room) {
        size_t room = timers->room ? timers->room * 2 : 64;
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
        struct timer **heap = realloc(timers->heap, room * sizeof *heap);
        if (!heap) return false;
        timers->heap = heap;
        timers->room = room;
    }
    timers->count++;
    rise(timers, timers->count, timer);
    return true;
}

void timers_remove(struct timers *timers, struct timer *timer) {
    size_t place = timer->place;
    if (!place) return;
    timer->place = 0;
    struct timer *last = timers->heap[--timers->count];
    if (last == timer) return;
    if (place > 1 && timers->heap[place / 2 - 1]->at > last->at)
        rise(timers, place, last);
    else
        sink(timers, place, last);
}

struct timer *timers_first(const struct timers *timers) {
    return timers->count ? timers->heap[0] : NULL;
}
