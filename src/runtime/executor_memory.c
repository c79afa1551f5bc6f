/* What an executor does about the memory of all guests (docs/architecture.md, "Who runs next"): who
 * may go on, who waits, who is ended. */
#include <stdio.h>

#include "base/clock.h"
#include "base/must.h"
#include "runtime/executor_internal.h"

/* Where the memory is full: an executor's turn with its heavy calls. */
#define MEMORY_TURN (2 * CLOCK_S)
/* How often those that wait for memory are looked through for cancelled ones; and how much one must
 * hold to be ended for others' sake. */
#define SWEEP_AFTER (100 * CLOCK_MS)
#define HELD_LEAST  (1u << 20)
/* When the memory has been used up for so long, what free slots keep is given back; and when that
 * did not help, nor did it on executors that are idle (IDLE_TRIM_S), calls are ended. */
#define TRIM_AFTER  CLOCK_S
#define EVICT_AFTER (5 * CLOCK_S)

static void refuse(struct executor *executor, struct invocation *invocation, uint64_t now) {
    uint64_t grown = invocation->grown, held = invocation->held;
    char text[300];
    snprintf(
        text, sizeof text,
        "all invocations together have more than %llu MiB of memory (setting GUEST_MEMORY), so "
        "this one, which had %llu MiB, was ended; try again later",
        (unsigned long long)executor->pressure->limit >> 20,
        (unsigned long long)(grown > held ? grown : held) >> 20);
    invocation_abandon(invocation, INVOCATION_REFUSED, text, now);
}

/* What it has written into its image: only the page table knows, so it is asked when memory runs
 * short, and of those that will sleep a little earlier, as they are not seen again then. True: it
 * is more than at the last look. */
static bool look_at_held(struct invocation *invocation, enum pressure_level level) {
    bool parked = invocation->state == STATE_PARKED;
    if (level < (parked ? PRESSURE_TIGHT : PRESSURE_FULL)) return false;
    uint64_t before = invocation->held;
    invocation->held = engine_run_private(invocation->run);
    return invocation->held > before && invocation->held >= HELD_LEAST;
}

bool executor_account(struct executor *executor, struct invocation *invocation) {
    uint64_t now = invocation->since, grown = engine_run_grown(invocation->run);
    enum pressure_level level = pressure_look(executor->pressure, now);
    bool parked = invocation->state == STATE_PARKED;
    bool grew = look_at_held(invocation, level) || grown > invocation->grown;
    invocation->grown = grown;
    executor->begun += !invocation->begun;
    invocation->begun = true;
    if (level < PRESSURE_OVER || (parked && !grew)) return false;
    if (!ready_is_hog(invocation) && (level < PRESSURE_DIRE || !grew)) return false;
    refuse(executor, invocation, now);
    return true;
}

/* While the memory is full, heavy calls go on only where the turn is, and it goes round. */
static bool heavy_may_run(struct executor *executor, enum pressure_level level, uint64_t now) {
    bool wanted = level >= PRESSURE_FULL && ready_any_heavy(&executor->ready);
    if (!wanted || (executor->heavy_till && now >= executor->heavy_till)) {
        if (executor->heavy_till) pressure_give_turn(executor->pressure, executor->index);
        executor->heavy_till = 0;
        return level < PRESSURE_FULL;
    }
    if (executor->heavy_till) return true;
    if (!pressure_take_turn(executor->pressure, executor->index)) return false;
    executor->heavy_till = now + MEMORY_TURN;
    return true;
}

static bool is_over(const struct invocation *invocation, uint64_t now) {
    return invocation->cancelled || invocation->evicted || now >= invocation->deadline;
}

/* Of those that hold so much that ending one helps; NULL: none does. */
static struct invocation *holds_most(const struct executor *executor) {
    struct invocation *most = NULL;
    for (struct list_link *at = executor->live.first; at; at = at->next) {
        struct invocation *each = OWNER(at, struct invocation, live_link);
        if (each->held >= HELD_LEAST && (!most || each->held > most->held)) most = each;
    }
    return most;
}

/* Nothing can begin, and what fills the memory may sleep or compute for long, without wanting more:
 * when waiting has not helped, the one that holds most makes room. */
static void evict(struct executor *executor, enum pressure_level level, uint64_t now) {
    if (level < PRESSURE_OVER) return;
    if (!executor->over_since) executor->over_since = now;
    if (now - executor->over_since < TRIM_AFTER) return;
    engine_thread_trim(executor->guests, 0);
    if (now - executor->over_since < EVICT_AFTER) return;
    struct invocation *most = holds_most(executor);
    if (!most) return;
    most->evicted = true;
    if (most->state == STATE_PARKED) executor_unpark(executor, most, now);
}

/* Those that wait for memory have no turn in which they would notice that they are over. */
static void sweep(struct executor *executor, enum pressure_level level, uint64_t now) {
    if (now - executor->swept < SWEEP_AFTER) return;
    executor->swept = now;
    evict(executor, level, now);
    struct invocation *next = ready_take_if(&executor->ready, is_over, now);
    while (next) {
        struct invocation *invocation = next;
        next = next->next;
        if (invocation->evicted)
            refuse(executor, invocation, now);
        else
            must(invocation_turn(invocation, executor->guests, now));
        executor_retire(executor, invocation);
    }
}

struct invocation *executor_choose(struct executor *executor, uint64_t now, bool *out_of_turn) {
    enum pressure_level level = pressure_look(executor->pressure, now);
    if (level < PRESSURE_OVER) executor->over_since = 0;
    if (level >= PRESSURE_TIGHT) sweep(executor, level, now);
    struct ready_leave leave = {.level = level,
                                .heavy = heavy_may_run(executor, level, now),
                                .alone = executor->begun == 0};
    return ready_pop(&executor->ready, now, &leave, out_of_turn);
}
