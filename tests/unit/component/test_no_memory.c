/* Every allocation fails once: each time there is an error that says so, and nothing is left
 * behind. The linker replaces the allocator's functions (meson.build: --wrap). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cases.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int until_failure = -1; /* allocations that still succeed; -1: all */

static bool fails(void) {
    return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return fails() ? NULL : __real_realloc(old, size);
}

static void each_allocation(void **state) {
    (void)state;
    struct arena arena = {0};
    struct component component;
    struct cases cases;
    struct err err;
    for (cases_open(&cases, "taken"); cases_next(&cases);) {
        bool good = false;
        for (int i = 0; !good; i++) {
            until_failure = i;
            good = cases_decode(cases.bytes, cases.size, &arena, &component, &err);
            if (good)
                assert_true(until_failure >= 0);
            else
                assert_int_equal(err.kind, ERR_MEMORY);
            until_failure = -1;
        }
    }
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation),
    };
    return cmocka_run_group_tests_name("no_memory", tests, NULL, NULL);
}
