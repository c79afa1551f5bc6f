/* A run's life: results, host functions, parking, slices, cancelling, traps, limits. */
#include "support.h"

#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mailbox.h"
#include "engine/internal.h"

static struct bed bed;
static struct engine_image *image;

static void finishes_with_results(void **state) {
    (void)state;
    struct guest guest;
    guest_run(&guest, &bed, image,
              STEPS({STEP_LOAD, 70000, 0}, {STEP_STORE, 5, 77}, {STEP_LOAD, 5, 0},
                    {STEP_GET_GLOBAL, 0, 0}));
    assert_int_equal(3, guest.report_count);
    assert_int_equal(image_byte(70000), guest.reports[0]);
    assert_int_equal(77, guest.reports[1]);
    assert_int_equal(7, guest.reports[2]);
}

/* ---- traps ---- */

static const struct engine_fault *faults(struct guest *guest, const struct step *steps) {
    guest_begin(guest, &bed, image, steps, 0);
    assert_int_equal(ENGINE_TRAPPED, guest_finish(guest));
    assert_int_equal(ENGINE_TRAPPED, engine_run_poll(guest->run)); /* and stays so */
    return engine_run_fault(guest->run);
}

static void expect_fault(const struct step *steps, enum engine_fault_kind kind, const char *text,
                         uint32_t frames) {
    struct guest guest;
    const struct engine_fault *fault = faults(&guest, steps);
    assert_int_equal(kind, fault->kind);
    assert_string_equal(text, fault->text);
    assert_int_equal(frames, fault->frame_count);
    engine_run_delete(guest.run);
}

enum { ENTRY_INDEX = 8, DEEPER_INDEX = 6 }; /* six imports, $deeper, $grow, the entry */

static void traps_name_kind_and_frames(void **state) {
    (void)state;
    expect_fault(STEPS({STEP_TRAP, 0, 0}), FAULT_TRAP, "wasm `unreachable` instruction executed",
                 1);
    expect_fault(STEPS({STEP_LOAD, 0xfffffff0, 0}), FAULT_MEMORY, "out of bounds memory access", 1);
    expect_fault(STEPS({STEP_STORE, 4 * ENGINE_PAGE, 1}), FAULT_MEMORY,
                 "out of bounds memory access", 1);
    expect_fault(STEPS({STEP_GET_TABLE, 99, 0}), FAULT_TRAP,
                 "undefined element: out of bounds table access", 1);
    expect_fault(STEPS({STEP_HOST_FAIL, 0, 0}), FAULT_HOST, "the host says no", 1);
    expect_fault(STEPS({STEP_HOST_STORE, 4 * ENGINE_PAGE, 1}), FAULT_HOST, "store beyond 262144",
                 1);
    expect_fault(STEPS({STEP_PARK, 0, -1}), FAULT_HOST, "will not wait", 1);
    struct guest guest;
    const struct engine_fault *fault = faults(&guest, STEPS({STEP_TRAP, 0, 0}));
    assert_int_equal(ENTRY_INDEX, fault->frames[0]);
    engine_run_delete(guest.run);
}

static void endless_recursion_is_a_stack_fault(void **state) {
    (void)state;
    struct guest guest;
    for (int i = 0; i < 20; i++) {
        const struct engine_fault *fault = faults(&guest, STEPS({STEP_RECURSE, 100000000, 0}));
        assert_int_equal(FAULT_STACK, fault->kind);
        assert_string_equal("call stack exhausted", fault->text);
        assert_int_equal(ENGINE_FAULT_FRAMES, fault->frame_count);
        assert_int_equal(DEEPER_INDEX, fault->frames[0]);
        engine_run_delete(guest.run);
    }
    guest_run(&guest, &bed, image, STEPS({STEP_RECURSE, 1000, 0}));
    assert_int_equal(1000, guest.reports[0]);
}

static void a_host_text_is_one_line_and_cut(void **state) {
    (void)state;
    struct guest guest;
    guest_begin(&guest, &bed, image, STEPS({STEP_END, 0, 0}), 0);
    char big[2000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(ENGINE_FAIL, engine_run_fail(guest.run, "a\nb\x1b%s", big));
    assert_memory_equal("a b xxx", guest.run->fault.text, 7);
    assert_int_equal(sizeof guest.run->fault.text - 1, strlen(guest.run->fault.text));
    engine_run_delete(guest.run);
}

/* A text that no failure followed must not be taken for a later trap's. */
static void a_text_without_a_failure_is_forgotten(void **state) {
    (void)state;
    struct guest guest;
    guest_begin(&guest, &bed, image, STEPS({STEP_TRAP, 0, 0}), 0);
    engine_run_fail(guest.run, "%s", "");
    assert_int_equal(ENGINE_TRAPPED, guest_finish(&guest));
    assert_int_equal(FAULT_TRAP, engine_run_fault(guest.run)->kind);
    assert_string_equal("wasm `unreachable` instruction executed",
                        engine_run_fault(guest.run)->text);
    engine_run_delete(guest.run);
}

/* ---- parking ---- */

static void parks_until_woken(void **state) {
    (void)state;
    struct guest guest;
    guest_begin(&guest, &bed, image,
                STEPS({STEP_STORE, 9, 3}, {STEP_PARK, 0, 41}, {STEP_LOAD, 9, 0}), 0);
    assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
    assert_int_equal(41, guest.parked_with);
    assert_int_equal(ENGINE_PARKED, engine_run_poll(guest.run)); /* nobody woke it */
    guest.wake_value = -5;
    guest.park_again = 2;
    for (uint32_t left = 2; left > 0; left--) {
        engine_run_wake(guest.run);
        assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
        assert_int_equal(left - 1, guest.park_again);
        assert_int_equal(ENGINE_PARKED, guest_finish(&guest)); /* one wake-up, one question */
        assert_int_equal(left - 1, guest.park_again);
    }
    engine_run_wake(guest.run);
    assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
    assert_int_equal(2, guest.report_count);
    assert_int_equal(-5, guest.reports[0]);
    assert_int_equal(3, guest.reports[1]);
    engine_run_delete(guest.run);
}

static void an_import_that_could_park_need_not(void **state) {
    (void)state;
    struct guest guest;
    guest_run(&guest, &bed, image, STEPS({STEP_PARK, 0, -2}));
    assert_int_equal(222, guest.reports[0]);
}

static void a_wake_up_can_fail(void **state) {
    (void)state;
    struct guest guest;
    guest_begin(&guest, &bed, image, STEPS({STEP_PARK, 0, 1}), 0);
    assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
    guest.refuse = true;
    engine_run_wake(guest.run);
    assert_int_equal(ENGINE_TRAPPED, guest_finish(&guest));
    const struct engine_fault *fault = engine_run_fault(guest.run);
    assert_int_equal(FAULT_HOST, fault->kind);
    assert_string_equal("refused with 2 lines", fault->text);
    assert_int_equal(1, fault->frame_count);
    assert_int_equal(ENTRY_INDEX, fault->frames[0]);
    engine_run_delete(guest.run);
}

/* Another thread completes what a run waits for: it posts to the owner, who wakes and polls. */
struct completion {
    struct mail mail;
    struct guest *guest;
};
struct completer {
    struct mailbox box; /* to the owner */
    struct completion *pending;
    size_t count;
};

static void *complete_all(void *argument) {
    struct completer *completer = argument;
    for (size_t i = 0; i < completer->count; i++)
        mailbox_post(&completer->box, &completer->pending[i].mail);
    return NULL;
}

static void another_thread_wakes_through_the_owners_loop(void **state) {
    (void)state;
    enum { COUNT = 200 };
    static struct guest guests[COUNT];
    static struct completion pending[COUNT];
    static const struct step steps[] = {{STEP_PARK, 0, 1}, {STEP_END, 0, 0}};
    struct completer completer = {.pending = pending, .count = COUNT};
    assert_true(mailbox_init(&completer.box));
    for (int i = 0; i < COUNT; i++) {
        guest_begin(&guests[i], &bed, image, steps, 0);
        assert_int_equal(ENGINE_PARKED, guest_finish(&guests[i]));
        guests[i].wake_value = i;
        pending[i].guest = &guests[i];
    }
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, complete_all, &completer));
    for (int done = 0; done < COUNT;) {
        mailbox_wait(&completer.box, CLOCK_S);
        struct mail *mail = mailbox_take(&completer.box);
        while (mail) {
            struct guest *guest = ((struct completion *)mail)->guest;
            mail = mail->next;
            engine_run_wake(guest->run);
            assert_int_equal(ENGINE_FINISHED, guest_finish(guest));
            assert_int_equal(guest - guests, guest->reports[0]);
            engine_run_delete(guest->run);
            done++;
        }
    }
    pthread_join(thread, NULL);
    mailbox_free(&completer.box);
}

/* ---- slices and cancelling ---- */

static void an_endless_loop_gives_its_thread_back(void **state) {
    (void)state;
    struct guest guest;
    guest_begin(&guest, &bed, image, STEPS({STEP_SPIN, 0, 0}), 0);
    uint64_t quickest = UINT64_MAX; /* a tick is 1 ms; machines of tests are busy */
    for (int i = 0; i < 20; i++) {
        uint64_t start = clock_monotonic();
        assert_int_equal(ENGINE_RUNNING, engine_run_poll(guest.run));
        uint64_t took = clock_monotonic() - start;
        if (took < quickest) quickest = took;
    }
    assert_true(quickest < 200 * CLOCK_MS);
    engine_run_delete(guest.run);
}

static void cancels_in_a_loop(void **state) {
    (void)state;
    struct guest guest;
    for (int i = 0; i < 2000; i++) {
        guest_begin(&guest, &bed, image, STEPS({STEP_STORE, 4096, 1}, {STEP_SPIN, 0, 0}), 0);
        assert_int_equal(ENGINE_RUNNING, engine_run_poll(guest.run));
        engine_run_delete(guest.run);
    }
    guest_run(&guest, &bed, image, STEPS({STEP_LOAD, 4096, 0}));
    assert_int_equal(image_byte(4096), guest.reports[0]);
}

static void cancels_while_parked(void **state) {
    (void)state;
    struct guest guest;
    for (int i = 0; i < 5000; i++) {
        guest_begin(&guest, &bed, image, STEPS({STEP_STORE, 4096, 1}, {STEP_PARK, 0, 0}), 0);
        assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
        if (i % 3 == 0) engine_run_wake(guest.run); /* a completion that comes just before */
        engine_run_delete(guest.run);
    }
    guest_run(&guest, &bed, image, STEPS({STEP_LOAD, 4096, 0}));
    assert_int_equal(image_byte(4096), guest.reports[0]);
}

static void cancels_before_it_starts(void **state) {
    (void)state;
    struct guest guest;
    for (int i = 0; i < 100; i++) {
        guest_begin(&guest, &bed, image, STEPS({STEP_TRAP, 0, 0}), 0);
        engine_run_delete(guest.run);
    }
}

static void cancels_after_a_trap_and_leaves_nothing(void **state) {
    (void)state;
    struct guest guest;
    for (int i = 0; i < 500; i++) {
        faults(&guest, STEPS({STEP_STORE, 4096, 1}, {STEP_TRAP, 0, 0}));
        engine_run_delete(guest.run);
    }
    guest_run(&guest, &bed, image, STEPS({STEP_LOAD, 4096, 0}));
    assert_int_equal(image_byte(4096), guest.reports[0]);
}

/* A program may be dropped while one of its runs is alive. */
static void a_run_keeps_its_program(void **state) {
    (void)state;
    struct err err = {0};
    struct engine_program *program =
        program_from_text(bed.engine, machine_text, machine_imports, machine_import_count, 1);
    struct engine_image *mine = image_new(2);
    struct guest guest = {
        .steps = STEPS({STEP_PARK, 0, 1}, {STEP_LOAD, 100, 0}), .pages = 2, .limit = 10};
    assert_true(engine_run_new(bed.thread, program, mine, 0, 10, &guest, &guest.run, &err));
    assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
    engine_program_release(program);
    engine_image_release(mine);
    engine_run_wake(guest.run);
    assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
    assert_int_equal(image_byte(100), guest.reports[1]);
    engine_run_delete(guest.run);
    engine_thread_forget(bed.thread, mine);
}

/* ---- limits ---- */

static void growing_stops_at_the_limit(void **state) {
    (void)state;
    struct guest guest;
    struct engine_image *mine = image_new(4); /* a slot that nobody has grown yet */
    guest_begin(&guest, &bed, mine,
                STEPS({STEP_REAL_SIZE, 0, 0}, {STEP_REAL_GROW, 1, 0}, {STEP_REAL_GROW, 100, 0},
                      {STEP_REAL_GROW, 0xffff, 0}, {STEP_REAL_GROW, 5, 0}, {STEP_REAL_GROW, 1, 0},
                      {STEP_REAL_SIZE, 0, 0}, {STEP_STORE, 10 * ENGINE_PAGE - 1, 1}),
                10);
    assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
    static const int64_t expected[] = {4, 4, -1, -1, 5, -1, 10};
    assert_memory_equal(expected, guest.reports, sizeof expected);
    engine_run_delete(guest.run);
    engine_thread_forget(bed.thread, mine);
    engine_image_release(mine);
}

/* The estimate is from above; it becomes exact but for what lies outside of the memory. */
static void a_run_costs_what_it_made_private(void **state) {
    (void)state;
    enum { PAGES = 100, SIZE = PAGES * ENGINE_PAGE };
    struct guest guest;
    const struct step steps[] = {{STEP_GROW, PAGES, 0},
                                 {STEP_PARK, 0, 0},
                                 {STEP_FILL, 4 * ENGINE_PAGE, SIZE},
                                 {STEP_PARK, 0, 0},
                                 {STEP_END, 0, 0}};
    guest_begin(&guest, &bed, image, steps, 0);
    assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
    uint64_t before = engine_run_cost(guest.run);
    assert_in_range(before, 0, SIZE / 2); /* what was not touched costs nothing */
    engine_run_wake(guest.run);
    assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
    assert_in_range(engine_run_cost(guest.run), SIZE, 3 * SIZE);
    engine_run_measure(guest.run);
    assert_in_range(engine_run_cost(guest.run), slot_private(guest.run->slot),
                    slot_private(guest.run->slot) + SIZE);
    engine_run_delete(guest.run);
}

/* What takes long to give back is given back in pieces, and nothing of it is left. */
static void much_memory_is_given_back_in_pieces(void **state) {
    (void)state;
    enum { PAGES = 640, SIZE = PAGES * ENGINE_PAGE };
    struct guest guest;
    guest_begin(&guest, &bed, image, STEPS({STEP_GROW, PAGES, 0}, {STEP_FILL, ENGINE_PAGE, SIZE}),
                0);
    assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
    int pieces = 1;
    uint64_t cost = engine_run_cost(guest.run);
    for (; engine_run_clear(guest.run); pieces++) {
        assert_true(engine_run_cost(guest.run) < cost);
        cost = engine_run_cost(guest.run);
    }
    assert_int_equal(pieces, 11); /* 4 MiB each */
    assert_false(engine_run_clear(guest.run));
    engine_run_delete(guest.run);
    guest_run(&guest, &bed, image,
              STEPS({STEP_GROW, PAGES, 0}, {STEP_LOAD, SIZE, 0}, {STEP_LOAD, ENGINE_PAGE + 9, 0}));
    assert_int_equal(guest.reports[0], 4);
    assert_int_equal(guest.reports[1], 0);
    assert_int_equal(guest.reports[2], image_byte(ENGINE_PAGE + 9));
    guest_begin(&guest, &bed, image, STEPS({STEP_FILL, 0, ENGINE_PAGE}), 0);
    assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
    assert_false(engine_run_clear(guest.run)); /* little: deleting it is quick */
    engine_run_delete(guest.run);
}

static void a_limit_below_the_image_is_refused(void **state) {
    (void)state;
    struct err err = {0};
    struct guest guest = {0};
    assert_false(engine_run_new(bed.thread, bed.machine, image, 0, 3, &guest, &guest.run, &err));
    assert_int_equal(ERR_LIMIT, err.kind);
    assert_true(engine_run_new(bed.thread, bed.machine, image, 0, 4, &guest, &guest.run, &err));
    engine_run_delete(guest.run);
}

int main(void) {
    bed_open(&bed, NULL);
    image = image_new(4);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finishes_with_results),
        cmocka_unit_test(growing_stops_at_the_limit),
        cmocka_unit_test(traps_name_kind_and_frames),
        cmocka_unit_test(endless_recursion_is_a_stack_fault),
        cmocka_unit_test(a_host_text_is_one_line_and_cut),
        cmocka_unit_test(a_text_without_a_failure_is_forgotten),
        cmocka_unit_test(parks_until_woken),
        cmocka_unit_test(an_import_that_could_park_need_not),
        cmocka_unit_test(a_wake_up_can_fail),
        cmocka_unit_test(another_thread_wakes_through_the_owners_loop),
        cmocka_unit_test(an_endless_loop_gives_its_thread_back),
        cmocka_unit_test(cancels_in_a_loop),
        cmocka_unit_test(cancels_while_parked),
        cmocka_unit_test(cancels_before_it_starts),
        cmocka_unit_test(cancels_after_a_trap_and_leaves_nothing),
        cmocka_unit_test(a_run_keeps_its_program),
        cmocka_unit_test(a_limit_below_the_image_is_refused),
        cmocka_unit_test(a_run_costs_what_it_made_private),
        cmocka_unit_test(much_memory_is_given_back_in_pieces),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    engine_image_release(image);
    bed_close(&bed);
    return failed;
}
