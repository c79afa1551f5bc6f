/* One turn of a call, and the time that it is charged for. */
#include "base/clock.h"
#include "runtime/executor_internal.h"
#include "runtime/forecast.h"

/* Turns from this length on are charged by the thread's own clock. */
#define LOOK_AFTER (500 * CLOCK_US)

/* ns of the thread's time since `begin`: all that was done for a call, its instance's making and
 * end included. What the system gave to others meanwhile does not count. The thread's clock is a
 * call into the system that costs more than some calls take: for these the wall clock does, and for
 * others the thread's is read now and then, so that at most LOOK_AFTER of what came before is
 * charged to them. */
static uint64_t charge(struct executor *executor, uint64_t begin, uint64_t now) {
    uint64_t ran = now - begin;
    if (ran < LOOK_AFTER) return ran;
    uint64_t before = executor->cpu;
    executor->cpu = clock_thread_cpu();
    executor->cpu_at = now;
    return executor->cpu - before < ran ? executor->cpu - before : ran;
}

static void look_at_clock(struct executor *executor, uint64_t now) {
    if (now - executor->cpu_at < LOOK_AFTER) return;
    executor->cpu = clock_thread_cpu();
    executor->cpu_at = now;
}

/* Let it run until it ends, parks or has to let others run; returns true when it ended. A short one
 * keeps the thread for a whole slice, though the tick may come at once after its start: so it is
 * not set aside for nothing, with its slot kept from the next one. A longer one gives way at once
 * when mail comes: `gives_way` asks the senders to preempt it. (A preemption that comes before the
 * guest has been resumed is not noticed: then the tick does it.) */
static bool run(struct executor *executor, struct invocation *invocation, bool gives_way,
                uint64_t now) {
    uint64_t slice = engine_thread_slice(executor->guests), used = 0;
    bool ended = false;
    if (gives_way) atomic_store(&executor->gives_way, true);
    look_at_clock(executor, now);
    do {
        if (gives_way && mailbox_has_mail(&executor->mailbox)) break;
        ended = invocation_turn(invocation, executor->guests, now);
        used += charge(executor, now, invocation->since);
        now = invocation->since;
    } while (!ended && invocation->state == STATE_READY && !gives_way && used < slice);
    if (gives_way) atomic_store_explicit(&executor->gives_way, false, memory_order_relaxed);
    invocation->used += used;
    return ended;
}

/* Once per call: has it used more than a short one does? */
static void note_time(struct invocation *invocation, bool was_short, bool ended) {
    bool is_short = run_class_of(invocation->used, 0) == RUN_SHORT;
    if (was_short && (ended || !is_short)) forecast_note_time(invocation->call.skill, !is_short);
}

void executor_turn(struct executor *executor, struct invocation *invocation, bool out_of_turn,
                   uint64_t now) {
    bool was_short = run_class_of(invocation->used, 0) == RUN_SHORT;
    bool is_long = invocation->run && invocation->class != RUN_SHORT;
    bool has_run = invocation->run || !invocation->over;
    bool ended = run(executor, invocation, is_long && !out_of_turn, now);
    if (has_run) note_time(invocation, was_short, ended);
    if (!ended && invocation->run) executor_account(executor, invocation);
    if (ended)
        executor_retire(executor, invocation);
    else if (invocation->state == STATE_PARKED)
        executor_park(executor, invocation);
    else
        run_queue_put_back(&executor->ready, invocation, invocation->since);
}
