/* One invocation on its executor: states, start, progress, end. Thread: its executor. */
#ifndef PK_RUNTIME_INVOCATION_H
#define PK_RUNTIME_INVOCATION_H

#include "base/list.h"
#include "runtime/ready.h"
#include "runtime/runtime.h"
#include "runtime/timers.h"
#include "skill/call.h"

struct executor;

/* Life cycle: X(state, text, states it may come from as bits). */
#define INVOCATION_STATES(X)                                                                       \
    X(STATE_FREE, "free", FROM(STATE_ENDED))                                                       \
    X(STATE_READY, "ready", FROM(STATE_FREE) | FROM(STATE_RUNNING) | FROM(STATE_PARKED))           \
    X(STATE_RUNNING, "running", FROM(STATE_READY))                                                 \
    X(STATE_PARKED, "parked", FROM(STATE_RUNNING))                                                 \
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
    enum ready_class class;
    uint64_t used;                         /* ns of its thread's time, about (executor.c, turn) */
    uint64_t turn_end;                     /* the `used` at which a heavy one's turn is over */
    uint64_t grown;                        /* bytes of memory more than its image has */
    uint64_t held;                         /* bytes of its own at the last look (executor.c) */
    bool begun;                            /* counted as such by its executor */
    bool cancelled;                        /* end it at its next turn */
    bool evicted;                          /* likewise, to make room */
    uint64_t started, deadline;            /* monotonic ns */
    uint64_t since;                        /* when it came into its state */
    uint64_t time[INVOCATION_STATE_COUNT]; /* ns spent in each state, for free */
    struct timer timer;
    struct invocation *next;      /* ready queue or free list */
    struct list_link live_link;   /* in executor.live */
    struct list_link parked_link; /* in executor.awake, while parked and not `resting` */
    bool resting;
};

/* Move to `state`; an unlisted move aborts with both names. */
void invocation_move(struct invocation *invocation, enum invocation_state state, uint64_t now);

/* Take a request: READY. Nothing can fail yet. */
void invocation_begin(struct invocation *invocation, struct invocation_request *request,
                      const struct runtime_settings *settings, uint64_t now);
/* Let it run until its next tick; makes the run at the first. Returns true when it ended (the
 * request's answer is filled), else its state is READY again or PARKED with timer.at set. */
bool invocation_turn(struct invocation *invocation, struct engine_thread *thread, uint64_t now);
/* End it from outside with this outcome, wherever it is. */
void invocation_abandon(struct invocation *invocation, enum invocation_outcome outcome,
                        const char *text, uint64_t now);

#endif
