/* Every allocation fails once: each time there is an error that says so, and nothing is left
 * behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cases.h"
#include "support/no_memory.h"

static struct arena arena;
static struct cases cases;

static bool decode(void) {
    struct component component;
    struct err err;
    if (cases_decode(cases.bytes, cases.size, &arena, &component, &err)) return true;
    assert_int_equal(err.kind, ERR_MEMORY);
    return false;
}

static void each_allocation(void **state) {
    (void)state;
    for (cases_open(&cases, "taken"); cases_next(&cases);) no_memory_for_each(decode);
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation),
    };
    return cmocka_run_group_tests_name("no_memory", tests, NULL, NULL);
}
