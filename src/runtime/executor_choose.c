/* Whose turn it is (docs/architecture.md, "Who runs next"): calls that have begun and calls that
 * may begin, in one order. */
#include "base/clock.h"
#include "runtime/executor_internal.h"

static struct admission_state state_of(const struct executor *executor, uint64_t now) {
    const struct room *room = executor->room;
    const struct run_line *middle = &executor->ready.lines[RUN_MIDDLE];
    bool waits = atomic_load_explicit(&room->grower, memory_order_relaxed) ||
                 atomic_load_explicit(&room->waiting, memory_order_relaxed);
    return (struct admission_state){
        .left = room_left(room),
        .limit = room->limit,
        .alone = atomic_load(&room->begun) == 0 && atomic_load(&room->promised) == 0,
        .growing = waits,
        .middle = middle->count,
        .big_middle = middle->big > 0,
        .waited = now - executor->admission.slow_begun,
    };
}

/* The promise first: two executors may begin at the same time. False: another was quicker. */
static bool begin(struct executor *executor, struct invocation *invocation,
                  const struct admission_state *state, uint64_t now) {
    struct room *room = executor->room;
    struct admission_ask ask = admission_ask_of(invocation->call.skill);
    uint64_t promise = admission_promise(&ask, state);
    if (promise && !room_promise(room, promise, room->limit)) {
        bool alone = atomic_load(&room->begun) == 0 && atomic_load(&room->promised) == 0;
        if (!alone || !room_promise(room, promise, UINT64_MAX)) return false;
    }
    invocation->promised = promise;
    admission_begin(&executor->admission, invocation, now);
    atomic_fetch_sub_explicit(executor->queued, 1, memory_order_relaxed);
    invocation_move(invocation, STATE_READY, now);
    return true;
}

/* A call that may begin, if there is one: READY then. */
static struct invocation *begin_next(struct executor *executor, bool slow, uint64_t now) {
    if (!executor->admission.lines[slow].first) return NULL;
    struct admission_state state = state_of(executor, now);
    bool scarce = state.left < state.limit / 2;
    struct invocation *next = admission_next(&executor->admission, &state, slow, scarce);
    return next && begin(executor, next, &state, now) ? next : NULL;
}

static bool slow_overdue(const struct executor *executor, uint64_t now) {
    return executor->admission.lines[true].first &&
           now - executor->admission.slow_begun >= ADMISSION_PATIENCE;
}

/* Who has waited for longer than patience allows, though it is not its turn. */
static struct invocation *overdue(struct executor *executor, uint64_t now) {
    enum run_class first = run_queue_first(&executor->ready),
                   late = run_queue_overdue(&executor->ready, now);
    if (late != RUN_CLASS_COUNT && (late != first || executor->admission.count))
        return run_queue_pop(&executor->ready, late, now);
    bool others = first != RUN_CLASS_COUNT || executor->admission.lines[false].first;
    return others && slow_overdue(executor, now) ? begin_next(executor, true, now) : NULL;
}

/* Short calls and quick ones that begin take turns; then slow ones that may begin, then those in
 * the middle and the long ones. */
static struct invocation *in_order(struct executor *executor, uint64_t now) {
    enum run_class first = run_queue_first(&executor->ready);
    if (first != RUN_SHORT || executor->new_is_next) {
        executor->new_is_next = false;
        struct invocation *quick = begin_next(executor, false, now);
        if (quick) return quick;
    }
    if (first == RUN_SHORT) {
        executor->new_is_next = true;
        return run_queue_pop(&executor->ready, RUN_SHORT, now);
    }
    struct invocation *slow = begin_next(executor, true, now);
    if (slow || first == RUN_CLASS_COUNT) return slow;
    return run_queue_pop(&executor->ready, first, now);
}

static struct invocation *next(struct executor *executor, uint64_t now, bool *out_of_turn) {
    struct invocation *late = executor->out_of_turn ? NULL : overdue(executor, now);
    *out_of_turn = executor->out_of_turn = late != NULL;
    return late ? late : in_order(executor, now);
}

struct invocation *executor_choose(struct executor *executor, uint64_t now, bool *out_of_turn) {
    if (executor_has_waiting(executor) || room_level(executor->room) >= ROOM_SCARCE) {
        room_look(executor->room, now);
        executor_sweep(executor, now);
    }
    if (executor->starved.first || executor->grower) executor_feed(executor, now);
    struct invocation *chosen;
    while ((chosen = next(executor, now, out_of_turn)) && !executor_may_run(executor, chosen, now))
        executor_starve(executor, chosen, now);
    return chosen;
}

bool executor_has_waiting(const struct executor *executor) {
    return executor->admission.count || executor->starved.first;
}
