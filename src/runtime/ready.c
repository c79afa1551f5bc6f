#include "runtime/ready.h"

#include "base/clock.h"

#define READY_PATIENCE (40 * CLOCK_MS) /* a slice of 2 ms in 40: 5 % at the least */

/* ns of use from which on an invocation belongs to the next level */
static const uint64_t level_ends[READY_LEVELS - 1] = {2 * CLOCK_MS, 20 * CLOCK_MS, 200 * CLOCK_MS};

uint32_t ready_level_of(uint64_t used) {
    uint32_t level = 0;
    while (level < READY_LEVELS - 1 && used >= level_ends[level]) level++;
    return level;
}

void ready_push(struct ready *ready, struct invocation *invocation, uint64_t now) {
    struct ready_level *level = &ready->levels[ready_level_of(invocation->time[STATE_RUNNING])];
    invocation->next = NULL;
    if (level->first)
        level->last->next = invocation;
    else {
        level->first = invocation;
        level->served = now;
    }
    level->last = invocation;
}

static struct invocation *level_pop(struct ready_level *level, uint64_t now) {
    struct invocation *invocation = level->first;
    level->first = invocation->next;
    level->served = now;
    return invocation;
}

struct invocation *ready_pop(struct ready *ready, uint64_t now, bool *out_of_turn) {
    struct ready_level *first = NULL;
    *out_of_turn = false;
    for (uint32_t i = 0; i < READY_LEVELS; i++) {
        struct ready_level *level = &ready->levels[i];
        if (!level->first) continue;
        if (!first)
            first = level;
        else if (now - level->served >= READY_PATIENCE) {
            *out_of_turn = true;
            return level_pop(level, now);
        }
    }
    return first ? level_pop(first, now) : NULL;
}
