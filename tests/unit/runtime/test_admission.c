/* admission: the rules, as the table of docs/architecture.md, and the lines of skills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/forecast.h"
#include "runtime/invocation.h"

#define MIB 1048576ull

/* Who asks, and what the state is, where nothing else is said: a limit of 800 MiB, all of it left.
 */
static const struct admission_state roomy = {.left = 800 * MIB, .limit = 800 * MIB};

static struct admission_state with(struct admission_state state, uint64_t left) {
    state.left = left;
    return state;
}

static void who_may_begin(void **state) {
    (void)state;
    const struct admission_ask quick = {0}, slow = {.slow = true},
                               some = {.slow = true, .memory = 2 * MIB},
                               big = {.slow = true, .memory = 100 * MIB},
                               huge = {.slow = true, .memory = 1000 * MIB},
                               behind = {.held = MIB, .starved = true},
                               of_many = {.held = 350 * MIB, .memory = MIB},
                               big_of_many = {.slow = true, .held = 350 * MIB, .memory = 50 * MIB};
    struct admission_state few = roomy, many = roomy, patient = roomy, holder = roomy,
                           growing = roomy, alone = with(roomy, 0);
    few.middle = 1;
    many.middle = ADMISSION_MIDDLE_MAX;
    patient = many;
    patient.waited = ADMISSION_PATIENCE;
    holder.middle = 1;
    holder.big_middle = true;
    holder.waited = ADMISSION_PATIENCE_SCARCE;
    growing.growing = true;
    alone.alone = true;
    const struct {
        const char *what;
        struct admission_ask ask;
        struct admission_state state;
        bool may;
    } rows[] = {
        {"quick, whatever runs", quick, many, true},
        {"quick, beside one that grows", quick, growing, true},
        {"quick, all memory in use", quick, with(roomy, 0), false},
        {"quick, little left", quick, with(roomy, MIB), true},
        {"slow, few in the middle", slow, few, true},
        {"slow, many in the middle", slow, many, false},
        {"slow, many in the middle, for long", slow, patient, true},
        {"slow and some memory, nobody in the middle", some, roomy, true},
        {"slow and some memory, one in the middle", some, few, false},
        {"slow and some memory, many in the middle, for long", some, patient, true},
        {"the same while memory is scarce", some, with(patient, 300 * MIB), false},
        {"the same for longer", some, with(holder, 300 * MIB), true},
        {"slow, all memory in use", slow, with(roomy, 0), false},
        {"big, nobody in the middle", big, roomy, true},
        {"big, one in the middle", big, few, false},
        {"big, one in the middle that holds much", big, holder, false},
        {"big, beside one that grows", big, growing, false},
        {"big, does not fit", big, with(roomy, 100 * MIB), false},
        {"big, fits", big, with(roomy, 120 * MIB), true},
        {"more than the limit: half of it is asked for", huge, with(roomy, 500 * MIB), true},
        {"more than the limit, does not fit", huge, with(roomy, 400 * MIB), false},
        {"calls of its skill wait for memory", behind, roomy, false},
        {"its skill holds 7 times what is left", of_many, with(roomy, 51 * MIB), false},
        {"its skill holds less than that", of_many, with(roomy, 52 * MIB), true},
        {"it fits, but not beside those of its skill", big_of_many, with(roomy, 100 * MIB), false},
        {"all memory in use, but by nobody", huge, alone, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (admission_may_begin(&rows[i].ask, &rows[i].state) != rows[i].may)
            fail_msg("%s: wanted %d", rows[i].what, rows[i].may);
}

static void what_is_promised(void **state) {
    (void)state;
    assert_int_equal(admission_promise(&(struct admission_ask){.memory = MIB - 1}, &roomy), 0);
    assert_int_equal(admission_promise(&(struct admission_ask){.memory = 9 * MIB}, &roomy),
                     9 * MIB);
    assert_int_equal(admission_promise(&(struct admission_ask){.memory = 900 * MIB}, &roomy),
                     400 * MIB);
}

static void who_grows_beyond_its_promise(void **state) {
    (void)state;
    static const struct {
        const char *what;
        struct admission_growth growth;
        uint64_t wanted;
    } rows[] = {
        {"it does not grow", {.cost = 90 * MIB}, 0},
        {"within its promise", {.cost = 9 * MIB, .promised = 10 * MIB, .grew = true}, 0},
        {"beyond it: twice as much",
         {.cost = 9 * MIB, .promised = 8 * MIB, .grew = true},
         18 * MIB},
        {"as much as its skill's calls need",
         {.cost = 9 * MIB, .forecast = 64 * MIB, .grew = true},
         64 * MIB},
        {"woken, and others of its skill went on to grow", {.forecast = 6 * MIB}, 6 * MIB},
        {"woken, as large as others", {.cost = 6 * MIB, .forecast = 6 * MIB}, 0},
        {"little", {.cost = 100 << 10, .grew = true}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (admission_growth_wanted(&rows[i].growth) != rows[i].wanted)
            fail_msg("%s: got %llu", rows[i].what,
                     (unsigned long long)admission_growth_wanted(&rows[i].growth));
}

/* ---- lines */

static struct skill skills[3];

static void push(struct admission *admission, struct invocation *invocation, int skill) {
    *invocation = (struct invocation){.call.skill = &skills[skill]};
    admission_push(admission, invocation, 0);
}

static int reset(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) skills[i] = (struct skill){0};
    return 0;
}

static struct invocation *begin(struct admission *admission, bool slow, bool scarce) {
    struct invocation *next = admission_next(admission, &roomy, slow, scarce);
    if (next) admission_begin(admission, next, 7);
    return next;
}

static void skills_take_turns(void **state) {
    (void)state;
    struct admission admission = {0};
    struct invocation each[6];
    static const int skill_of[6] = {0, 0, 0, 1, 2, 1}, order[6] = {0, 3, 4, 1, 5, 2};
    for (int i = 0; i < 6; i++) push(&admission, &each[i], skill_of[i]);
    assert_int_equal(admission.count, 6);
    for (int i = 0; i < 6; i++) assert_ptr_equal(begin(&admission, false, false), &each[order[i]]);
    assert_null(begin(&admission, false, false));
    assert_int_equal(admission.count, 0);
}

static void who_holds_least_goes_first_while_memory_is_scarce(void **state) {
    (void)state;
    struct admission admission = {0};
    struct invocation each[3];
    for (int i = 0; i < 3; i++) push(&admission, &each[i], i);
    skills[0].held = 90 * MIB;
    skills[1].held = 10 * MIB;
    skills[2].held = 50 * MIB;
    static const int order[3] = {1, 2, 0};
    for (int i = 0; i < 3; i++) assert_ptr_equal(begin(&admission, false, true), &each[order[i]]);
}

/* One that does not fit does not keep others out. */
static void another_skill_begins_where_one_may_not(void **state) {
    (void)state;
    struct admission admission = {0};
    struct invocation each[2];
    for (int i = 0; i < 2; i++) push(&admission, &each[i], i);
    skills[0].memory = 2 * MIB;
    skills[0].held = 790 * MIB;
    const struct admission_state little = with(roomy, 10 * MIB);
    assert_ptr_equal(admission_next(&admission, &little, false, false), &each[1]);
}

static void a_skill_that_turns_out_slow_changes_sides(void **state) {
    (void)state;
    struct admission admission = {0};
    struct invocation each[3];
    push(&admission, &each[0], 0);
    push(&admission, &each[1], 0);
    push(&admission, &each[2], 1);
    skills[0].slow_strikes = FORECAST_STRIKES;
    assert_ptr_equal(begin(&admission, false, false), &each[2]);
    assert_null(begin(&admission, false, false));
    assert_ptr_equal(begin(&admission, true, false), &each[0]);
    assert_int_equal(admission.slow_begun, 7);
    skills[0].slow_strikes = 0;
    assert_null(begin(&admission, true, false));
    assert_ptr_equal(begin(&admission, false, false), &each[1]);
    skills[2].memory = RUN_BIG;
    push(&admission, &each[0], 2);
    assert_null(begin(&admission, false, false)); /* what holds much is no quick one */
    assert_ptr_equal(begin(&admission, true, false), &each[0]);
}

static int seen;

static void see(void *context, struct invocation *invocation) {
    const struct invocation *each = context;
    seen |= 1 << (invocation - each);
}

static void some_are_taken_out(void **state) {
    (void)state;
    struct admission admission = {0};
    struct invocation each[6];
    for (int i = 0; i < 6; i++) push(&admission, &each[i], i % 2);
    static const int gone[] = {0, 4, 3};
    for (int i = 0; i < 3; i++) admission_remove(&admission, &each[gone[i]]);
    admission_each(&admission, see, each);
    assert_int_equal(seen, 1 << 1 | 1 << 2 | 1 << 5);
    push(&admission, &each[0], 0); /* the lines' ends are right */
    push(&admission, &each[3], 1);
    int left = 0;
    struct invocation *last[2] = {0};
    for (struct invocation *taken; (taken = begin(&admission, false, false)); left++)
        last[taken->call.skill - skills] = taken;
    assert_int_equal(left, 5);
    assert_ptr_equal(last[0], &each[0]);
    assert_ptr_equal(last[1], &each[3]);
}

/* ---- forecasts */

/* One that took long among many does not make a skill slow, and a slow one may become quick. */
static void strikes_come_and_go(void **state) {
    (void)state;
    struct skill skill = {0};
    for (int i = 0; i < 20; i++) {
        forecast_note_time(&skill, i % 5 == 0);
        assert_false(forecast_slow(&skill));
    }
    for (int i = 0; i < 20; i++) forecast_note_time(&skill, true);
    assert_true(forecast_slow(&skill));
    for (int i = 0; i < FORECAST_STRIKES; i++) forecast_note_time(&skill, false);
    assert_true(forecast_slow(&skill));
    forecast_note_time(&skill, false);
    assert_false(forecast_slow(&skill));
}

static void memory_is_forecast_from_the_largest_of_late(void **state) {
    (void)state;
    struct skill skill = {0};
    forecast_note_memory(&skill, 80 * MIB, false); /* it is known while it still runs */
    assert_int_equal(forecast_memory(&skill), 80 * MIB);
    forecast_note_memory(&skill, 10 * MIB, false);
    assert_int_equal(forecast_memory(&skill), 80 * MIB);
    forecast_note_memory(&skill, 0, true);
    assert_int_equal(forecast_memory(&skill), 70 * MIB);
    for (int i = 0; i < 100; i++) forecast_note_memory(&skill, MIB, true);
    assert_in_range(forecast_memory(&skill), MIB, 2 * MIB);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_begin),
        cmocka_unit_test(what_is_promised),
        cmocka_unit_test(who_grows_beyond_its_promise),
        cmocka_unit_test_setup(skills_take_turns, reset),
        cmocka_unit_test_setup(who_holds_least_goes_first_while_memory_is_scarce, reset),
        cmocka_unit_test_setup(another_skill_begins_where_one_may_not, reset),
        cmocka_unit_test_setup(a_skill_that_turns_out_slow_changes_sides, reset),
        cmocka_unit_test_setup(some_are_taken_out, reset),
        cmocka_unit_test(strikes_come_and_go),
        cmocka_unit_test(memory_is_forecast_from_the_largest_of_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
