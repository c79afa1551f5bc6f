/* What the parts of an executor share. Private to executor*.c. Thread: the executor's. */
#ifndef PK_RUNTIME_EXECUTOR_INTERNAL_H
#define PK_RUNTIME_EXECUTOR_INTERNAL_H

#include "runtime/executor.h"

/* ---- executor.c */
/* From parked to the run queue. */
void executor_unpark(struct executor *executor, struct invocation *invocation, uint64_t now);
/* It is PARKED: it waits for its timer. */
void executor_park(struct executor *executor, struct invocation *invocation);
/* An ended invocation goes back to the free list; its request is answered. */
void executor_retire(struct executor *executor, struct invocation *invocation);

/* ---- executor_turn.c */
/* Let a READY call run until it ends, parks, or others are to run, and put it where it waits then.
 */
void executor_turn(struct executor *executor, struct invocation *invocation, bool out_of_turn,
                   uint64_t now);

/* ---- executor_choose.c */
/* The next call that may run, which is READY, or NULL. `*out_of_turn`: its class had no patience
 * left; let it have its slice. */
struct invocation *executor_choose(struct executor *executor, uint64_t now, bool *out_of_turn);
/* May any of its calls run that cannot now, when others end? */
bool executor_has_waiting(const struct executor *executor);

/* ---- executor_memory.c: what calls cost, and what follows from it */
/* After a turn of a call that goes on: note what it costs. It may be concluded, when it costs more
 * than one call may or when it grows though the memory of all is used up by far. */
void executor_account(struct executor *executor, struct invocation *invocation);
/* A call has ended: it costs nothing any more, and its skill's forecast learns from it. */
void executor_account_end(struct executor *executor, struct invocation *invocation);
/* May a call have its next turn, as far as memory goes? One that is over, or whose time is, may. */
bool executor_may_run(struct executor *executor, struct invocation *invocation, uint64_t now);
/* It may not: it waits in `starved`. */
void executor_starve(struct executor *executor, struct invocation *invocation, uint64_t now);
/* The calls in `starved` that may go on now come to the run queue. */
void executor_feed(struct executor *executor, uint64_t now);
/* Its call does not grow for a while, or has ended: the turn to grow is free. */
void executor_stop_growing(struct executor *executor, const struct invocation *invocation);
/* Now and then: end calls that wait and are over, and where waiting does not help the call that
 * holds most. */
void executor_sweep(struct executor *executor, uint64_t now);

#endif
