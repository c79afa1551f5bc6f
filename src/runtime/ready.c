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

/* Executors may get into each other's way here: a strike more or less does not matter. */
static void count_strikes(const struct invocation *invocation, bool is_long) {
    atomic_uint *strikes = &invocation->call.skill->strikes;
    unsigned now = atomic_load_explicit(strikes, memory_order_relaxed);
    if (is_long && now < 2 * READY_STRIKES)
        atomic_store_explicit(strikes, now + 2, memory_order_relaxed);
    else if (!is_long && now > 0)
        atomic_store_explicit(strikes, now - 1, memory_order_relaxed);
}

static bool is_quick(const struct invocation *invocation) {
    return atomic_load_explicit(&invocation->call.skill->strikes, memory_order_relaxed) <
           READY_STRIKES;
}

/* The memory is looked at once, when the middle is over. */
static enum ready_class class_of(const struct invocation *invocation) {
    if (!invocation->run) return is_quick(invocation) ? READY_QUICK : READY_NEW;
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

/* A call is found to be long once, when it leaves the first classes, not only at its end: others of
 * its skill may be waiting. */
static void set_class(struct invocation *invocation) {
    enum ready_class before = invocation->class;
    invocation->class = class_of(invocation);
    if (before <= READY_NEW && invocation->class > READY_NEW) count_strikes(invocation, true);
}

void ready_push(struct ready *ready, struct invocation *invocation, uint64_t now) {
    set_class(invocation);
    push(&ready->queues[invocation->class], invocation, false, now);
}

void ready_put_back(struct ready *ready, struct invocation *invocation, uint64_t now) {
    enum ready_class before = invocation->class;
    ready->queues[before].served = now;
    set_class(invocation);
    bool goes_on = invocation->class == before && before != READY_LONG;
    push(&ready->queues[invocation->class], invocation, goes_on, now);
}

static struct invocation *take(struct ready_queue *queue) {
    struct invocation *invocation = queue->first;
    queue->first = invocation->next;
    queue->count--;
    return invocation;
}

static struct invocation *pop(struct ready_queue *queue, uint64_t now) {
    queue->served = now;
    return take(queue);
}

void ready_ended(const struct invocation *invocation) {
    if (invocation->class <= READY_NEW) count_strikes(invocation, invocation->used >= BEGUN_END);
}

/* Those whose skill has turned out to be slow since they came. */
static void sort_out(struct ready *ready, uint64_t now) {
    struct ready_queue *queue = &ready->queues[READY_QUICK];
    while (queue->first && !is_quick(queue->first)) ready_push(ready, take(queue), now);
}

struct invocation *ready_pop(struct ready *ready, uint64_t now, bool *out_of_turn) {
    uint32_t young = ready->queues[READY_MID].count + ready->queues[READY_HOG].count;
    struct ready_queue *chosen = NULL, *begun = &ready->queues[READY_BEGUN];
    sort_out(ready, now);
    bool may_be_out = !ready->out_of_turn;
    *out_of_turn = ready->out_of_turn = false;
    for (uint32_t class = 0; class < READY_CLASS_COUNT; class ++) {
        struct ready_queue *queue = &ready->queues[class];
        if (!queue->first) continue;
        bool may = class != READY_NEW || young < READY_YOUNG_MAX;
        bool takes_turns = class == READY_QUICK && chosen == begun && queue->served < begun->served;
        if ((!chosen && may) || takes_turns)
            chosen = queue;
        else if ((may_be_out || !chosen) && now - queue->served >= patience[class]) {
            *out_of_turn = ready->out_of_turn = true;
            return pop(queue, now);
        }
    }
    return chosen ? pop(chosen, now) : NULL;
}
