/* Binding code to host functions: what is missing, of another type, or passed on wrongly. */
#include "support.h"

#include <stdio.h>

#include "base/err.h"

static struct bed bed;
static struct engine_image *image;

static enum engine_outcome nothing(void *data, struct engine_run *run, uint64_t *values) {
    (void)data, (void)run, (void)values;
    return ENGINE_DONE;
}

static const uint8_t i32[] = {ENGINE_I32}, i64[] = {ENGINE_I64};

static void expect_refused(const char *text, const struct engine_import *imports, size_t count,
                           uint32_t entries, enum err_kind kind, const char *why) {
    struct err err = {0};
    struct engine_code *code = code_from_text(bed.engine, text);
    struct engine_program *program = NULL;
    assert_false(engine_program_new(bed.engine, code, imports, count, entries, &program, &err));
    assert_null(program);
    assert_int_equal(kind, err.kind);
    assert_string_equal(why, err.text);
    engine_code_release(code);
}

static void refuses_imports_it_does_not_have(void **state) {
    (void)state;
    const struct engine_import have = {"a", "f", i32, NULL, 1, 0, nothing, NULL, NULL};
    expect_refused("(module (import \"a\" \"g\" (func)))", &have, 1, 0, ERR_UNSUPPORTED,
                   "the code imports \"a\" \"g\", which this host does not have");
    expect_refused("(module (import \"b\" \"f\" (func (param i32))))", &have, 1, 0, ERR_UNSUPPORTED,
                   "the code imports \"b\" \"f\", which this host does not have");
    expect_refused("(module (import \"a\" \"f\" (global i32)))", &have, 1, 0, ERR_UNSUPPORTED,
                   "the code imports \"a\" \"f\", which is not a function");
    expect_refused("(module (import \"a\" \"f\" (func)))", NULL, 0, 0, ERR_UNSUPPORTED,
                   "the code imports \"a\" \"f\", which this host does not have");
}

static void refuses_imports_of_another_type(void **state) {
    (void)state;
    const struct engine_import have = {"a", "f", i32, i64, 1, 1, nothing, NULL, NULL};
    static const char why[] =
        "the code imports \"a\" \"f\" with another type than the host's (i32) -> (i64)";
    expect_refused("(module (import \"a\" \"f\" (func (param i64) (result i64))))", &have, 1, 0,
                   ERR_INVALID, why);
    expect_refused("(module (import \"a\" \"f\" (func (param i32))))", &have, 1, 0, ERR_INVALID,
                   why);
    expect_refused("(module (import \"a\" \"f\" (func (param i32 i32) (result i64))))", &have, 1, 0,
                   ERR_INVALID, why);
    expect_refused("(module (import \"a\" \"f\" (func (param externref) (result i64))))", &have, 1,
                   0, ERR_INVALID, why);
}

static void refuses_missing_entries(void **state) {
    (void)state;
    expect_refused("(module (func (export \"pk-0\")))", NULL, 0, 2, ERR_INVALID,
                   "the code has no export \"pk-1\"");
    expect_refused("(module (func (export \"pk-0\") (param i32)))", NULL, 0, 1, ERR_INVALID,
                   "the code's export \"pk-0\" is not a function without parameters and results");
    expect_refused("(module (memory (export \"pk-0\") 0))", NULL, 0, 1, ERR_INVALID,
                   "the code's export \"pk-0\" is not a function without parameters and results");
}

/* ---- values of every type, in many numbers, through both kinds of import ---- */

enum { MANY = 40 };
static uint64_t seen[MANY];
static unsigned times;

static enum engine_outcome mix(void *data, struct engine_run *run, uint64_t *values) {
    (void)run;
    assert_string_equal("data", data);
    memcpy(seen, values, 4 * sizeof *seen);
    times++;
    /* (i32 i64 f32 f64) -> (f64 f32 i64 i32) */
    uint64_t results[] = {values[3], values[2] | 0xabcdef0000000000, values[1],
                          values[0] | 0xabcdef0000000000};
    memcpy(values, results, sizeof results);
    return ENGINE_DONE;
}

static enum engine_outcome wait(void *data, struct engine_run *run, uint64_t *values) {
    mix(data, run, values);
    memset(values, 0xff, 4 * sizeof *values); /* not looked at */
    return ENGINE_PARK;
}

static enum engine_outcome waited(void *data, struct engine_run *run, uint64_t *values) {
    memcpy(values, seen, 4 * sizeof *seen);
    return mix(data, run, values);
}

static const char mixing[] =
    "(module (import \"m\" \"mix\" (func $mix (param i32 i64 f32 f64) (result f64 f32 i64 i32)))"
    "  (memory (export \"memory\") 0)"
    "  (func (export \"pk-0\") (local $a i32) (local $b i64) (local $c f32) (local $d f64)"
    "    (call $mix (i32.const -2) (i64.const -3) (f32.const 1.5) (f64.const -2.25))"
    "    (local.set $a) (local.set $b) (local.set $c) (local.set $d)"
    "    (if (i32.ne (local.get $a) (i32.const -2)) (then unreachable))"
    "    (if (i64.ne (local.get $b) (i64.const -3)) (then unreachable))"
    "    (if (f32.ne (local.get $c) (f32.const 1.5)) (then unreachable))"
    "    (if (f64.ne (local.get $d) (f64.const -2.25)) (then unreachable))))";

static void finish(struct engine_program *program, uint32_t entry) {
    struct err err = {0};
    struct engine_run *run = NULL;
    signals_restore_for_guests();
    assert_true(engine_run_new(bed.thread, program, image, entry, 100, NULL, &run, &err));
    for (;;) {
        enum engine_state state = engine_run_poll(run);
        if (state == ENGINE_TRAPPED) fail_msg("%s", engine_run_fault(run)->text);
        if (state == ENGINE_FINISHED) break;
        if (state == ENGINE_PARKED) engine_run_wake(run);
    }
    engine_run_delete(run);
}

static void passes_values_of_every_type(void **state) {
    (void)state;
    static const uint8_t in[] = {ENGINE_I32, ENGINE_I64, ENGINE_F32, ENGINE_F64};
    static const uint8_t out[] = {ENGINE_F64, ENGINE_F32, ENGINE_I64, ENGINE_I32};
    static char data[] = "data";
    struct engine_import import = {"m", "mix", in, out, 4, 4, mix, NULL, data};
    for (int parking = 0; parking < 2; parking++) {
        times = 0;
        if (parking) import.call = wait, import.resume = waited;
        struct engine_program *program = program_from_text(bed.engine, mixing, &import, 1, 1);
        finish(program, 0);
        assert_int_equal(1 + parking, times);
        assert_int_equal(0xfffffffe, seen[0]); /* the upper half is clear */
        assert_true((int64_t)seen[1] == -3);
        assert_int_equal(0x3fc00000, seen[2]);
        assert_true(seen[3] == 0xc002000000000000);
        engine_program_release(program);
    }
}

static enum engine_outcome rotate(void *data, struct engine_run *run, uint64_t *values) {
    (void)data, (void)run;
    uint64_t first = values[0];
    memmove(values, values + 1, (MANY - 1) * sizeof *values);
    values[MANY - 1] = first;
    return ENGINE_DONE;
}

/* More values than fit in registers, and one more result than pk "start" of any skill so far. */
static void passes_many_values(void **state) {
    (void)state;
    static char text[8000];
    size_t used =
        (size_t)snprintf(text, sizeof text, "(module (import \"m\" \"r\" (func $r (param");
    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < MANY; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, " i64");
        used += (size_t)snprintf(text + used, sizeof text - used, half ? ")))" : ") (result");
    }
    used += (size_t)snprintf(text + used, sizeof text - used,
                             "(memory (export \"memory\") 0) (func (export \"pk-0\")");
    for (int i = 0; i < MANY; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "(i64.const %d)", i);
    used += (size_t)snprintf(text + used, sizeof text - used, "(call $r)");
    for (int i = MANY - 1; i >= 0; i--)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "(if (i64.ne (i64.const %d)) (then unreachable))", (i + 1) % MANY);
    snprintf(text + used, sizeof text - used, "))");
    uint8_t kinds[MANY];
    memset(kinds, ENGINE_I64, sizeof kinds);
    const struct engine_import import = {"m", "r", kinds, kinds, MANY, MANY, rotate, NULL, NULL};
    struct engine_program *program = program_from_text(bed.engine, text, &import, 1, 1);
    finish(program, 0);
    engine_program_release(program);
}

static void one_name_may_be_imported_twice(void **state) {
    (void)state;
    const struct engine_import import = {"a", "f", i32, NULL, 1, 0, nothing, NULL, NULL};
    struct engine_program *program =
        program_from_text(bed.engine,
                          "(module (import \"a\" \"f\" (func $a (param i32))) (import \"a\" \"f\" "
                          "(func $b (param i32)))"
                          " (memory (export \"memory\") 0) (func (export \"pk-0\") (call $a "
                          "(i32.const 1)) (call $b (i32.const 2))))",
                          &import, 1, 1);
    finish(program, 0);
    engine_program_release(program);
}

static void entries_are_told_apart(void **state) {
    (void)state;
    const struct engine_import import = {"a", "f", i32, NULL, 1, 0, nothing, NULL, NULL};
    struct engine_program *program =
        program_from_text(bed.engine,
                          "(module (memory (export \"memory\") 0) (func (export \"pk-1\")) (func "
                          "(export \"pk-0\") unreachable))",
                          &import, 1, 2);
    finish(program, 1);
    struct engine_program *again = engine_program_retain(program);
    engine_program_release(program);
    finish(again, 1);
    engine_program_release(again);
}

/* ---- instances that cannot be made ---- */

static void expect_no_instance(const char *text, const char *why) {
    struct err err = {0};
    struct engine_run *run = NULL;
    signals_restore_for_guests();
    const struct engine_import import = {"a", "f", i32, NULL, 1, 0, nothing, NULL, NULL};
    struct engine_program *program = program_from_text(bed.engine, text, &import, 1, 1);
    assert_false(engine_run_new(bed.thread, program, image, 0, 100, NULL, &run, &err));
    assert_null(run);
    if (!strstr(err.text, why)) fail_msg("%s", err.text);
    assert_null(strchr(err.text, '\n'));
    engine_program_release(program);
}

static void refuses_modules_it_cannot_give_memory(void **state) {
    (void)state;
    expect_no_instance(
        "(module (memory (export \"memory\") 0) (memory 1) (func (export \"pk-0\")))",
        "more than one memory");
    expect_no_instance("(module (memory (export \"memory\") 9) (func (export \"pk-0\")))",
                       "larger than the image");
    expect_no_instance(
        "(module (memory 0) (func $s unreachable) (start $s) (func (export \"pk-0\")))",
        "unreachable");
    expect_no_instance(
        "(module (memory 0) (func $s (loop $l (br $l))) (start $s) (func (export \"pk-0\")))",
        "does not end");
    expect_no_instance(
        "(module (memory 0) (data (i32.const 500000) \"x\") (func (export \"pk-0\")))",
        "out of bounds");
}

/* Data that a module kept is written into the slot when the instance is made, and must not stay in
 * it: whether the run ends, is cancelled before its first poll, or is polled only after another
 * run. */
static void data_kept_in_the_code_does_not_stay(void **state) {
    (void)state;
    struct engine_program *keeps =
        program_from_text(bed.engine,
                          "(module (memory (export \"memory\") 0) (data (i32.const 8200) "
                          "\"\\77\\77\") (func (export \"pk-0\")))",
                          NULL, 0, 1);
    struct engine_image *other = image_new(1);
    for (int i = 0; i < 6; i++) {
        struct err err = {0};
        struct engine_run *run = NULL;
        struct guest guest;
        engine_thread_forget(bed.thread, image); /* a slot in which nothing is known */
        for (int j = 0; j < 3; j++) guest_run(&guest, &bed, other, STEPS({STEP_LOAD, 0, 0}));
        assert_true(engine_run_new(bed.thread, keeps, image, 0, 100, NULL, &run, &err));
        if (i % 3 == 1) guest_run(&guest, &bed, other, STEPS({STEP_LOAD, 0, 0}));
        if (i % 3 != 2)
            while (engine_run_poll(run) == ENGINE_RUNNING) {
            }
        engine_run_delete(run);
        guest_run(&guest, &bed, image, STEPS({STEP_LOAD, 8200, 0}, {STEP_LOAD, 8201, 0}));
        assert_int_equal(image_byte(8200), guest.reports[0]);
        assert_int_equal(image_byte(8201), guest.reports[1]);
    }
    engine_thread_forget(bed.thread, other);
    engine_image_release(other);
    engine_program_release(keeps);
}

static void code_without_memory_runs(void **state) {
    (void)state;
    struct engine_program *program =
        program_from_text(bed.engine, "(module (func (export \"pk-0\")))", NULL, 0, 1);
    finish(program, 0);
    engine_program_release(program);
}

int main(void) {
    bed_open(&bed, NULL);
    image = image_new(4);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_imports_it_does_not_have),
        cmocka_unit_test(refuses_imports_of_another_type),
        cmocka_unit_test(refuses_missing_entries),
        cmocka_unit_test(passes_values_of_every_type),
        cmocka_unit_test(passes_many_values),
        cmocka_unit_test(one_name_may_be_imported_twice),
        cmocka_unit_test(entries_are_told_apart),
        cmocka_unit_test(refuses_modules_it_cannot_give_memory),
        cmocka_unit_test(data_kept_in_the_code_does_not_stay),
        cmocka_unit_test(code_without_memory_runs),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    engine_image_release(image);
    bed_close(&bed);
    return failed;
}
