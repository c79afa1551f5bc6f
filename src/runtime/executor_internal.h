/* What the parts of an executor share. Private to executor*.c. Thread: the executor's. */
#ifndef PK_RUNTIME_EXECUTOR_INTERNAL_H
#define PK_RUNTIME_EXECUTOR_INTERNAL_H

#include "runtime/executor.h"

/* ---- executor.c */
/* An ended invocation goes back to the free list; its request is answered. */
void executor_retire(struct executor *executor, struct invocation *invocation);
/* From parked to the ready queue. */
void executor_unpark(struct executor *executor, struct invocation *invocation, uint64_t now);

/* ---- executor_memory.c */
/* After a turn of one that goes on: note what it holds. True: it was ended, as the memory of all is
 * used up and it holds much, or wants more still. */
bool executor_account(struct executor *executor, struct invocation *invocation);
/* Whose turn it is, or NULL: nobody's that may run. `*out_of_turn`: see ready_pop. */
struct invocation *executor_choose(struct executor *executor, uint64_t now, bool *out_of_turn);

#endif
