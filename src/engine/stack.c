/* Stacks of fibers, kept and used again: with an mmap for each, two threads are slower than one.
 * Contents are left as they are: a guest cannot read its stack. */
#include "engine/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/must.h"

#define STACK_KEEP ((size_t)64 << 10)  /* a stack given back keeps its top: every call uses that */
#define STACK_DEEP ((size_t)256 << 10) /* more than this resident is given back */
enum { STACK_LOOK = 64 };              /* uses between two looks at what is resident */

static uint8_t *stack_top(void *env, size_t *size) {
    struct stack *stack = env;
    *size = stack->size;
    return stack->map + stack->guard + stack->size;
}

size_t stack_resident(const struct stack *stack) {
    unsigned char resident[256];
    size_t page = stack->guard, pages = 0;
    uint8_t *from = stack->map + stack->guard;
    for (size_t at = 0; at < stack->size;) {
        size_t count = (stack->size - at) / page < sizeof resident ? (stack->size - at) / page
                                                                   : sizeof resident;
        if (mincore(from + at, count * page, resident)) return 0;
        for (size_t i = 0; i < count; i++) pages += resident[i] & 1;
        at += count * page;
    }
    return pages * page;
}

static bool stack_is_deep(struct stack *stack) {
    if (stack->thread->stack_deep) return true;
    return ++stack->uses % STACK_LOOK == 0 && stack_resident(stack) > STACK_DEEP;
}

/* Wasmtime's finalizer: the store is being deleted, on the stack's thread. */
static void stack_put_back(void *env) {
    struct stack *stack = env;
    struct engine_thread *thread = stack->thread;
    if (stack_is_deep(stack) && stack->size > STACK_KEEP)
        madvise(stack->map + stack->guard, stack->size - STACK_KEEP, MADV_DONTNEED);
    thread->stack_deep = false;
    stack->idle_since = clock_monotonic();
    stack->next = thread->stacks;
    thread->stacks = stack;
    thread->stats.stacks_free++;
}

static struct stack *stack_make(struct engine_thread *thread, size_t size) {
    size_t page = thread->engine->scanner.page;
    struct stack *stack = calloc(1, sizeof *stack);
    if (!stack || !engine_count_mappings(thread->engine, STACK_MAPPINGS)) {
        free(stack);
        return NULL;
    }
    stack->thread = thread;
    stack->guard = page;
    stack->size = (size + page - 1) / page * page;
    size_t mapped = stack->guard + stack->size;
    stack->map = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (stack->map == MAP_FAILED) {
        engine_count_mappings(thread->engine, -STACK_MAPPINGS);
        free(stack);
        return NULL;
    }
    madvise(stack->map, mapped, MADV_NOHUGEPAGE);
    if (mprotect(stack->map, stack->guard, PROT_NONE)) {
        stack_destroy(stack);
        return NULL;
    }
    thread->stats.stacks_made++;
    return stack;
}

void stack_destroy(struct stack *stack) {
    mapping_drop(stack->map, stack->guard + stack->size);
    engine_count_mappings(stack->thread->engine, -STACK_MAPPINGS);
    free(stack);
}

wasmtime_error_t *stack_create(void *env, size_t size, bool zeroed, wasmtime_stack_memory_t *out) {
    (void)env;
    must(!zeroed && run_current);
    struct engine_thread *thread = run_current->thread;
    struct stack *stack = thread->stacks;
    if (stack) {
        thread->stacks = stack->next;
        thread->stats.stacks_free--;
    } else if (!(stack = stack_make(thread, size))) {
        thread_shrink(thread);
        stack = stack_make(thread, size);
        if (!stack)
            return wasmtime_error_new("the system has no memory or no mapping left for a stack");
    }
    run_current->stack = stack;
    *out = (wasmtime_stack_memory_t){
        .env = stack, .get_stack_memory = stack_top, .finalizer = stack_put_back};
    return NULL;
}
