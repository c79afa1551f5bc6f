/* Who may run a child now. Two loads that need the same thing run one child: the second waits for
 * it; and there are so many children at once and no more. A load that has to wait is parked here
 * and costs no thread.
 *
 * Small inputs have a lane of their own beside the others, so that a small skill does not wait for
 * large compiles. Of large compiles one runs at a time: each uses every core, and gigabytes where a
 * component wants it so. Any thread. */
#ifndef PK_LOAD_LANES_H
#define PK_LOAD_LANES_H

#include <pthread.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/list.h"

struct load; /* load.h; has a `struct lane lane` and a `place` in a queue */

enum lane_work { LANE_NONE, LANE_LINK, LANE_COMPILE };

/* What a load wants to run a child for. The first three are the caller's. */
struct lane {
    enum lane_work work;
    struct digest input;
    bool small;
    bool in_small_lane;
    struct list_link link; /* in lanes.running */
    struct list followers; /* loads that wait for the same */
};

struct lanes {
    pthread_mutex_t lock;
    struct list running;   /* lanes */
    struct list waiting;   /* loads that wait for a lane, oldest first */
    unsigned limit, large; /* lanes beside the small one, and how many of them are taken */
    bool small_taken, compile_taken; /* the latter by a large compile */
};

void lanes_init(struct lanes *lanes, unsigned limit);
void lanes_free(struct lanes *lanes); /* nothing runs or waits */

/* True: run the child, then lanes_leave. False: the load is parked and no longer the caller's. */
bool lanes_enter(struct lanes *lanes, struct load *load);
/* The loads that waited for the same input are appended to `woken`: the caller has them run again,
 * and they find it in the cache. `failure` (NULL: none) is what they get instead, as they would
 * only fail again. */
void lanes_leave(struct lanes *lanes, struct load *load, const struct err *failure,
                 struct list *woken);
/* A load that waits for a lane, when there is a free one for it, or NULL. To be asked whenever a
 * load has ended, has left a lane or was parked: one that was woken may turn out to need no lane,
 * and then the next must have it. */
struct load *lanes_next(struct lanes *lanes);
/* A load that waits for a lane, free or not; NULL: none. */
struct load *lanes_take_waiting(struct lanes *lanes);

#endif
