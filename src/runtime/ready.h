/* Who runs next on an executor.
 *
 * Two aims pull in two directions. A short call must not wait for long ones, however many there
 * are: so short ones go first, and those that have used much time come last, in turns. But every
 * call that has begun holds a slot of memory, and one that fills its memory must not be set aside
 * half way for the next that does the same: so among those in the middle the first that began is
 * finished first, and nothing new is begun while READY_YOUNG_MAX of them are under way. No class is
 * kept waiting for longer than its patience: then one of it gets a slice out of turn. Only calls of
 * skills that need much memory have none: they begin when no other hog is there to be finished.
 *
 * What a new call will use is not known, but what its skill's last ones did is: where most ended
 * within a slice, the new one waits neither for those in the middle nor behind the new calls of
 * skills that take long, and shares the thread with what was woken, turn by turn. One thread. */
#ifndef PK_RUNTIME_READY_H
#define PK_RUNTIME_READY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/pressure.h"

struct invocation;

/* In the order in which they go: X(class, patience in ms). */
#define READY_CLASSES(X)                                                                           \
    X(READY_BEGUN, 40) /* was woken, has used less than a slice */                                 \
    X(READY_QUICK, 40) /* has no slot yet; its skill's calls are short */                          \
    X(READY_NEW, 40)   /* has no slot yet; its skill's calls take long */                          \
    X(READY_HOG, 20)   /* holds much memory: gives it back soon */                                 \
    X(READY_MID, 8)    /* has used a slice or more */                                              \
    X(READY_BIG, 40)   /* has no slot yet; its skill's calls become hogs */                        \
    X(READY_LONG, 40)  /* has used so much that its end is not to be expected */                   \
    X(READY_HEAVY, 40) /* likewise, and holds much memory; takes turns with LONG, and keeps its    \
                          own turn for much longer */

enum ready_class {
#define X(class, patience) class,
    READY_CLASSES(X)
#undef X
        READY_CLASS_COUNT
};

enum {
    READY_YOUNG_MAX = 32,       /* mid ones and hogs that are ready */
    READY_HOG_BYTES = 16 << 20, /* of grown or private memory make a hog */
    /* Its skill's strikes that make a new call one of NEW or BIG: a call that was long or a hog is
     * two, another takes one back. */
    READY_STRIKES = 4,
};

/* Where memory holds calls back, others get their chance after so long (ns): what has begun may
 * never end. */
#define READY_STARVED 1000000000ull

struct ready {
    struct ready_queue {
        struct invocation *first, *last; /* linked by `next` */
        uint32_t count;
        uint64_t served; /* when one had its last turn, or when it became non-empty */
    } queues[READY_CLASS_COUNT];
    bool out_of_turn; /* the last was: the next is not, however slow the slices are */
};

/* A new one, or one that was woken: behind the others of its class. */
void ready_push(struct ready *ready, struct invocation *invocation, uint64_t now);
/* One that has had a turn and goes on. */
void ready_put_back(struct ready *ready, struct invocation *invocation, uint64_t now);
/* One has ended that had a turn at least. */
void ready_ended(const struct invocation *invocation);
/* What memory allows at present. */
struct ready_leave {
    enum pressure_level level;
    bool heavy; /* hogs and heavy ones may run here */
    bool alone; /* no other call that has begun lives here: a new one may begin, so that there is
                   progress whatever has filled the memory */
};
/* The next one, or NULL: none that may. `*out_of_turn`: its class had no patience left; let it have
 * its slice. */
struct invocation *ready_pop(struct ready *ready, uint64_t now, const struct ready_leave *leave,
                             bool *out_of_turn);
/* Take out those of which `over` is true, linked by `next`. */
struct invocation *ready_take_if(struct ready *ready,
                                 bool (*over)(const struct invocation *invocation, uint64_t now),
                                 uint64_t now);
/* Does it hold much memory? Right also before it is put back. */
bool ready_is_hog(const struct invocation *invocation);
/* Is there any? One for whom `leave.heavy` matters? */
bool ready_any(const struct ready *ready);
bool ready_any_heavy(const struct ready *ready);

#endif
