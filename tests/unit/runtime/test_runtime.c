/* runtime: what becomes of invocations, with a real guest (tests/skills/behaviour.wat) whose
 * input's second byte says what it does. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/forecast.h"
#include "runtime/runtime.h"
#include "support/fixture.h"
#include "unit/engine/signals.h"

static struct engine *engine;
static struct skill *skill;
static struct runtime *runtime;

struct waiting {
    struct invocation_request request;
    atomic_uint *left;
    atomic_bool done;
};

static void done(struct invocation_request *request) {
    struct waiting *waiting = (struct waiting *)request;
    atomic_store(&waiting->done, true);
    atomic_fetch_sub(waiting->left, 1);
}

static void submit(struct waiting *waiting, const char *input, atomic_uint *left) {
    *waiting = (struct waiting){.left = left};
    waiting->request.skill = skill_retain(skill);
    waiting->request.input = (const uint8_t *)input;
    waiting->request.input_size = strlen(input);
    waiting->request.done = done;
    runtime_submit(runtime, &waiting->request);
}

static void wait_for(atomic_uint *left) {
    for (int i = 0; atomic_load(left) && i < 20000; i++) usleep(1000);
    assert_int_equal(atomic_load(left), 0);
}

static void forget(struct waiting *waiting) {
    free(waiting->request.output);
    free(waiting->request.text);
}

/* One call; checks the outcome and what its text (or output) contains. */
static void expect(const char *input, enum invocation_outcome outcome, const char *part) {
    struct waiting waiting;
    atomic_uint left = 1;
    submit(&waiting, input, &left);
    wait_for(&left);
    assert_int_equal(waiting.request.outcome, outcome);
    const char *text =
        outcome == INVOCATION_OK ? (const char *)waiting.request.output : waiting.request.text;
    assert_non_null(text);
    if (!strstr(text, part)) fail_msg("'%s' has no '%s'", text, part);
    assert_null(waiting.request.skill);
    forget(&waiting);
}

static void start(const struct runtime_settings *settings) {
    struct err err;
    assert_true(runtime_new(engine, settings, &runtime, &err));
}

static int setup(void **state) {
    (void)state;
    struct runtime_settings settings;
    runtime_settings_default(&settings);
    settings.wall_limit = 2 * CLOCK_S; /* a call that ends has it, on a busy machine too */
    settings.memory_limit = 8 << 20;
    settings.executors = 2;
    start(&settings);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    runtime_stop(runtime, CLOCK_S);
    runtime_free(runtime);
    return 0;
}

static void outcomes(void **state) {
    (void)state;
    signals_restore();
    expect("\"e1\"", INVOCATION_OK, "\"e1\"");
    expect("\"u1\"", INVOCATION_USER_ERROR, "\"u1\"");
    expect("\"v1\"", INVOCATION_INVALID_INPUT, "\"v1\"");
    expect("\"j1\"", INVOCATION_INVALID_OUTPUT, "at byte");
    expect("\"t1\"", INVOCATION_TRAP, "unreachable");
    expect("\"r1\"", INVOCATION_TRAP, "recurse");
    expect("\"p1\"", INVOCATION_TRAP, "out of bounds");
    expect("\"q1\"", INVOCATION_TRAP, "UTF-8");
    expect("\"h1\"", INVOCATION_TRAP, "unknown handle");
    expect("\"b1\"", INVOCATION_TRAP, "no backend");
    expect("\"l1\"", INVOCATION_TIMEOUT, "time limit of 2 s");
    expect("\"S1\"", INVOCATION_TIMEOUT, "time limit of 2 s");
    expect("\"s1\"", INVOCATION_OK, "\"s1\"");
}

static void memory_limit_is_a_failed_grow(void **state) {
    (void)state;
    signals_restore();
    expect("\"G1\"", INVOCATION_OK, "0");
    expect("\"g1\"", INVOCATION_OK, "\"g1\"");
}

static void nothing_is_left_for_the_next(void **state) {
    (void)state;
    signals_restore();
    for (int i = 0; i < 50; i++) {
        expect("\"w1\"", INVOCATION_OK, "\"w1\"");
        expect("\"c1\"", INVOCATION_OK, "0");
    }
}

enum { LOOPS_MAX = 40 };
static struct waiting loops[LOOPS_MAX];
static atomic_uint looping;
static struct runtime *runtime_of_setup;

/* A runtime of its own, whose loops nothing ends but cancelling. */
static void begin_loops(unsigned count) {
    struct runtime_settings settings;
    runtime_settings_default(&settings);
    settings.executors = 2;
    runtime_of_setup = runtime;
    start(&settings);
    atomic_store(&looping, count);
    for (unsigned i = 0; i < count; i++) submit(&loops[i], "\"l\"", &looping);
    usleep(100000); /* some have used up many slices, some few, some none */
}

static void end_loops(unsigned count) {
    unsigned left = atomic_load(&looping);
    for (unsigned i = 0; i < count; i++) runtime_cancel(runtime, &loops[i].request);
    wait_for(&looping);
    for (unsigned i = 0; i < count; i++) forget(&loops[i]);
    runtime_stop(runtime, CLOCK_S);
    runtime_free(runtime);
    runtime = runtime_of_setup;
    assert_int_equal(left, count);
}

/* A guest that computes lets its neighbours run, on the same executor too. */
static void a_loop_does_not_hold_others(void **state) {
    (void)state;
    signals_restore();
    struct waiting quick[200];
    atomic_uint left = 200;
    begin_loops(8);
    for (int i = 0; i < 200; i++) submit(&quick[i], "\"e\"", &left);
    wait_for(&left);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(quick[i].request.outcome, INVOCATION_OK);
        forget(&quick[i]);
    }
    end_loops(8);
}

/* A short call does not wait for a slice (2 ms) of each of 20 loops on its executor: then none
 * would take less than 40 ms. One of many that is quicker tells, however busy the machine is. */
static void short_calls_go_before_loops(void **state) {
    (void)state;
    signals_restore();
    uint64_t quickest = UINT64_MAX;
    begin_loops(LOOPS_MAX);
    for (int i = 0; i < 200 && quickest >= 30 * CLOCK_MS; i++) {
        uint64_t begin = clock_monotonic();
        expect("\"e\"", INVOCATION_OK, "\"e\"");
        uint64_t took = clock_monotonic() - begin;
        if (took < quickest) quickest = took;
    }
    end_loops(LOOPS_MAX);
    assert_true(quickest < 30 * CLOCK_MS);
}

enum { MANY = 1000 };

static void many_wait_at_once(void **state) {
    (void)state;
    signals_restore();
    static struct waiting sleeping[MANY];
    atomic_uint left = MANY;
    for (int i = 0; i < MANY; i++) submit(&sleeping[i], "\"s\"", &left);
    wait_for(&left);
    for (int i = 0; i < MANY; i++) {
        assert_true(sleeping[i].request.outcome == INVOCATION_OK ||
                    sleeping[i].request.outcome == INVOCATION_TIMEOUT);
        forget(&sleeping[i]);
    }
}

/* Cancelled before, while and after it runs; each is answered exactly once. */
static void cancelled_anywhere(void **state) {
    (void)state;
    signals_restore();
    static struct waiting each[MANY];
    static const char *const inputs[] = {"\"S\"", "\"l\"", "\"e\"", "\"s\""};
    atomic_uint left = MANY;
    srandom(3);
    for (int i = 0; i < MANY; i++) {
        submit(&each[i], inputs[random() % 4], &left);
        if (random() % 4 == 0) usleep((useconds_t)(random() % 300));
        int which = (int)(random() % (i + 1));
        if (!atomic_load(&each[which].done)) runtime_cancel(runtime, &each[which].request);
        if (!atomic_load(&each[i].done)) runtime_cancel(runtime, &each[i].request);
    }
    wait_for(&left);
    int cancelled = 0;
    for (int i = 0; i < MANY; i++) {
        enum invocation_outcome outcome = each[i].request.outcome;
        assert_true(outcome == INVOCATION_CANCELLED || outcome == INVOCATION_OK ||
                    outcome == INVOCATION_TIMEOUT);
        cancelled += outcome == INVOCATION_CANCELLED;
        forget(&each[i]);
    }
    assert_true(cancelled > MANY / 4);
    expect("\"e\"", INVOCATION_OK, "\"e\"");
}

static void too_many_are_refused(void **state) {
    (void)state;
    signals_restore();
    struct runtime_settings settings;
    runtime_settings_default(&settings);
    settings.max_invocations = 3;
    struct runtime *all = runtime;
    start(&settings);
    struct waiting each[5];
    atomic_uint left = 5;
    for (int i = 0; i < 5; i++) submit(&each[i], "\"S\"", &left);
    for (int i = 0; i < 3; i++) runtime_cancel(runtime, &each[i].request);
    wait_for(&left);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(each[i].request.outcome,
                         i < 3 ? INVOCATION_CANCELLED : INVOCATION_REFUSED);
        forget(&each[i]);
    }
    runtime_stop(runtime, CLOCK_S);
    runtime_free(runtime);
    runtime = all;
}

static void a_queue_has_a_length(void **state) {
    (void)state;
    signals_restore();
    struct runtime_settings settings;
    runtime_settings_default(&settings);
    settings.executors = 1;
    settings.queue_length = 0;
    struct runtime *all = runtime;
    start(&settings);
    struct waiting refused;
    atomic_uint left = 1;
    submit(&refused, "\"e\"", &left);
    assert_int_equal(atomic_load(&left), 0); /* at once */
    assert_int_equal(refused.request.outcome, INVOCATION_REFUSED);
    assert_non_null(strstr(refused.request.text, "QUEUE_LENGTH"));
    forget(&refused);
    runtime_stop(runtime, CLOCK_S);
    runtime_free(runtime);
    runtime = all;
}

/* What begun calls left is there for others: a sleeping call does not count. */
static void a_call_that_has_begun_is_in_no_queue(void **state) {
    (void)state;
    signals_restore();
    struct runtime_settings settings;
    runtime_settings_default(&settings);
    settings.queue_length = 1;
    struct runtime *all = runtime;
    start(&settings);
    static struct waiting sleeping[20];
    atomic_uint left = 20;
    for (int i = 0; i < 20; i++) {
        struct runtime_stats stats = {0};
        submit(&sleeping[i], "\"s\"", &left);
        for (int k = 0; k < 20000 && stats.parked + stats.finished <= (uint64_t)i; k++) {
            usleep(100);
            runtime_get_stats(runtime, &stats);
        }
    }
    wait_for(&left);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(sleeping[i].request.outcome, INVOCATION_OK);
        forget(&sleeping[i]);
    }
    runtime_stop(runtime, CLOCK_S);
    runtime_free(runtime);
    runtime = all;
}

static void times_are_recorded(void **state) {
    (void)state;
    signals_restore();
    struct waiting each;
    atomic_uint left = 1;
    submit(&each, "\"s\"", &left); /* sleeps 50 ms */
    wait_for(&left);
    const struct invocation_request *request = &each.request;
    assert_true(request->waited >= 50 * CLOCK_MS);
    assert_true(request->ran > 0 && request->queued > 0);
    assert_int_equal(request->took, request->queued + request->ran + request->waited);
    forget(&each);
}

/* The guest does next to nothing, the host copies and checks 6 MiB: the call is charged for that,
 * so that its skill is not taken for a quick one, and others have their turn between two pieces. */
static void work_of_the_host_is_charged_and_shared(void **state) {
    (void)state;
    signals_restore();
    enum { SIZE = 6 << 20 };
    struct runtime_settings settings;
    runtime_settings_default(&settings);
    settings.executors = 1;
    struct runtime *all = runtime;
    start(&settings);
    char *input = malloc(SIZE + 1);
    assert_non_null(input);
    for (int i = 0; i < SIZE; i += 2) memcpy(input + i, "0,", 2);
    memcpy(input, "[33", 3); /* no behaviour of its own: the input is given back */
    memcpy(input + SIZE - 2, "0]", 3);
    bool overtaken = false;
    for (int i = 0; i < 20 && !overtaken; i++) {
        struct waiting large, quick;
        atomic_uint left = 1, one = 1;
        submit(&large, input, &left);
        submit(&quick, "\"e\"", &one);
        wait_for(&one);
        overtaken = !atomic_load(&large.done);
        wait_for(&left);
        assert_int_equal(large.request.outcome, INVOCATION_OK);
        assert_int_equal(large.request.output_size, SIZE);
        assert_memory_equal(large.request.output, input, SIZE);
        forget(&large);
        forget(&quick);
    }
    assert_true(overtaken);
    for (int i = 0; i < 4 && !forecast_slow(skill); i++) expect(input, INVOCATION_OK, "[33,");
    assert_true(forecast_slow(skill));
    for (int i = 0; i < 10; i++) expect("\"e\"", INVOCATION_OK, "\"e\"");
    assert_false(forecast_slow(skill));
    free(input);
    runtime_stop(runtime, CLOCK_S);
    runtime_free(runtime);
    runtime = all;
}

static void stop_waits_and_then_cancels(void **state) {
    (void)state;
    signals_restore();
    struct runtime_settings settings;
    runtime_settings_default(&settings);
    struct runtime *all = runtime;
    start(&settings);
    struct waiting quick, slow, late;
    atomic_uint left = 3;
    submit(&quick, "\"s\"", &left);
    submit(&slow, "\"S\"", &left);
    runtime_stop(runtime, 2 * CLOCK_S);
    submit(&late, "\"e\"", &left);
    assert_int_equal(atomic_load(&left), 0);
    assert_int_equal(quick.request.outcome, INVOCATION_OK);
    assert_int_equal(slow.request.outcome, INVOCATION_CANCELLED);
    assert_int_equal(late.request.outcome, INVOCATION_REFUSED);
    forget(&quick);
    forget(&slow);
    forget(&late);
    runtime_free(runtime);
    runtime = all;
}

static void a_dropped_image_is_used_again(void **state) {
    (void)state;
    signals_restore();
    for (int i = 0; i < 20; i++) {
        expect("\"w\"", INVOCATION_OK, "\"w\"");
        runtime_image_dropped(runtime, skill->image);
        expect("\"c\"", INVOCATION_OK, "0");
    }
}

static struct runtime *stopping;
static atomic_bool dropping;

static void *drop_again_and_again(void *image) {
    while (atomic_load(&dropping)) runtime_image_dropped(stopping, image);
    return NULL;
}

/* Requests and the files of skills drop some until the store has stopped, which is later. */
static void images_are_dropped_while_it_stops(void **state) {
    (void)state;
    struct runtime_settings settings;
    struct engine_image *image;
    struct err err;
    runtime_settings_default(&settings);
    settings.executors = 3;
    assert_true(engine_image_open(NULL, 0, &image, &err));
    for (int round = 0; round < 20; round++) {
        pthread_t dropper;
        assert_true(runtime_new(engine, &settings, &stopping, &err));
        atomic_store(&dropping, true);
        assert_int_equal(0, pthread_create(&dropper, NULL, drop_again_and_again, image));
        usleep(500);
        runtime_stop(stopping, CLOCK_S);
        atomic_store(&dropping, false);
        pthread_join(dropper, NULL);
        runtime_free(stopping);
    }
    engine_image_release(image);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    struct err err;
    struct engine_settings settings;
    engine_settings_default(&settings);
    if (!engine_new(&settings, &engine, &err) || !engine_start_ticker(engine, &err)) {
        print_error("%s\n", err.text);
        return 2;
    }
    signals_save();
    size_t size;
    uint8_t *bytes = fixture_read(argv[1], &size);
    skill = fixture_skill(engine, bytes, size, NULL);
    free(bytes);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes),
        cmocka_unit_test(memory_limit_is_a_failed_grow),
        cmocka_unit_test(nothing_is_left_for_the_next),
        cmocka_unit_test(a_loop_does_not_hold_others),
        cmocka_unit_test(short_calls_go_before_loops),
        cmocka_unit_test(many_wait_at_once),
        cmocka_unit_test(cancelled_anywhere),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(a_queue_has_a_length),
        cmocka_unit_test(a_call_that_has_begun_is_in_no_queue),
        cmocka_unit_test(times_are_recorded),
        cmocka_unit_test(work_of_the_host_is_charged_and_shared),
        cmocka_unit_test(stop_waits_and_then_cancels),
        cmocka_unit_test(a_dropped_image_is_used_again),
        cmocka_unit_test(images_are_dropped_while_it_stops),
    };
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    skill_release(skill);
    engine_free(engine);
    return failed;
}
