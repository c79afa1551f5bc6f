/* What an executor does about memory (docs/architecture.md, "Memory"): what its calls cost, who
 * waits to grow, who is ended. */
#include <stdio.h>

#include "base/clock.h"
#include "runtime/executor_internal.h"
#include "runtime/forecast.h"

/* Calls may grow beyond what they were promised as long as a fourth of the limit is not in use.
 * Beyond that only one at a time has the turn to grow: so it finds the rest free, however much the
 * others hold that wait for it. */
enum { FREE_PART = 4 };
#define GREW_LEAST (64u << 10) /* bytes in one turn that count as growth */
/* How long a call keeps the turn to grow without growing, and in all, where others wait for it. */
#define GROW_PAUSE  (2 * CLOCK_S)
#define GROW_TURN   (20 * CLOCK_S)
#define SWEEP_AFTER (100 * CLOCK_MS)
/* Where waiting has not helped for so long, calls are ended: when all that hold memory wait, and
 * when others hold it. */
#define STUCK_AFTER (200 * CLOCK_MS)
#define EVICT_AFTER (5 * CLOCK_S)
#define EMPTIED_FOR CLOCK_S /* so long free slots are taken to hold nothing */

/* ---- what calls cost ---- */

static uint64_t owed(const struct invocation *invocation) {
    return invocation->promised > invocation->cost ? invocation->promised - invocation->cost : 0;
}

/* Tell all executors what it costs from now on, and what it may cost. */
static void set_cost(struct executor *executor, struct invocation *invocation, uint64_t cost,
                     uint64_t promised) {
    struct room *room = executor->room;
    uint64_t before = owed(invocation), old = invocation->cost;
    invocation->cost = cost;
    invocation->promised = promised;
    room_promise_change(room, (int64_t)(owed(invocation) - before));
    if (old < ROOM_HOLDER && cost >= ROOM_HOLDER) atomic_fetch_add(&room->holders, 1);
    if (old >= ROOM_HOLDER && cost < ROOM_HOLDER) atomic_fetch_sub(&room->holders, 1);
    forecast_note_held(invocation->call.skill, (int64_t)(cost - old));
}

static void refuse(struct executor *executor, struct invocation *invocation) {
    char text[300];
    snprintf(
        text, sizeof text,
        "all invocations together have more than %llu MiB of memory (setting GUEST_MEMORY), so "
        "this one, which had %llu MiB, was ended; try again later",
        (unsigned long long)executor->room->limit >> 20,
        (unsigned long long)invocation->cost >> 20);
    invocation_conclude(invocation, INVOCATION_REFUSED, text);
}

/* An estimate that would have consequences is replaced by what the page table says. */
static uint64_t exact_cost(struct invocation *invocation, uint64_t cost) {
    if (cost < ADMISSION_SMALL || cost < invocation->cost + invocation->cost / 8) return cost;
    uint64_t peak = invocation->peak;
    engine_run_measure(invocation->run);
    cost = invocation_cost(invocation);
    invocation->peak = peak > cost && peak <= invocation->cost ? peak : cost;
    return cost;
}

static void check_limit(struct executor *executor, struct invocation *invocation) {
    uint64_t limit = executor->settings->memory_limit;
    if (invocation->cost <= limit + limit / 16) return; /* as exact as a look once a turn can be */
    engine_run_measure(invocation->run);
    set_cost(executor, invocation, invocation_cost(invocation), invocation->promised);
    if (invocation->cost <= limit + limit / 16) return;
    char text[200];
    snprintf(text, sizeof text,
             "it has %llu MiB of memory, tables and stack included: more than the %llu MiB of the "
             "setting INVOCATION_MEMORY",
             (unsigned long long)invocation->cost >> 20, (unsigned long long)limit >> 20);
    invocation_conclude(invocation, INVOCATION_TRAP, text);
}

void executor_account(struct executor *executor, struct invocation *invocation) {
    struct room *room = executor->room;
    uint64_t now = invocation->since, cost = exact_cost(invocation, invocation_cost(invocation));
    if (!invocation->begun) atomic_fetch_add(&room->begun, 1);
    invocation->begun = true;
    invocation->grew = cost > invocation->cost + GREW_LEAST;
    set_cost(executor, invocation, cost, invocation->over ? 0 : invocation->promised);
    if (invocation->grew && executor->grower == invocation) {
        executor->grower_grew = now;
        atomic_store(&room->progress, now);
    }
    forecast_note_memory(invocation->call.skill, cost, false);
    if (invocation->over) return;
    check_limit(executor, invocation);
    if (room_look(room, now) == ROOM_DIRE && invocation->grew) refuse(executor, invocation);
}

void executor_account_end(struct executor *executor, struct invocation *invocation) {
    struct room *room = executor->room;
    if (invocation->peak) forecast_note_memory(invocation->call.skill, invocation->peak, true);
    executor_stop_growing(executor, invocation);
    if (invocation->promised || invocation->cost) set_cost(executor, invocation, 0, 0);
    if (invocation->begun) atomic_fetch_sub(&room->begun, 1);
    if (invocation->peak >= RUN_BIG) atomic_store(&room->progress, invocation->since);
}

/* ---- growing ---- */

/* The turn to grow: the call that has it may use what others have left, all but a sixteenth, so
 * that calls which need little can begin beside it. */
static bool has_turn(struct executor *executor, struct invocation *invocation, uint64_t now) {
    struct room *room = executor->room;
    if (executor->grower && executor->grower != invocation) return false;
    if (!executor->grower) {
        if (!room_take_turn(room, executor->index)) return false;
        executor->grower = invocation;
        executor->grower_since = executor->grower_grew = now;
        atomic_store(&room->progress, now);
    }
    bool others = atomic_load(&room->holders) > (invocation->cost >= ROOM_HOLDER);
    return atomic_load(&room->bytes) < room->limit - (others ? room->limit / 16 : 0);
}

bool executor_may_run(struct executor *executor, struct invocation *invocation, uint64_t now) {
    if (!invocation->run || invocation->over || now >= invocation->deadline) return true;
    struct admission_growth growth = {.cost = invocation->cost,
                                      .promised = invocation->promised,
                                      .forecast = forecast_memory(invocation->call.skill),
                                      .grew = invocation->grew};
    uint64_t wanted = admission_growth_wanted(&growth);
    if (!wanted) return true;
    uint64_t have = growth.promised > growth.cost ? growth.promised : growth.cost;
    if (room_promise(executor->room, wanted - have, executor->room->limit / FREE_PART)) {
        invocation->promised = wanted;
        return true;
    }
    return has_turn(executor, invocation, now);
}

void executor_stop_growing(struct executor *executor, const struct invocation *invocation) {
    if (executor->grower != invocation) return;
    executor->grower = NULL;
    room_give_turn(executor->room, executor->index);
}

void executor_starve(struct executor *executor, struct invocation *invocation, uint64_t now) {
    invocation_move(invocation, STATE_STARVED, now);
    atomic_fetch_add(&executor->room->waiting, 1);
    forecast_note_starved(invocation->call.skill, true);
    if (invocation->cost >= ROOM_HOLDER) atomic_fetch_add(&executor->room->stuck, 1);
    if (executor->grower == invocation)
        list_prepend(&executor->starved, &invocation->queue_link);
    else
        list_append(&executor->starved, &invocation->queue_link);
}

static void go_on(struct executor *executor, struct invocation *invocation, uint64_t now) {
    list_remove(&executor->starved, &invocation->queue_link);
    atomic_fetch_sub(&executor->room->waiting, 1);
    forecast_note_starved(invocation->call.skill, false);
    if (invocation->cost >= ROOM_HOLDER) atomic_fetch_sub(&executor->room->stuck, 1);
    invocation_move(invocation, STATE_READY, now);
    run_queue_push(&executor->ready, invocation, now);
}

void executor_feed(struct executor *executor, uint64_t now) {
    bool late =
        now - executor->grower_grew >= GROW_PAUSE || now - executor->grower_since >= GROW_TURN;
    if (executor->grower && late && atomic_load(&executor->room->waiting))
        executor_stop_growing(executor, executor->grower);
    while (executor->starved.first) {
        struct invocation *first = OWNER(executor->starved.first, struct invocation, queue_link);
        if (!executor_may_run(executor, first, now)) return;
        go_on(executor, first, now);
    }
}

/* ---- looking through the calls that wait ---- */

struct look {
    uint64_t now;
    struct invocation *over; /* linked by `next` */
};

static void look_at(void *context, struct invocation *invocation) {
    struct look *look = context;
    if (!invocation->over && look->now < invocation->deadline) return;
    invocation->next = look->over;
    look->over = invocation;
}

/* Those that wait have no turn in which they would notice that they are over: they get one. */
static void end_what_is_over(struct executor *executor, uint64_t now) {
    struct look look = {.now = now};
    admission_each(&executor->admission, look_at, &look);
    for (struct invocation *each = look.over; each; each = each->next) {
        admission_remove(&executor->admission, each);
        atomic_fetch_sub_explicit(executor->queued, 1, memory_order_relaxed);
        invocation_move(each, STATE_READY, now);
        run_queue_push(&executor->ready, each, now);
    }
    look.over = NULL;
    for (struct list_link *at = executor->starved.first; at; at = at->next)
        look_at(&look, OWNER(at, struct invocation, queue_link));
    for (struct invocation *each = look.over; each; each = each->next) go_on(executor, each, now);
}

static struct invocation *holds_most(const struct executor *executor) {
    struct invocation *most = NULL;
    for (struct list_link *at = executor->live.first; at; at = at->next) {
        struct invocation *each = OWNER(at, struct invocation, live_link);
        if (!each->over && each->cost >= ROOM_HOLDER && (!most || each->cost > most->cost))
            most = each;
    }
    return most;
}

/* All that hold memory wait for memory; or what holds it sleeps, or computes without wanting more,
 * and does not end. */
static bool waiting_is_vain(struct executor *executor, uint64_t now) {
    struct room *room = executor->room;
    bool over = room_look(room, now) >= ROOM_OVER;
    if (!over || !executor->over_since) executor->over_since = over ? now : 0;
    if (over && now - executor->over_since >= EVICT_AFTER) return true;
    uint64_t progress = atomic_load(&room->progress);
    uint64_t stands = now > progress ? now - progress : 0; /* another's clock may be younger */
    unsigned stuck = atomic_load(&room->stuck);
    if (stuck && stuck >= atomic_load(&room->holders) && stands >= STUCK_AFTER) return true;
    return atomic_load(&room->waiting) && stands >= EVICT_AFTER;
}

static void evict(struct executor *executor, struct invocation *invocation, uint64_t now) {
    refuse(executor, invocation);
    if (invocation->state == STATE_PARKED) executor_unpark(executor, invocation, now);
    if (invocation->state == STATE_STARVED) go_on(executor, invocation, now);
}

void executor_sweep(struct executor *executor, uint64_t now) {
    if (now - executor->swept < SWEEP_AFTER) return;
    executor->swept = now;
    end_what_is_over(executor, now);
    struct invocation *most = holds_most(executor);
    bool first = room_has_most(executor->room, executor->index, most ? most->cost : 0);
    if (!waiting_is_vain(executor, now)) return;
    /* What free slots keep goes first: one sweep later it is seen whether that was enough. */
    bool trimmed = now - executor->emptied < EMPTIED_FOR;
    if (!trimmed) executor->emptied = now;
    if (!trimmed)
        engine_thread_trim(executor->guests, 0);
    else if (most && first)
        evict(executor, most, now);
}
