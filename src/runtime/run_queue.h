/* Who runs next on an executor among the calls that have begun.
 *
 * A short call must not wait for long ones, however many there are: so short ones go first, and
 * calls that have used much time come last, in turns. But every call that has begun holds a slot of
 * memory, and one that fills its memory must not be set aside half way for the next that does the
 * same: so among the calls in the middle the first is finished first, and those that hold much go
 * in front. No class waits for longer than its patience: then one of it gets a slice out of turn.
 * Thread: the executor's. */
#ifndef PK_RUNTIME_RUN_QUEUE_H
#define PK_RUNTIME_RUN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct invocation;

/* In the order in which they go: X(class, name, ms of use at which a call leaves it; the same when
 * it holds RUN_BIG or more; patience in ms). A use of 0 is: at once; UINT32_MAX: never. */
#define RUN_CLASSES(X)                                                                             \
    X(RUN_SHORT, "short", 2, 0, 40)                                                                \
    X(RUN_MIDDLE, "middle", 50, 1000, 8)                                                           \
    X(RUN_LONG, "long", UINT32_MAX, UINT32_MAX, 40)

enum run_class {
#define X(class, name, leaves, leaves_big, patience) class,
    RUN_CLASSES(X)
#undef X
        RUN_CLASS_COUNT
};

#define RUN_BIG (16ull << 20) /* bytes of cost from which on a call holds much */

struct run_queue {
    struct run_line {
        struct list calls; /* by `queue_link` */
        uint32_t count, big;
        uint64_t served; /* when one had its last turn, or when it became non-empty */
    } lines[RUN_CLASS_COUNT];
};

/* The class of a call that has used so many ns and costs so many bytes. */
enum run_class run_class_of(uint64_t used, uint64_t cost);

/* One that begins, or was woken: behind the others of its class. */
void run_queue_push(struct run_queue *queue, struct invocation *invocation, uint64_t now);
/* One that has had a turn and goes on. */
void run_queue_put_back(struct run_queue *queue, struct invocation *invocation, uint64_t now);
void run_queue_remove(struct run_queue *queue, struct invocation *invocation);
/* The next of a class, which is taken out; NULL: there is none. */
struct invocation *run_queue_pop(struct run_queue *queue, enum run_class class, uint64_t now);
/* A class whose patience is over, or RUN_CLASS_COUNT. */
enum run_class run_queue_overdue(const struct run_queue *queue, uint64_t now);
/* The first class that has one, or RUN_CLASS_COUNT. */
enum run_class run_queue_first(const struct run_queue *queue);

#endif
