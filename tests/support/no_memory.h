/* Allocations that fail on demand, in a program that the linker gives these functions in the place
 * of the allocator's (meson.build: no_memory_args). Included by one of its files, after cmocka.h.
 */
#ifndef PK_TESTS_NO_MEMORY_H
#define PK_TESTS_NO_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int until_failure = -1; /* allocations that still succeed; -1: all */

static bool no_memory_now(void) {
    return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t size) {
    return no_memory_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return no_memory_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return no_memory_now() ? NULL : __real_realloc(old, size);
}

/* `attempt` again and again, its first allocation failing, its second, and so on until none does:
 * only then it may be true. Returns how many failed. */
static int no_memory_for_each(bool (*attempt)(void)) {
    for (int failures = 0;; failures++) {
        until_failure = failures;
        bool good = attempt();
        bool all = until_failure >= 0;
        until_failure = -1;
        assert_int_equal(good, all);
        if (all) return failures;
    }
}

#endif
