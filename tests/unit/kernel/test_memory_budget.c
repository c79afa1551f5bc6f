/* memory_budget: guests, bodies and the kernel's own fit together into what there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/memory_budget.h"

#define MIB (1ull << 20)

static void all_shares_fit(void **state) {
    (void)state;
    for (uint64_t total = 256 * MIB; total <= 1ull << 42; total *= 2) {
        struct memory_budget budget = memory_budget(total, 0, 0);
        assert_false(budget.too_much);
        assert_true(budget.guests + budget.bodies + budget.own <= total);
        assert_in_range(budget.bodies, MIB, 1024 * MIB);
        assert_true(total < 1024 * MIB || budget.own >= 400 * MIB); /* a child that compiles */
    }
}

static void what_is_given_is_kept_and_the_other_has_the_rest(void **state) {
    (void)state;
    struct memory_budget budget = memory_budget(1024 * MIB, 512 * MIB, 0);
    assert_int_equal(budget.guests, 512 * MIB);
    assert_int_equal(budget.bodies, 48 * MIB); /* of 1024 less 464 of its own */
    assert_false(budget.too_much);
    budget = memory_budget(1024 * MIB, 0, 300 * MIB);
    assert_int_equal(budget.bodies, 300 * MIB);
    assert_int_equal(budget.guests, 260 * MIB);
    assert_false(budget.too_much);
}

static void too_much_is_told(void **state) {
    (void)state;
    assert_true(memory_budget(1024 * MIB, 512 * MIB, 512 * MIB).too_much);
    assert_true(memory_budget(1024 * MIB, 1ull << 50, 1ull << 44).too_much);
    assert_true(memory_budget(1024 * MIB, 0, 1024 * MIB).too_much);
    assert_true(memory_budget(64 * MIB, 0, 0).too_much);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shares_fit),
        cmocka_unit_test(what_is_given_is_kept_and_the_other_has_the_rest),
        cmocka_unit_test(too_much_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
