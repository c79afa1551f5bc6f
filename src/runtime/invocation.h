/* One invocation on its executor: states, start, progress, end. Thread: its executor. */
#ifndef PK_RUNTIME_INVOCATION_H
#define PK_RUNTIME_INVOCATION_H

#include "base/list.h"
#include "runtime/admission.h"
#include "runtime/run_queue.h"
#include "runtime/runtime.h"
#include "runtime/timers.h"
#include "skill/call.h"

struct executor;

/* Life cycle: X(state, text, states it may come from as bits). */
#define INVOCATION_STATES(X)                                                                       \
    X(STATE_FREE, "free", FROM(STATE_ENDED))                                                       \
    X(STATE_QUEUED, "queued", FROM(STATE_FREE))                                                    \
    X(STATE_READY, "ready",                                                                        \
      FROM(STATE_QUEUED) | FROM(STATE_RUNNING) | FROM(STATE_PARKED) | FROM(STATE_STARVED))         \
    X(STATE_RUNNING, "running", FROM(STATE_READY))                                                 \
    X(STATE_PARKED, "parked", FROM(STATE_RUNNING))                                                 \
    X(STATE_STARVED, "waiting for memory", FROM(STATE_READY))                                      \
    X(STATE_ENDED, "ended", FROM(STATE_READY) | FROM(STATE_RUNNING) | FROM(STATE_PARKED))

enum invocation_state {
#define X(state, text, from) state,
    INVOCATION_STATES(X)
#undef X
        INVOCATION_STATE_COUNT
};

struct invocation {
    struct skill_call call;
    struct invocation_request *request;
    struct engine_run *run; /* NULL before its first turn */
    struct abi_value input;
    enum invocation_state state;
    enum run_class class;
    uint64_t used;     /* ns of its thread's time (executor.c, turn) */
    uint64_t cost;     /* bytes, at its last turn; what its executor has told others of it */
    uint64_t peak;     /* bytes, the most that it has cost */
    uint64_t promised; /* bytes that it may cost without asking */
    bool grew;         /* its cost rose in its last turn */
    bool begun;        /* counted as such by its executor */
    bool over;         /* its answer is known; what is left is to give back what it holds */
    bool counted_big;  /* by its line of the run queue */
    uint64_t started, deadline;            /* monotonic ns */
    uint64_t since;                        /* when it came into its state */
    uint64_t time[INVOCATION_STATE_COUNT]; /* ns spent in each state, for free */
    struct timer timer;
    struct invocation *next;      /* free list */
    struct list_link queue_link;  /* in the admission's line, the run queue, or executor.starved */
    struct admission_line line;   /* while it is the first of its skill that has not begun */
    struct list_link live_link;   /* in executor.live */
    struct list_link parked_link; /* in executor.awake, while parked and not `resting` */
    bool resting;
};

/* Move to `state`; an unlisted move aborts with both names. */
void invocation_move(struct invocation *invocation, enum invocation_state state, uint64_t now);

/* Bytes that it costs now; also noted as its peak. It has a run. */
uint64_t invocation_cost(struct invocation *invocation);
/* Take a request: QUEUED. Nothing can fail yet. */
void invocation_begin(struct invocation *invocation, struct invocation_request *request,
                      const struct runtime_settings *settings, uint64_t now);
/* Let it run until its next tick; makes the run at the first. Returns true when it ended (the
 * request's answer is filled), else its state is READY again or PARKED with timer.at set. From
 * READY only. */
bool invocation_turn(struct invocation *invocation, struct engine_thread *thread, uint64_t now);
/* Decide its answer from outside, wherever it is. Its next turns give back what it holds and end
 * it. */
void invocation_conclude(struct invocation *invocation, enum invocation_outcome outcome,
                         const char *text);

#endif
