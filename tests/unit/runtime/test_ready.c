/* ready: short calls before long ones, long ones not never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/invocation.h"

static struct engine_run *const some_run = (struct engine_run *)16; /* never looked into */

static const struct ready_leave roomy = {.level = PRESSURE_NONE, .heavy = true};

static struct skill quick_skill,
    slow_skill = {.slow_strikes = 2 * READY_STRIKES},
    big_skill = {.slow_strikes = 2 * READY_STRIKES, .big_strikes = 2 * READY_STRIKES};

/* Of a class by what it has used; LONG, HOG and HEAVY are remembered, not found out again. */
static struct invocation *make(struct invocation *invocation, enum ready_class class) {
    static const uint64_t used[READY_CLASS_COUNT] = {[READY_HOG] = 100 * CLOCK_MS,
                                                     [READY_MID] = 10 * CLOCK_MS,
                                                     [READY_LONG] = 100 * CLOCK_MS,
                                                     [READY_HEAVY] = CLOCK_S};
    *invocation = (struct invocation){.class = class, .used = used[class]};
    slow_skill = (struct skill){.slow_strikes = 2 * READY_STRIKES};
    invocation->call.skill = class == READY_QUICK ? &quick_skill
                             : class == READY_BIG ? &big_skill
                                                  : &slow_skill;
    if (class != READY_NEW && class != READY_QUICK && class != READY_BIG)
        invocation->run = some_run;
    return invocation;
}

static struct invocation *of(struct invocation *invocation, struct skill *skill) {
    invocation->call.skill = skill;
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
    assert_null(ready_pop(&ready, 0, &roomy, &out_of_turn));
    for (int i = 0; i < 10; i++) {
        ready_push(&ready, make(&each[i], classes[i]), 100);
        assert_int_equal(each[i].class, classes[i]);
    }
    for (int i = 0; i < 10; i++) {
        assert_ptr_equal(ready_pop(&ready, 200, &roomy, &out_of_turn), &each[order[i]]);
        assert_false(out_of_turn);
    }
    assert_null(ready_pop(&ready, 300, &roomy, &out_of_turn));
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
        assert_ptr_equal(ready_pop(&ready, 1, &roomy, &out_of_turn), &first);
        ready_put_back(&ready, &first, 2);
        assert_ptr_equal(ready_pop(&ready, 3, &roomy, &out_of_turn),
                         classes[i] == READY_LONG ? &second : &first);
    }
}

static void use_makes_a_call_sink(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation one;
    bool out_of_turn;
    ready_push(&ready, make(&one, READY_NEW), 0);
    assert_ptr_equal(ready_pop(&ready, 1, &roomy, &out_of_turn), &one);
    one.run = some_run;
    one.used = 2 * CLOCK_MS;
    ready_put_back(&ready, &one, 2);
    assert_int_equal(one.class, READY_MID);
    assert_ptr_equal(ready_pop(&ready, 3, &roomy, &out_of_turn), &one);
    one.class = READY_HOG;
    one.used = CLOCK_S;
    ready_put_back(&ready, &one, 4);
    assert_int_equal(one.class, READY_HEAVY);
}

/* However short a time it took. */
static void one_that_grows_much_is_a_hog(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation one;
    make(&one, READY_BEGUN)->grown = READY_HOG_BYTES;
    ready_push(&ready, &one, 0);
    assert_int_equal(one.class, READY_HOG);
    make(&one, READY_LONG)->grown = READY_HOG_BYTES;
    ready_push(&ready, &one, 0);
    assert_int_equal(one.class, READY_HOG);
}

/* Heavy ones keep their turn until it is over, and share the thread with the long ones. */
static void heavy_ones_take_long_turns(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation heavy[2], *taken;
    bool out_of_turn;
    for (int i = 0; i < 2; i++) {
        make(&heavy[i], READY_HEAVY)->turn_end = CLOCK_S + CLOCK_S / 2;
        ready_push(&ready, &heavy[i], 0);
    }
    for (int turns = 0; turns < 250; turns++) {
        taken = ready_pop(&ready, 1, &roomy, &out_of_turn);
        assert_ptr_equal(taken, &heavy[0]);
        taken->used += 2 * CLOCK_MS;
        ready_put_back(&ready, taken, 1);
    }
    assert_ptr_equal(ready_pop(&ready, 1, &roomy, &out_of_turn), &heavy[1]);
    ready_put_back(&ready, &heavy[1], 2);
    struct invocation endless;
    ready_push(&ready, make(&endless, READY_LONG), 3);
    int turns = 0;
    for (uint64_t now = 4; now < 104; now++) {
        taken = ready_pop(&ready, now, &roomy, &out_of_turn);
        turns += taken == &endless;
        ready_put_back(&ready, taken, now);
    }
    assert_int_equal(turns, 50);
}

/* What may run at each level, where one of each class is ready: bits by class. */
static unsigned who_runs(enum pressure_level level, bool heavy, bool alone) {
    struct ready ready = {0};
    struct invocation each[READY_CLASS_COUNT];
    const struct ready_leave leave = {level, heavy, alone};
    bool out_of_turn;
    unsigned classes = 0;
    for (uint32_t i = 0; i < READY_CLASS_COUNT; i++) {
        ready_push(&ready, make(&each[i], i), 0);
        assert_int_equal(each[i].class, i);
    }
    assert_true(ready_any(&ready) && ready_any_heavy(&ready));
    for (struct invocation *taken; (taken = ready_pop(&ready, 1, &leave, &out_of_turn));)
        classes |= 1u << taken->class;
    return classes;
}

static void little_memory_holds_classes_back(void **state) {
    (void)state;
    const unsigned all = (1u << READY_CLASS_COUNT) - 1, heavy = 1u << READY_HOG | 1u << READY_HEAVY,
                   slow = 1u << READY_NEW | 1u << READY_BIG, quick = 1u << READY_QUICK;
    assert_int_equal(who_runs(PRESSURE_NONE, true, false), all);
    assert_int_equal(who_runs(PRESSURE_TIGHT, true, false),
                     all); /* at last, when all others ended */
    assert_int_equal(who_runs(PRESSURE_FULL, true, false), all & ~slow);
    assert_int_equal(who_runs(PRESSURE_FULL, true, true), all);
    assert_int_equal(who_runs(PRESSURE_FULL, false, true), all & ~slow & ~heavy);
    assert_int_equal(who_runs(PRESSURE_OVER, true, false), all & ~slow & ~quick);
    assert_int_equal(who_runs(PRESSURE_DIRE, false, true), all & ~slow & ~heavy);
}

/* What has begun and holds much may go on for ever. */
static void new_calls_do_not_starve_for_memory(void **state) {
    (void)state;
    static const enum ready_class endless[] = {READY_MID, READY_HOG, READY_HEAVY};
    const struct ready_leave tight = {.level = PRESSURE_TIGHT, .heavy = true},
                             full = {.level = PRESSURE_FULL, .heavy = true},
                             over = {.level = PRESSURE_OVER, .heavy = true};
    for (int i = 0; i < 3; i++) {
        struct ready ready = {0};
        struct invocation holder, slow[2];
        bool out_of_turn;
        ready_push(&ready, make(&holder, endless[i]), 0);
        for (int j = 0; j < 2; j++) ready_push(&ready, make(&slow[j], READY_NEW), 0);
        for (int j = 0; j < 2; j++) {
            uint64_t began = (uint64_t)j * READY_STARVED;
            struct invocation *taken = ready_pop(&ready, began + 1, &full, &out_of_turn);
            assert_ptr_equal(taken, &holder);
            ready_put_back(&ready, taken, began + 1);
            taken = ready_pop(&ready, began + READY_STARVED, &over, &out_of_turn);
            assert_ptr_equal(taken, &holder);
            ready_put_back(&ready, taken, began + READY_STARVED);
            ready.out_of_turn = false;
            taken = ready_pop(&ready, began + READY_STARVED, j ? &tight : &full, &out_of_turn);
            assert_ptr_equal(taken, &slow[j]);
        }
    }
}

/* What needs much memory begins when what has much memory has ended, however long that takes. */
static void big_calls_go_one_after_the_other(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation big, hog, endless;
    bool out_of_turn;
    ready_push(&ready, make(&big, READY_BIG), 0);
    ready_push(&ready, make(&hog, READY_HOG), 0);
    ready_push(&ready, make(&endless, READY_LONG), 0);
    for (uint64_t now = 1; now < CLOCK_S; now += 10 * CLOCK_MS) {
        struct invocation *taken = ready_pop(&ready, now, &roomy, &out_of_turn);
        assert_ptr_not_equal(taken, &big);
        ready_put_back(&ready, taken, now);
    }
    while (ready_pop(&ready, 2 * CLOCK_S, &roomy, &out_of_turn) != &hog) {
    }
    assert_ptr_equal(ready_pop(&ready, 2 * CLOCK_S, &roomy, &out_of_turn), &big);
}

/* What waits is sorted again when its skill turns out to need much memory. */
static void a_skill_that_needs_much_is_found_out(void **state) {
    (void)state;
    struct ready ready = {0};
    struct skill skill = {0};
    struct invocation call[4];
    bool out_of_turn;
    for (int i = 0; i < 4; i++) ready_push(&ready, of(make(&call[i], READY_NEW), &skill), 1);
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(ready_pop(&ready, 3, &roomy, &out_of_turn), &call[i]);
        call[i].run = some_run;
        call[i].grown = READY_HOG_BYTES;
        ready_put_back(&ready, &call[i], 3);
        assert_int_equal(call[i].class, READY_HOG);
    }
    for (int i = 0; i < 2; i++)
        assert_ptr_equal(ready_pop(&ready, 4, &roomy, &out_of_turn), &call[i]);
    assert_ptr_equal(ready_pop(&ready, 4, &roomy, &out_of_turn), &call[2]);
    assert_int_equal(call[2].class, READY_BIG);
    assert_int_equal(call[3].class, READY_BIG);
    for (int i = 0; i < READY_STRIKES; i++) ready_ended(&call[2]); /* none of these was a hog */
    assert_in_range(skill.big_strikes, 0, READY_STRIKES - 1);
}

static void new_ones_are_last_when_memory_is_tight(void **state) {
    (void)state;
    static const enum ready_class before[] = {READY_MID, READY_HOG, READY_HEAVY};
    const struct ready_leave tight = {.level = PRESSURE_TIGHT, .heavy = true};
    for (int i = 0; i < 3; i++) {
        struct ready ready = {0};
        struct invocation new, other;
        bool out_of_turn;
        ready_push(&ready, make(&new, READY_NEW), 0);
        ready_push(&ready, make(&other, before[i]), 0);
        assert_ptr_equal(ready_pop(&ready, CLOCK_S, &tight, &out_of_turn), &other);
        assert_ptr_equal(ready_pop(&ready, CLOCK_S, &tight, &out_of_turn), &new);
    }
}

static bool is_cancelled(const struct invocation *invocation, uint64_t now) {
    (void)now;
    return invocation->cancelled;
}

static void some_are_taken_out(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation each[6];
    bool out_of_turn;
    for (int i = 0; i < 6; i++) {
        ready_push(&ready, make(&each[i], i < 3 ? READY_NEW : READY_MID), 0);
        each[i].cancelled = i != 1 && i != 3;
    }
    int count = 0;
    for (struct invocation *taken = ready_take_if(&ready, is_cancelled, 0); taken;
         taken = taken->next)
        count += taken->cancelled;
    assert_int_equal(count, 4);
    ready_push(&ready, make(&each[0], READY_NEW), 1); /* the queues' ends are right */
    ready_push(&ready, make(&each[5], READY_MID), 1);
    static const int order[] = {1, 0, 3, 5};
    for (int i = 0; i < 4; i++)
        assert_ptr_equal(ready_pop(&ready, 2, &roomy, &out_of_turn), &each[order[i]]);
    assert_false(ready_any(&ready));
}

/* A new one would need one slot more. */
static void too_many_young_keep_new_ones_waiting(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation mid[READY_YOUNG_MAX], new;
    bool out_of_turn;
    for (int i = 0; i < READY_YOUNG_MAX; i++) ready_push(&ready, make(&mid[i], READY_MID), 0);
    ready_push(&ready, make(&new, READY_NEW), 0);
    assert_ptr_equal(ready_pop(&ready, 1, &roomy, &out_of_turn), &mid[0]);
    assert_ptr_equal(ready_pop(&ready, 1, &roomy, &out_of_turn), &new);
    ready_push(&ready, make(&new, READY_NEW), 1);
    ready_push(&ready, make(&mid[0], READY_MID), 1);
    assert_ptr_equal(ready_pop(&ready, 50 * CLOCK_MS, &roomy, &out_of_turn), &new);
    assert_true(out_of_turn); /* but not for ever */
}

/* However many short ones come, each class gets its slices. */
static void nobody_waits_for_ever(void **state) {
    (void)state;
    struct ready ready = {0};
    struct invocation quick, slow[3];
    static const enum ready_class classes[] = {READY_HOG, READY_MID, READY_LONG};
    for (int i = 0; i < 3; i++) ready_push(&ready, make(&slow[i], classes[i]), 0);
    int turns[3] = {0};
    uint64_t now = 0;
    for (int i = 0; i < 1000; i++, now += CLOCK_MS) {
        ready_push(&ready, make(&quick, READY_NEW), now);
        bool out_of_turn;
        for (struct invocation *taken;
             (taken = ready_pop(&ready, now, &roomy, &out_of_turn)) != &quick;) {
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
        struct invocation *taken = ready_pop(&ready, now, &roomy, &out_of_turn);
        if (taken == &new) return;
        now += 10 * CLOCK_MS;
        ready_put_back(&ready, taken, now);
    }
    fail_msg("three slices of others went before it");
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
        assert_ptr_equal(ready_pop(&ready, (uint64_t)(3 + i), &roomy, &out_of_turn), order[i]);
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
        assert_ptr_equal(ready_pop(&ready, 2, &roomy, &out_of_turn), &call[i]);
        call[i].run = some_run;
        call[i].used = 2 * CLOCK_MS;
        ready_put_back(&ready, &call[i], 3);
    }
    assert_ptr_equal(ready_pop(&ready, 4, &roomy, &out_of_turn), &mid[0]);
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
        assert_in_range(skill.slow_strikes, 0, READY_STRIKES - 1);
    }
    call.used = 3 * CLOCK_MS;
    for (int i = 0; i < 20; i++) ready_ended(&call);
    assert_int_equal(skill.slow_strikes, 2 * READY_STRIKES);
    call.used = 0;
    for (int i = 0; i < READY_STRIKES + 1; i++) ready_ended(&call);
    assert_int_equal(skill.slow_strikes, READY_STRIKES - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_in_order),
        cmocka_unit_test(what_has_begun_is_finished),
        cmocka_unit_test(use_makes_a_call_sink),
        cmocka_unit_test(one_that_grows_much_is_a_hog),
        cmocka_unit_test(heavy_ones_take_long_turns),
        cmocka_unit_test(big_calls_go_one_after_the_other),
        cmocka_unit_test(a_skill_that_needs_much_is_found_out),
        cmocka_unit_test(little_memory_holds_classes_back),
        cmocka_unit_test(new_calls_do_not_starve_for_memory),
        cmocka_unit_test(new_ones_are_last_when_memory_is_tight),
        cmocka_unit_test(some_are_taken_out),
        cmocka_unit_test(too_many_young_keep_new_ones_waiting),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(slow_slices_do_not_starve_new_ones),
        cmocka_unit_test(short_calls_do_not_wait_for_the_new_ones_of_slow_skills),
        cmocka_unit_test(a_skill_that_becomes_slow_is_found_out_at_once),
        cmocka_unit_test(strikes_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
