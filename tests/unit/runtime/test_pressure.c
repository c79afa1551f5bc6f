/* pressure: levels by bytes, the real memory, one turn for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/pressure.h"

#define MIB (1ull << 20)

static struct pressure make(uint64_t limit, uint64_t one) {
    struct pressure pressure;
    struct err err;
    assert_true(pressure_init(&pressure, limit, one, &err));
    return pressure;
}

static void levels_of_bytes(void **state) {
    (void)state;
    struct pressure pressure = make(8000 * MIB, 1000 * MIB);
    assert_int_equal(pressure_of(&pressure, 0), PRESSURE_NONE);
    assert_int_equal(pressure_of(&pressure, 4000 * MIB - 1), PRESSURE_NONE);
    assert_int_equal(pressure_of(&pressure, 4000 * MIB), PRESSURE_TIGHT);
    assert_int_equal(pressure_of(&pressure, 7000 * MIB - 1), PRESSURE_TIGHT);
    assert_int_equal(pressure_of(&pressure, 7000 * MIB), PRESSURE_FULL);
    assert_int_equal(pressure_of(&pressure, 8000 * MIB), PRESSURE_OVER);
    assert_int_equal(pressure_of(&pressure, 9000 * MIB - 1), PRESSURE_OVER);
    assert_int_equal(pressure_of(&pressure, 9000 * MIB), PRESSURE_DIRE);
    pressure_free(&pressure);
    pressure = make(1000 * MIB, 1000 * MIB); /* one may have all: a quarter is kept free for it */
    assert_int_equal(pressure_of(&pressure, 750 * MIB - 1), PRESSURE_TIGHT);
    assert_int_equal(pressure_of(&pressure, 750 * MIB), PRESSURE_FULL);
    pressure_free(&pressure);
    pressure = make(64 * MIB, 64 * MIB); /* little: an eighth is written between two looks */
    assert_int_equal(pressure_of(&pressure, 128 * MIB - 1), PRESSURE_OVER);
    assert_int_equal(pressure_of(&pressure, 128 * MIB), PRESSURE_DIRE);
    pressure_free(&pressure);
}

/* The level follows what the process really has, a few milliseconds later. */
static void the_process_is_looked_at(void **state) {
    (void)state;
    struct pressure pressure = make(256 * MIB, 64 * MIB);
    uint64_t now = clock_monotonic();
    assert_int_equal(pressure_look(&pressure, now), PRESSURE_NONE);
    char *held = malloc(300 * MIB);
    assert_non_null(held);
    memset(held, 1, 300 * MIB);
    assert_int_equal(pressure_look(&pressure, now + CLOCK_MS), PRESSURE_NONE);
    assert_in_range(pressure_look(&pressure, now + 3 * CLOCK_MS), PRESSURE_OVER, PRESSURE_DIRE);
    assert_int_equal(held[299 * MIB], 1);
    free(held);
    assert_int_equal(pressure_look(&pressure, now + 6 * CLOCK_MS), PRESSURE_NONE);
    assert_int_equal(pressure_look(&pressure, now), PRESSURE_NONE); /* an older clock */
    pressure_free(&pressure);
}

static void one_has_the_turn(void **state) {
    (void)state;
    struct pressure pressure = make(256 * MIB, 64 * MIB);
    assert_true(pressure_take_turn(&pressure, 0));
    assert_true(pressure_take_turn(&pressure, 0));
    assert_false(pressure_take_turn(&pressure, 1));
    pressure_give_turn(&pressure, 1); /* it has none */
    assert_false(pressure_take_turn(&pressure, 1));
    pressure_give_turn(&pressure, 0);
    assert_true(pressure_take_turn(&pressure, 1));
    pressure_free(&pressure);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_of_bytes),
        cmocka_unit_test(the_process_is_looked_at),
        cmocka_unit_test(one_has_the_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
