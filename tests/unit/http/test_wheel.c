#include "http/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"

enum { TIMERS = 1000 };

static struct wheel wheel;
static struct wheel_timer timers[TIMERS];

static void begin(uint64_t now) {
    wheel_init(&wheel, now);
    for (int i = 0; i < TIMERS; i++) timers[i] = (struct wheel_timer){.deadline = WHEEL_NEVER};
}

/* None early, none later than two lists' time, none forgotten: whatever the distances, and moved
 * back and forth. */
static void each_expires_once_and_in_time(void **state) {
    (void)state;
    uint64_t now = 1000 * CLOCK_S;
    unsigned seed = 1, expired = 0;
    begin(now);
    for (int i = 0; i < TIMERS; i++)
        for (int j = 0; j < 3; j++)
            wheel_set(&wheel, &timers[i], now + (uint64_t)rand_r(&seed) % (300 * CLOCK_S));
    assert_int_equal(wheel.count, TIMERS);
    while (wheel.count > 0) {
        uint64_t wait = wheel_wait(&wheel, now);
        assert_true(wait <= CLOCK_S + WHEEL_TICK);
        now += wait + 1;
        for (struct wheel_timer *timer; (timer = wheel_expired(&wheel, now)); expired++) {
            assert_true(timer->deadline <= now && now < timer->deadline + 3 * WHEEL_TICK);
            assert_int_equal(timer->tick, 0);
        }
    }
    assert_int_equal(expired, TIMERS);
    assert_true(wheel_wait(&wheel, now) == UINT64_MAX);
}

static void one_that_is_put_off_stays_where_it_is(void **state) {
    (void)state;
    begin(CLOCK_S);
    wheel_set(&wheel, &timers[0], 2 * CLOCK_S);
    uint64_t tick = timers[0].tick;
    wheel_set(&wheel, &timers[0], 9 * CLOCK_S);
    assert_int_equal(timers[0].tick, tick);
    assert_null(wheel_expired(&wheel, 3 * CLOCK_S));
    assert_true(timers[0].tick > tick);
    wheel_set(&wheel, &timers[0], 4 * CLOCK_S); /* and back */
    assert_ptr_equal(wheel_expired(&wheel, 5 * CLOCK_S), &timers[0]);
    assert_null(wheel_expired(&wheel, 99 * CLOCK_S));
}

static void one_that_is_taken_out_does_not_expire(void **state) {
    (void)state;
    begin(CLOCK_S);
    wheel_set(&wheel, &timers[0], 2 * CLOCK_S);
    wheel_set(&wheel, &timers[0], WHEEL_NEVER);
    assert_int_equal(wheel.count, 0);
    assert_null(wheel_expired(&wheel, 99 * CLOCK_S));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_expires_once_and_in_time),
                                       cmocka_unit_test(one_that_is_put_off_stays_where_it_is),
                                       cmocka_unit_test(one_that_is_taken_out_does_not_expire)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
