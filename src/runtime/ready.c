#include "runtime/ready.h"

#include "base/clock.h"
#include "runtime/invocation.h"

/* ns of use at which a call leaves a class for a later one */
#define BEGUN_END (2 * CLOCK_MS)
#define MID_END   (50 * CLOCK_MS)
#define HOG_END   CLOCK_S

static const uint64_t patience[READY_CLASS_COUNT] = {
#define X(class, ms) (ms) * CLOCK_MS,
    READY_CLASSES(X)
#undef X
};

/* The memory is looked at once, when the middle is over. */
static enum ready_class class_of(const struct invocation *invocation) {
    if (!invocation->run) return READY_NEW;
    if (invocation->used < BEGUN_END) return READY_BEGUN;
    if (invocation->used < MID_END) return READY_MID;
    if (invocation->used >= HOG_END || invocation->class == READY_LONG) return READY_LONG;
    if (invocation->class == READY_HOG) return READY_HOG;
    return engine_run_private(invocation->run) < READY_HOG_BYTES ? READY_LONG : READY_HOG;
}

static void push(struct ready_queue *queue, struct invocation *invocation, bool in_front,
                 uint64_t now) {
    if (!queue->first) {
        queue->last = NULL;
        queue->served = now;
    }
    if (in_front || !queue->last) {
        invocation->next = queue->first;
        queue->first = invocation;
        if (!queue->last) queue->last = invocation;
    } else {
        invocation->next = NULL;
        queue->last->next = invocation;
        queue->last = invocation;
    }
    queue->count++;
}

void ready_push(struct ready *ready, struct invocation *invocation, uint64_t now) {
    invocation->class = class_of(invocation);
    push(&ready->queues[invocation->class], invocation, false, now);
}

void ready_put_back(struct ready *ready, struct invocation *invocation, uint64_t now) {
    enum ready_class before = invocation->class;
    ready->queues[before].served = now;
    invocation->class = class_of(invocation);
    bool goes_on = invocation->class == before && before != READY_LONG;
    push(&ready->queues[invocation->class], invocation, goes_on, now);
}

static struct invocation *pop(struct ready_queue *queue, uint64_t now) {
    struct invocation *invocation = queue->first;
    queue->first = invocation->next;
    queue->count--;
    queue->served = now;
    return invocation;
}

struct invocation *ready_pop(struct ready *ready, uint64_t now, bool *out_of_turn) {
    uint32_t young = ready->queues[READY_MID].count + ready->queues[READY_HOG].count;
    struct ready_queue *chosen = NULL;
    bool may_be_out = !ready->out_of_turn;
    *out_of_turn = ready->out_of_turn = false;
    for (uint32_t class = 0; class < READY_CLASS_COUNT; class ++) {
        struct ready_queue *queue = &ready->queues[class];
        if (!queue->first) continue;
        bool may = class != READY_NEW || young < READY_YOUNG_MAX;
        if (!chosen && may)
            chosen = queue;
        else if ((may_be_out || !chosen) && now - queue->served >= patience[class]) {
            *out_of_turn = ready->out_of_turn = true;
            return pop(queue, now);
        }
    }
    return chosen ? pop(chosen, now) : NULL;
}
