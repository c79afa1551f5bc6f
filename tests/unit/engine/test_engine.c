/* Settings, the key, images, the ticker. */
#include "support.h"

#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/internal.h"

static struct bed bed;

static void refuses(struct engine_settings settings, const char *what) {
    struct err err = {0};
    struct engine *engine = NULL;
    assert_false(engine_new(&settings, &engine, &err));
    assert_int_equal(ERR_INVALID, err.kind);
    if (!strstr(err.text, what)) fail_msg("%s", err.text);
}

static void checks_settings(void **state) {
    (void)state;
    struct engine_settings good;
    engine_settings_default(&good);
    struct engine_settings s = good;
    s.wasm_stack = s.fiber_stack;
    refuses(s, "must exceed");
    s = good;
    s.wasm_stack = 1000;
    refuses(s, "stacks must have");
    s = good;
    s.wasm_stack = SIZE_MAX; /* the sum must not wrap */
    refuses(s, "stacks must have");
    s = good;
    s.reservation = 12345;
    refuses(s, "multiple of 64 KiB");
    s = good;
    s.reservation = 8ull << 30;
    refuses(s, "up to 4 GiB");
    s = good;
    s.tick_us = 0;
    refuses(s, "tick");
}

static void the_key_is_fit_for_a_file_name(void **state) {
    (void)state;
    const char *key = engine_key(bed.engine);
    assert_int_equal(strlen(key), strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789.-"));
    assert_memory_equal("wasmtime-50.0.1-cranelift-", key, 26);
}

static void it_says_how_pages_are_found(void **state) {
    (void)state;
    assert_non_null(strstr(engine_scan_method(bed.engine), "fault counters"));
    enum scan_mode mode = bed.engine->scanner.mode;
    bed.engine->scanner.mode = SCAN_NONE;
    assert_string_equal("none: slots are reset after every call", engine_scan_method(bed.engine));
    bed.engine->scanner.mode = mode;
}

/* Stacks, ticks and slots are no business of compiled code. */
static void the_key_names_only_what_changes_code(void **state) {
    (void)state;
    struct err err = {0};
    struct engine_settings settings = bed.settings;
    struct engine *other = NULL;
    settings.tick_us = 5000;
    settings.slot_dirty_limit = 1;
    settings.strict_memory = true;
    settings.fiber_stack = 4 << 20;
    assert_true(engine_new(&settings, &other, &err));
    assert_string_equal(engine_key(bed.engine), engine_key(other));
    engine_free(other);
    settings.reservation = 64 << 20;
    assert_true(engine_new(&settings, &other, &err));
    assert_string_not_equal(engine_key(bed.engine), engine_key(other));
    engine_free(other);
}

static void images_have_the_size_they_say(void **state) {
    (void)state;
    struct err err = {0};
    struct engine_image *image = NULL;
    int fd = memfd_create("image", MFD_CLOEXEC);
    struct engine_image_file file = {.fd = fd}, none = {.fd = -1};
    assert_int_equal(0, ftruncate(fd, 2 * ENGINE_PAGE));
    assert_false(engine_image_open(&file, 1, &image, &err));
    assert_int_equal(ERR_INVALID, err.kind);
    assert_false(engine_image_open(&file, 65537, &image, &err));
    assert_int_equal(ERR_LIMIT, err.kind);
    assert_false(engine_image_open(&none, 1, &image, &err));
    assert_int_equal(ERR_IO, err.kind);
    assert_int_equal(0, ftruncate(fd, ENGINE_PAGE + 1));
    assert_false(engine_image_open(&file, 2, &image, &err));
    assert_int_equal(ERR_INVALID, err.kind);
    assert_int_equal(0, ftruncate(fd, ENGINE_PAGE + 4096));
    assert_true(engine_image_open(&file, 2, &image, &err));
    close(fd);
    engine_image_release(engine_image_retain(image));
    assert_int_equal(2, engine_image_pages(image));
    engine_image_release(image);
    engine_image_release(NULL);
}

/* An image that is larger than a slot gives an error, not a write into the neighbour. */
static void images_must_fit_a_slot(void **state) {
    (void)state;
    struct err err = {0};
    struct bed small = {0};
    struct engine_settings settings = bed.settings;
    settings.reservation = 2 * ENGINE_PAGE;
    bed_open(&small, &settings);
    struct engine_image *image = image_new(3), *fits = image_new(2);
    struct guest guest = {0};
    assert_false(
        engine_run_new(small.thread, small.machine, image, 0, 1000, &guest, &guest.run, &err));
    assert_non_null(strstr(err.text, "larger than a slot"));
    guest_run(&guest, &small, fits,
              STEPS({STEP_LOAD, 2 * ENGINE_PAGE - 1, 0}, {STEP_REAL_GROW, 1, 0}));
    assert_int_equal(-1, guest.reports[1]);
    guest_begin(&guest, &small, fits, STEPS({STEP_LOAD, 2 * ENGINE_PAGE, 0}), 0);
    assert_int_equal(ENGINE_TRAPPED, guest_finish(&guest));
    engine_run_delete(guest.run);
    engine_image_release(image);
    engine_image_release(fits);
    bed_close(&small);
}

/* The ticker stops ticking when nobody is busy, and a loop that begins then is interrupted all the
 * same. */
static void the_ticker_sleeps_and_wakes(void **state) {
    (void)state;
    struct engine_image *image = image_new(1);
    const struct timespec moment = {0, 1000000};
    for (int round = 0; round < 3; round++) {
        engine_thread_busy(bed.thread, false);
        for (int i = 0; i < 5000 && !atomic_load(&bed.engine->ticker.asleep); i++)
            nanosleep(&moment, NULL);
        assert_int_equal(1, atomic_load(&bed.engine->ticker.asleep));
        engine_thread_busy(bed.thread, true);
        engine_thread_busy(bed.thread, true); /* said twice, counted once */
        struct guest guest;
        guest_begin(&guest, &bed, image, STEPS({STEP_SPIN, 0, 0}), 0);
        for (int i = 0; i < 5; i++) assert_int_equal(ENGINE_RUNNING, engine_run_poll(guest.run));
        engine_run_delete(guest.run);
        assert_int_equal(1, atomic_load(&bed.engine->ticker.busy));
    }
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
}

static void the_ticker_stops_asleep_or_not(void **state) {
    (void)state;
    struct err err = {0};
    const struct timespec moment = {0, 1000000};
    for (int round = 0; round < 2; round++) {
        struct engine *engine = NULL;
        struct engine_settings settings = bed.settings;
        settings.tick_us = 100;
        assert_true(engine_new(&settings, &engine, &err));
        assert_true(engine_start_ticker(engine, &err));
        assert_true(engine_start_ticker(engine, &err));
        for (int i = 0; round && i < 5000 && !atomic_load(&engine->ticker.asleep); i++)
            nanosleep(&moment, NULL);
        engine_stop_ticker(engine);
        engine_stop_ticker(engine);
        engine_free(engine);
    }
}

int main(void) {
    bed_open(&bed, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_settings),
        cmocka_unit_test(the_key_is_fit_for_a_file_name),
        cmocka_unit_test(it_says_how_pages_are_found),
        cmocka_unit_test(the_key_names_only_what_changes_code),
        cmocka_unit_test(images_have_the_size_they_say),
        cmocka_unit_test(images_must_fit_a_slot),
        cmocka_unit_test(the_ticker_sleeps_and_wakes),
        cmocka_unit_test(the_ticker_stops_asleep_or_not),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bed_close(&bed);
    return failed;
}
