#include "runtime/run_queue.h"

#include "base/clock.h"
#include "runtime/invocation.h"

static const struct {
    uint32_t leaves, leaves_big, patience; /* ms */
} classes[RUN_CLASS_COUNT] = {
#define X(class, name, leaves, leaves_big, patience) {leaves, leaves_big, patience},
    RUN_CLASSES(X)
#undef X
};

enum run_class run_class_of(uint64_t used, uint64_t cost) {
    uint32_t class = 0;
    while (used >= CLOCK_MS * (cost >= RUN_BIG ? classes[class].leaves_big : classes[class].leaves))
        class ++;
    return (enum run_class) class;
}

static void add(struct run_queue *queue, struct invocation *invocation, bool in_front,
                uint64_t now) {
    struct run_line *line = &queue->lines[invocation->class];
    if (line->count++ == 0) line->served = now;
    invocation->counted_big = invocation->cost >= RUN_BIG;
    line->big += invocation->counted_big;
    if (in_front)
        list_prepend(&line->calls, &invocation->queue_link);
    else
        list_append(&line->calls, &invocation->queue_link);
}

void run_queue_push(struct run_queue *queue, struct invocation *invocation, uint64_t now) {
    invocation->class = run_class_of(invocation->used, invocation->cost);
    add(queue, invocation, invocation->class == RUN_MIDDLE && invocation->cost >= RUN_BIG, now);
}

void run_queue_put_back(struct run_queue *queue, struct invocation *invocation, uint64_t now) {
    queue->lines[invocation->class].served = now;
    invocation->class = run_class_of(invocation->used, invocation->cost);
    add(queue, invocation, invocation->class != RUN_LONG, now);
}

void run_queue_remove(struct run_queue *queue, struct invocation *invocation) {
    struct run_line *line = &queue->lines[invocation->class];
    list_remove(&line->calls, &invocation->queue_link);
    line->count--;
    line->big -= invocation->counted_big;
}

struct invocation *run_queue_pop(struct run_queue *queue, enum run_class class, uint64_t now) {
    struct run_line *line = &queue->lines[class];
    if (!line->calls.first) return NULL;
    struct invocation *invocation = OWNER(line->calls.first, struct invocation, queue_link);
    run_queue_remove(queue, invocation);
    line->served = now;
    return invocation;
}

enum run_class run_queue_overdue(const struct run_queue *queue, uint64_t now) {
    uint32_t class = 0;
    while (class < RUN_CLASS_COUNT &&
           (queue->lines[class].count == 0 ||
            now - queue->lines[class].served < classes[class].patience * CLOCK_MS))
        class ++;
    return (enum run_class) class;
}

enum run_class run_queue_first(const struct run_queue *queue) {
    uint32_t class = 0;
    while (class < RUN_CLASS_COUNT && queue->lines[class].count == 0) class ++;
    return (enum run_class) class;
}
