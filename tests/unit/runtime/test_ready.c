/* ready: short calls before long ones, long ones not never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/ready.h"

static struct invocation *used(struct invocation *invocation, uint64_t ms) {
    *invocation = (struct invocation){0};
    invocation->time[STATE_RUNNING] = ms * CLOCK_MS;
    return invocation;
}

static void levels_follow_use(void **state) {
    (void)state;
    assert_int_equal(ready_level_of(0), 0);
    assert_int_equal(ready_level_of(2 * CLOCK_MS - 1), 0);
    assert_int_equal(ready_level_of(2 * CLOCK_MS), 1);
    assert_int_equal(ready_level_of(20 * CLOCK_MS), 2);
    assert_int_equal(ready_level_of(200 * CLOCK_MS), 3);
    assert_int_equal(ready_level_of(UINT64_MAX), 3);
}

static void short_ones_first_and_in_order(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation each[6];
    static const uint64_t ms[6] = {500, 0, 30, 1, 5, 0};
    static const int order[6] = {1, 3, 5, 4, 2, 0};
    bool out_of_turn;
    assert_null(ready_pop(&ready, 0, &out_of_turn));
    for (int i = 0; i < 6; i++) ready_push(&ready, used(&each[i], ms[i]), 100);
    for (int i = 0; i < 6; i++) {
        assert_ptr_equal(ready_pop(&ready, 200, &out_of_turn), &each[order[i]]);
        assert_false(out_of_turn);
    }
    assert_null(ready_pop(&ready, 300, &out_of_turn));
}

/* However many short ones come, each long one gets its slice. */
static void long_ones_are_served_in_the_end(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation quick, slow[3];
    for (int i = 0; i < 3; i++) ready_push(&ready, used(&slow[i], i < 2 ? 1000 : 10), 0);
    int turns[3] = {0};
    uint64_t now = 0;
    for (int i = 0; i < 1000; i++, now += CLOCK_MS) {
        ready_push(&ready, used(&quick, 0), now);
        bool out_of_turn;
        for (struct invocation *taken; (taken = ready_pop(&ready, now, &out_of_turn)) != &quick;) {
            assert_true(out_of_turn);
            turns[taken - slow]++;
            ready_push(&ready, taken, now);
        }
    }
    for (int i = 0; i < 3; i++) assert_in_range(turns[i], 10, 30);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(levels_follow_use),
                                       cmocka_unit_test(short_ones_first_and_in_order),
                                       cmocka_unit_test(long_ones_are_served_in_the_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
