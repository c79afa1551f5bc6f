/* ready: short calls before long ones, long ones not never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/invocation.h"

static struct engine_run *const some_run = (struct engine_run *)16; /* never looked into */

static struct skill quick_skill, slow_skill = {.strikes = 2 * READY_STRIKES};

/* Of a class by what it has used; LONG and HOG are remembered, not found out again. */
static struct invocation *make(struct invocation *invocation, enum ready_class class) {
    static const uint64_t used[] = {0, 0, 0, 100 * CLOCK_MS, 10 * CLOCK_MS, 100 * CLOCK_MS};
    *invocation = (struct invocation){.class = class, .used = used[class]};
    invocation->call.skill = &slow_skill;
    if (class != READY_NEW && class != READY_QUICK) invocation->run = some_run;
    return invocation;
}

static void classes_in_order(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation each[10];
    static const enum ready_class classes[10] = {READY_LONG,  READY_HOG, READY_MID,  READY_NEW,
                                                 READY_BEGUN, READY_NEW, READY_LONG, READY_BEGUN,
                                                 READY_MID,   READY_HOG};
    static const int order[10] = {4, 7, 3, 5, 1, 9, 2, 8, 0, 6};
    bool out_of_turn;
    assert_null(ready_pop(&ready, 0, &out_of_turn));
    for (int i = 0; i < 10; i++) {
        ready_push(&ready, make(&each[i], classes[i]), 100);
        assert_int_equal(each[i].class, classes[i]);
    }
    for (int i = 0; i < 10; i++) {
        assert_ptr_equal(ready_pop(&ready, 200, &out_of_turn), &each[order[i]]);
        assert_false(out_of_turn);
    }
    assert_null(ready_pop(&ready, 300, &out_of_turn));
}

/* In the middle the first goes on until it is done; the long ones take turns. */
static void what_has_begun_is_finished(void **state) {
    (void)state;
    static const enum ready_class classes[] = {READY_MID, READY_HOG, READY_LONG};
    for (int i = 0; i < 3; i++) {
        struct ready ready = {0};
        struct invocation first, second;
        ready_push(&ready, make(&first, classes[i]), 0);
        ready_push(&ready, make(&second, classes[i]), 0);
        bool out_of_turn;
        assert_ptr_equal(ready_pop(&ready, 1, &out_of_turn), &first);
        ready_put_back(&ready, &first, 2);
        assert_ptr_equal(ready_pop(&ready, 3, &out_of_turn),
                         classes[i] == READY_LONG ? &second : &first);
    }
}

static void use_makes_a_call_sink(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation one;
    bool out_of_turn;
    ready_push(&ready, make(&one, READY_NEW), 0);
    assert_ptr_equal(ready_pop(&ready, 1, &out_of_turn), &one);
    one.run = some_run;
    one.used = 2 * CLOCK_MS;
    ready_put_back(&ready, &one, 2);
    assert_int_equal(one.class, READY_MID);
    assert_ptr_equal(ready_pop(&ready, 3, &out_of_turn), &one);
    one.class = READY_HOG;
    one.used = CLOCK_S;
    ready_put_back(&ready, &one, 4);
    assert_int_equal(one.class, READY_LONG);
}

/* A new one would need one slot more. */
static void too_many_young_keep_new_ones_waiting(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation mid[READY_YOUNG_MAX], new;
    bool out_of_turn;
    for (int i = 0; i < READY_YOUNG_MAX; i++) ready_push(&ready, make(&mid[i], READY_MID), 0);
    ready_push(&ready, make(&new, READY_NEW), 0);
    assert_ptr_equal(ready_pop(&ready, 1, &out_of_turn), &mid[0]);
    assert_ptr_equal(ready_pop(&ready, 1, &out_of_turn), &new);
    ready_push(&ready, make(&new, READY_NEW), 1);
    ready_push(&ready, make(&mid[0], READY_MID), 1);
    assert_ptr_equal(ready_pop(&ready, 50 * CLOCK_MS, &out_of_turn), &new);
    assert_true(out_of_turn); /* but not for ever */
}

/* However many short ones come, each class gets its slices. */
static void nobody_waits_for_ever(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation quick, slow[3];
    for (int i = 0; i < 3; i++) ready_push(&ready, make(&slow[i], READY_HOG + i), 0);
    int turns[3] = {0};
    uint64_t now = 0;
    for (int i = 0; i < 1000; i++, now += CLOCK_MS) {
        ready_push(&ready, make(&quick, READY_NEW), now);
        bool out_of_turn;
        for (struct invocation *taken; (taken = ready_pop(&ready, now, &out_of_turn)) != &quick;) {
            assert_true(out_of_turn);
            turns[taken - slow]++;
            ready_put_back(&ready, taken, now);
        }
    }
    assert_in_range(turns[0], 40, 55);
    assert_in_range(turns[1], 100, 130);
    assert_in_range(turns[2], 20, 30);
}

/* Where slices take longer than a class's patience (the machine is busy with others), that class
 * must not take every turn: here a new one would wait until all of the middle have ended. */
static void slow_slices_do_not_starve_new_ones(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation mid[3], new;
    bool out_of_turn;
    uint64_t now = 0;
    for (int i = 0; i < 3; i++) ready_push(&ready, make(&mid[i], READY_MID), now);
    ready_push(&ready, make(&new, READY_NEW), now);
    for (int i = 0; i < 3; i++) {
        now += 10 * CLOCK_MS;
        struct invocation *taken = ready_pop(&ready, now, &out_of_turn);
        if (taken == &new) return;
        now += 10 * CLOCK_MS;
        ready_put_back(&ready, taken, now);
    }
    fail_msg("three slices of others went before it");
}

static struct invocation *of(struct invocation *invocation, struct skill *skill) {
    invocation->call.skill = skill;
    return invocation;
}

/* The calls of a skill whose calls are short wait for no others but those that were woken. */
static void short_calls_do_not_wait_for_the_new_ones_of_slow_skills(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation mid[READY_YOUNG_MAX], slow, woken[2], quick[2];
    bool out_of_turn;
    for (int i = 0; i < READY_YOUNG_MAX; i++) ready_push(&ready, make(&mid[i], READY_MID), 1);
    ready_push(&ready, make(&slow, READY_NEW), 1);
    for (int i = 0; i < 2; i++) {
        ready_push(&ready, make(&woken[i], READY_BEGUN), 2);
        ready_push(&ready, of(make(&quick[i], READY_NEW), &quick_skill), 2);
        assert_int_equal(quick[i].class, READY_QUICK);
    }
    struct invocation *const order[] = {&woken[0], &quick[0], &woken[1], &quick[1], &mid[0]};
    for (int i = 0; i < 5; i++) {
        assert_ptr_equal(ready_pop(&ready, (uint64_t)(3 + i), &out_of_turn), order[i]);
        assert_false(out_of_turn);
    }
}

/* A skill whose calls have become slow has no advantage any more, nor have those that wait. */
static void a_skill_that_becomes_slow_is_found_out_at_once(void **state) {
    (void)state;
    struct ready ready = {0};
    struct skill skill = {0};
    struct invocation mid[READY_YOUNG_MAX], call[4];
    bool out_of_turn;
    for (int i = 0; i < READY_YOUNG_MAX; i++) ready_push(&ready, make(&mid[i], READY_MID), 1);
    for (int i = 0; i < 4; i++) ready_push(&ready, of(make(&call[i], READY_NEW), &skill), 1);
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(ready_pop(&ready, 2, &out_of_turn), &call[i]);
        call[i].run = some_run;
        call[i].used = 2 * CLOCK_MS;
        ready_put_back(&ready, &call[i], 3);
    }
    assert_ptr_equal(ready_pop(&ready, 4, &out_of_turn), &mid[0]);
    assert_int_equal(call[2].class, READY_NEW);
    assert_int_equal(call[3].class, READY_NEW);
}

/* One that took long among many does not make a skill slow, and a slow one may become quick. */
static void strikes_come_and_go(void **state) {
    (void)state;
    struct skill skill = {0};
    struct invocation call;
    make(&call, READY_NEW);
    for (int i = 0; i < 20; i++) {
        of(&call, &skill)->used = i % 5 ? 0 : 3 * CLOCK_MS;
        ready_ended(&call);
        assert_in_range(skill.strikes, 0, READY_STRIKES - 1);
    }
    call.used = 3 * CLOCK_MS;
    for (int i = 0; i < 20; i++) ready_ended(&call);
    assert_int_equal(skill.strikes, 2 * READY_STRIKES);
    call.used = 0;
    for (int i = 0; i < READY_STRIKES + 1; i++) ready_ended(&call);
    assert_int_equal(skill.strikes, READY_STRIKES - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_in_order),
        cmocka_unit_test(what_has_begun_is_finished),
        cmocka_unit_test(use_makes_a_call_sink),
        cmocka_unit_test(too_many_young_keep_new_ones_waiting),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(slow_slices_do_not_starve_new_ones),
        cmocka_unit_test(short_calls_do_not_wait_for_the_new_ones_of_slow_skills),
        cmocka_unit_test(a_skill_that_becomes_slow_is_found_out_at_once),
        cmocka_unit_test(strikes_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
