/* run_queue: short calls before long ones, long ones not never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/invocation.h"

static struct invocation *make(struct invocation *invocation, enum run_class class) {
    static const uint64_t used[RUN_CLASS_COUNT] = {
        [RUN_MIDDLE] = 10 * CLOCK_MS, [RUN_LONG] = 100 * CLOCK_MS};
    *invocation = (struct invocation){.used = used[class]};
    return invocation;
}

/* The table of docs/architecture.md. */
static void use_and_cost_make_the_class(void **state) {
    (void)state;
    static const struct {
        uint64_t used, cost;
        enum run_class class;
    } rows[] = {
        {0, 0, RUN_SHORT},
        {2 * CLOCK_MS - 1, RUN_BIG - 1, RUN_SHORT},
        {2 * CLOCK_MS, 0, RUN_MIDDLE},
        {0, RUN_BIG, RUN_MIDDLE}, /* however short a time it took */
        {50 * CLOCK_MS - 1, 0, RUN_MIDDLE},
        {50 * CLOCK_MS, RUN_BIG - 1, RUN_LONG},
        {50 * CLOCK_MS, RUN_BIG, RUN_MIDDLE},
        {CLOCK_S - 1, RUN_BIG, RUN_MIDDLE},
        {CLOCK_S, RUN_BIG, RUN_LONG},
        {600 * CLOCK_S, 0, RUN_LONG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(run_class_of(rows[i].used, rows[i].cost), rows[i].class);
}

static void classes_in_order(void **state) {
    (void)state;
    struct run_queue queue = {0};
    struct invocation each[7];
    static const enum run_class classes[7] = {RUN_LONG,   RUN_MIDDLE, RUN_SHORT, RUN_SHORT,
                                              RUN_MIDDLE, RUN_LONG,   RUN_SHORT};
    static const int order[7] = {2, 3, 6, 1, 4, 0, 5};
    assert_int_equal(run_queue_first(&queue), RUN_CLASS_COUNT);
    for (int i = 0; i < 7; i++) run_queue_push(&queue, make(&each[i], classes[i]), 100);
    for (int i = 0; i < 7; i++)
        assert_ptr_equal(run_queue_pop(&queue, run_queue_first(&queue), 200), &each[order[i]]);
    assert_int_equal(run_queue_first(&queue), RUN_CLASS_COUNT);
    assert_null(run_queue_pop(&queue, RUN_LONG, 200));
}

/* The first goes on until it leaves its class; the long ones take turns. */
static void what_has_begun_is_finished(void **state) {
    (void)state;
    for (int class = 0; class < RUN_CLASS_COUNT; class ++) {
        struct run_queue queue = {0};
        struct invocation first, second;
        run_queue_push(&queue, make(&first, class), 0);
        run_queue_push(&queue, make(&second, class), 0);
        assert_ptr_equal(run_queue_pop(&queue, class, 1), &first);
        run_queue_put_back(&queue, &first, 2);
        assert_ptr_equal(run_queue_pop(&queue, class, 3), class == RUN_LONG ? &second : &first);
    }
}

static void what_holds_much_is_finished_first(void **state) {
    (void)state;
    struct run_queue queue = {0};
    struct invocation each[3];
    for (int i = 0; i < 3; i++) make(&each[i], RUN_MIDDLE);
    each[2].cost = RUN_BIG;
    for (int i = 0; i < 3; i++) run_queue_push(&queue, &each[i], 0);
    assert_int_equal(queue.lines[RUN_MIDDLE].big, 1);
    assert_ptr_equal(run_queue_pop(&queue, RUN_MIDDLE, 1), &each[2]);
    each[2].cost = 0; /* what is counted is what was counted */
    assert_int_equal(queue.lines[RUN_MIDDLE].big, 0);
    run_queue_remove(&queue, &each[1]);
    assert_int_equal(queue.lines[RUN_MIDDLE].count, 1);
    assert_ptr_equal(run_queue_pop(&queue, RUN_MIDDLE, 1), &each[0]);
}

static void use_makes_a_call_sink(void **state) {
    (void)state;
    struct run_queue queue = {0};
    struct invocation one;
    run_queue_push(&queue, make(&one, RUN_SHORT), 0);
    static const enum run_class after[] = {RUN_MIDDLE, RUN_LONG};
    static const uint64_t used[] = {2 * CLOCK_MS, 50 * CLOCK_MS};
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(run_queue_pop(&queue, run_queue_first(&queue), 1), &one);
        one.used = used[i];
        run_queue_put_back(&queue, &one, 2);
        assert_int_equal(one.class, after[i]);
        assert_int_equal(run_queue_first(&queue), after[i]);
    }
}

/* However many short ones come, each class is overdue after its patience, and no longer once it
 * was served. */
static void no_class_waits_for_ever(void **state) {
    (void)state;
    struct run_queue queue = {0};
    struct invocation quick, slow[2];
    run_queue_push(&queue, make(&slow[0], RUN_MIDDLE), 0);
    run_queue_push(&queue, make(&slow[1], RUN_LONG), 0);
    int turns[2] = {0};
    for (uint64_t now = 0; now < CLOCK_S; now += CLOCK_MS) {
        run_queue_push(&queue, make(&quick, RUN_SHORT), now);
        enum run_class late = run_queue_overdue(&queue, now);
        if (late != RUN_CLASS_COUNT) {
            assert_in_range(late, RUN_MIDDLE, RUN_LONG);
            struct invocation *taken = run_queue_pop(&queue, late, now);
            turns[taken - slow]++;
            run_queue_put_back(&queue, taken, now);
        }
        assert_ptr_equal(run_queue_pop(&queue, RUN_SHORT, now), &quick);
    }
    assert_in_range(turns[0], 100, 130);
    assert_in_range(turns[1], 20, 30);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_and_cost_make_the_class),
        cmocka_unit_test(classes_in_order),
        cmocka_unit_test(what_has_begun_is_finished),
        cmocka_unit_test(what_holds_much_is_finished_first),
        cmocka_unit_test(use_makes_a_call_sink),
        cmocka_unit_test(no_class_waits_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
