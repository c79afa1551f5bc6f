#include "runtime/ready.h"

#include "base/clock.h"
#include "runtime/invocation.h"

/* ns of use at which a call leaves a class for a later one */
#define BEGUN_END (2 * CLOCK_MS)
#define MID_END   (50 * CLOCK_MS)
#define HOG_END   CLOCK_S
/* Heavy ones take turns of so much: each may well end in its turn, and each holds memory while it
 * waits for the next. */
#define HEAVY_TURN (CLOCK_S / 2)

static const uint64_t patience[READY_CLASS_COUNT] = {
#define X(class, ms) (ms) * CLOCK_MS,
    READY_CLASSES(X)
#undef X
};

/* Executors may get into each other's way here: a strike more or less does not matter. */
static void strike(atomic_uint *strikes, bool was) {
    unsigned now = atomic_load_explicit(strikes, memory_order_relaxed);
    if (was && now < 2 * READY_STRIKES)
        atomic_store_explicit(strikes, now + 2, memory_order_relaxed);
    else if (!was && now > 0)
        atomic_store_explicit(strikes, now - 1, memory_order_relaxed);
}

static enum ready_class class_of_new(const struct skill *skill) {
    if (atomic_load_explicit(&skill->slow_strikes, memory_order_relaxed) < READY_STRIKES)
        return READY_QUICK;
    return atomic_load_explicit(&skill->big_strikes, memory_order_relaxed) < READY_STRIKES
               ? READY_NEW
               : READY_BIG;
}

static bool is_new(enum ready_class class) {
    return class == READY_QUICK || class == READY_NEW || class == READY_BIG;
}

static bool is_hog(enum ready_class class) {
    return class == READY_HOG || class == READY_HEAVY;
}

static bool holds_much(const struct invocation *invocation) {
    return invocation->grown >= READY_HOG_BYTES || invocation->held >= READY_HOG_BYTES;
}

bool ready_is_hog(const struct invocation *invocation) {
    return holds_much(invocation) || is_hog(invocation->class);
}

/* What it has grown is known, what it has written into its image is looked at once, when the middle
 * is over; and by the executor, when memory runs short. */
static enum ready_class class_of(const struct invocation *invocation) {
    if (!invocation->run) return class_of_new(invocation->call.skill);
    enum ready_class hog = invocation->used < HOG_END ? READY_HOG : READY_HEAVY;
    if (holds_much(invocation)) return hog;
    if (invocation->used < BEGUN_END) return READY_BEGUN;
    if (invocation->used < MID_END) return READY_MID;
    if (invocation->class == READY_LONG) return READY_LONG;
    if (is_hog(invocation->class)) return hog;
    return engine_run_private(invocation->run) < READY_HOG_BYTES ? READY_LONG : hog;
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

/* Not only at its end: others of its skill may be waiting. */
static void set_class(struct invocation *invocation) {
    enum ready_class before = invocation->class, after = class_of(invocation);
    struct skill *skill = invocation->call.skill;
    bool was_short = is_new(before) || before == READY_BEGUN;
    invocation->class = after;
    if (!invocation->run) return; /* `before` may be that of another call */
    if (was_short && !is_new(after) && after != READY_BEGUN) strike(&skill->slow_strikes, true);
    if (!is_hog(before) && is_hog(after)) strike(&skill->big_strikes, true);
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
    if (invocation->class == READY_HEAVY && invocation->used >= invocation->turn_end) {
        goes_on = false;
        invocation->turn_end = invocation->used + HEAVY_TURN;
    }
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
    enum ready_class class = invocation->class;
    struct skill *skill = invocation->call.skill;
    if (is_new(class) || class == READY_BEGUN)
        strike(&skill->slow_strikes, invocation->used >= BEGUN_END);
    if (!is_hog(class)) strike(&skill->big_strikes, false);
}

/* Those of which it has turned out since they came what calls of their skill are like. */
static void sort_out(struct ready *ready, enum ready_class class, uint64_t now) {
    struct ready_queue *queue = &ready->queues[class];
    while (queue->first && class_of(queue->first) != class) ready_push(ready, take(queue), now);
}

static bool empty(const struct ready *ready, enum ready_class class) {
    return ready->queues[class].first == NULL;
}

/* Nothing that is ready will end soon and give memory back. */
static bool all_finished(const struct ready *ready) {
    return empty(ready, READY_MID) && empty(ready, READY_HOG) && empty(ready, READY_HEAVY);
}

/* May a call begin that will take long? Those under way that are to be finished go first, and while
 * the memory is full also those that sleep, but not for ever. */
static bool may_begin(const struct ready *ready, uint64_t now, const struct ready_leave *leave) {
    bool starved = now - ready->queues[READY_NEW].served >= READY_STARVED;
    if (leave->level >= PRESSURE_FULL)
        return leave->heavy && (leave->alone || (starved && leave->level < PRESSURE_OVER));
    return leave->level < PRESSURE_TIGHT || starved || all_finished(ready);
}

/* And one that will need much memory? Beside those that hold it already there would be too little.
 */
static bool may_begin_big(const struct ready *ready, const struct ready_leave *leave) {
    if (!empty(ready, READY_HOG)) return false;
    if (leave->level >= PRESSURE_FULL) return leave->heavy && leave->alone;
    return leave->level < PRESSURE_TIGHT || all_finished(ready);
}

static bool may_run(const struct ready *ready, enum ready_class class, uint64_t now,
                    const struct ready_leave *leave) {
    switch (class) {
    case READY_NEW:
        return may_begin(ready, now, leave);
    case READY_BIG:
        return may_begin_big(ready, leave);
    case READY_QUICK:
        return leave->level < PRESSURE_OVER || leave->alone;
    case READY_HOG:
    case READY_HEAVY:
        return leave->heavy;
    default:
        return true;
    }
}

/* Two classes that share the thread turn by turn, the second being the later in order. */
static bool takes_turns(enum ready_class first, enum ready_class second) {
    return (first == READY_BEGUN && second == READY_QUICK) ||
           (first == READY_LONG && second == READY_HEAVY);
}

struct invocation *ready_pop(struct ready *ready, uint64_t now, const struct ready_leave *leave,
                             bool *out_of_turn) {
    struct ready_queue *chosen = NULL;
    uint32_t young = ready->queues[READY_MID].count + ready->queues[READY_HOG].count;
    sort_out(ready, READY_QUICK, now);
    sort_out(ready, READY_NEW, now);
    sort_out(ready, READY_BIG, now);
    bool may_be_out = !ready->out_of_turn;
    *out_of_turn = ready->out_of_turn = false;
    for (uint32_t class = 0; class < READY_CLASS_COUNT; class ++) {
        struct ready_queue *queue = &ready->queues[class];
        if (!queue->first || !may_run(ready, class, now, leave)) continue;
        bool turn = chosen && takes_turns((enum ready_class)(chosen - ready->queues), class) &&
                    queue->served < chosen->served;
        bool enough = class == READY_NEW && young >= READY_YOUNG_MAX;
        if ((!chosen && !enough) || turn)
            chosen = queue;
        else if ((may_be_out || !chosen) && now - queue->served >= patience[class]) {
            *out_of_turn = ready->out_of_turn = true;
            return pop(queue, now);
        }
    }
    return chosen ? pop(chosen, now) : NULL;
}

static struct invocation *take_from(struct ready_queue *queue,
                                    bool (*over)(const struct invocation *, uint64_t), uint64_t now,
                                    struct invocation *taken) {
    queue->last = NULL;
    for (struct invocation **at = &queue->first, *each; (each = *at);) {
        if (over(each, now)) {
            *at = each->next;
            each->next = taken;
            taken = each;
            queue->count--;
        } else {
            queue->last = each;
            at = &each->next;
        }
    }
    return taken;
}

struct invocation *ready_take_if(struct ready *ready,
                                 bool (*over)(const struct invocation *invocation, uint64_t now),
                                 uint64_t now) {
    struct invocation *taken = NULL;
    for (uint32_t class = 0; class < READY_CLASS_COUNT; class ++)
        taken = take_from(&ready->queues[class], over, now, taken);
    return taken;
}

bool ready_any(const struct ready *ready) {
    for (uint32_t class = 0; class < READY_CLASS_COUNT; class ++)
        if (!empty(ready, class)) return true;
    return false;
}

bool ready_any_heavy(const struct ready *ready) {
    return !empty(ready, READY_NEW) || !empty(ready, READY_BIG) || !empty(ready, READY_HOG) ||
           !empty(ready, READY_HEAVY);
}
