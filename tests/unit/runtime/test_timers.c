/* timers: against a sorted array, and removal from anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/timers.h"

enum { COUNT = 2000 };

static void earliest_comes_first(void **state) {
    (void)state;
    struct timers timers;
    timers_init(&timers);
    struct timer each[COUNT] = {0};
    srandom(7);
    for (int i = 0; i < COUNT; i++) {
        each[i].at = (uint64_t)(random() % 500);
        assert_true(timers_add(&timers, &each[i]));
    }
    for (int i = 0; i < COUNT; i += 3) timers_remove(&timers, &each[i]);
    for (int i = 0; i < COUNT; i += 3)
        timers_remove(&timers, &each[i]); /* a second time: nothing */
    uint64_t last = 0;
    int seen = 0;
    for (struct timer *timer; (timer = timers_first(&timers)); seen++) {
        assert_true(timer->at >= last);
        assert_int_not_equal((timer - each) % 3, 0);
        last = timer->at;
        timers_remove(&timers, timer);
        assert_int_equal(timer->place, 0);
    }
    assert_int_equal(seen, COUNT - (COUNT + 2) / 3);
    timers_free(&timers);
}

static void empty_has_no_first(void **state) {
    (void)state;
    struct timers timers;
    timers_init(&timers);
    assert_null(timers_first(&timers));
    struct timer timer = {.at = 5};
    timers_remove(&timers, &timer);
    assert_true(timers_add(&timers, &timer));
    assert_ptr_equal(timers_first(&timers), &timer);
    timers_free(&timers);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(earliest_comes_first),
                                       cmocka_unit_test(empty_has_no_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
