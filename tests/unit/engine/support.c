#include "support.h"

#include "signals.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wasmtime.h>

#include "base/err.h"

const char machine_text[] =
    "(module\n"
    "  (import \"t\" \"start\" (func $start (result i32 i32)))\n"
    "  (import \"t\" \"step\" (func $step (result i32 i32 i64)))\n"
    "  (import \"t\" \"report\" (func $report (param i64)))\n"
    "  (import \"t\" \"park\" (func $park (param i64) (result i64)))\n"
    "  (import \"t\" \"store\" (func $host_store (param i32 i64)))\n"
    "  (import \"t\" \"fail\" (func $fail))\n"
    "  (memory (export \"memory\") 0)\n"
    "  (global $size (mut i32) (i32.const 0))\n"
    "  (global $limit (mut i32) (i32.const 0))\n"
    "  (global $g (mut i64) (i64.const 7))\n"
    "  (table $t 8 funcref)\n"
    "  (elem (i32.const 0) $deeper)\n"
    "  (elem declare func $deeper)\n"
    "  (func $deeper (param $n i32) (result i32)\n"
    "    (if (result i32) (i32.eqz (local.get $n)) (then (i32.const 0))\n"
    "      (else (i32.add (i32.const 1) (call $deeper (i32.sub (local.get $n) (i32.const 1)))))))\n"
    "  (func $grow (param $by i32) (result i32) (local $old i32) (local $new i64)\n"
    "    (local.set $old (global.get $size))\n"
    "    (local.set $new (i64.add (i64.extend_i32_u (local.get $old)) (i64.extend_i32_u (local.get "
    "$by))))\n"
    "    (if (i64.gt_u (local.get $new) (i64.extend_i32_u (global.get $limit))) (then (return "
    "(i32.const -1))))\n"
    "    (if (i64.gt_u (local.get $new) (i64.extend_i32_u (memory.size)))\n"
    "      (then (if (i32.eq (i32.const -1) (memory.grow (i32.sub (i32.wrap_i64 (local.get $new)) "
    "(memory.size))))\n"
    "        (then (return (i32.const -1))))))\n"
    "    (global.set $size (i32.wrap_i64 (local.get $new)))\n"
    "    (local.get $old))\n"
    "  (func (export \"pk-0\") (local $kind i32) (local $at i32) (local $value i64)\n"
    "    (call $start) (global.set $limit) (global.set $size)\n"
    "    (loop $again\n"
    "      (call $step) (local.set $value) (local.set $at) (local.set $kind)\n"
    "      (block $fill (block $hfail (block $hstore (block $rsize (block $rgrow (block $recurse "
    "(block $parking (block $trap\n"
    "      (block $spin (block $gett (block $sett (block $getg (block $setg (block $growing (block "
    "$load (block $store (block $end\n"
    "        (br_table $end $store $load $growing $setg $getg $sett $gett $spin $trap $parking "
    "$recurse $rgrow $rsize $hstore $hfail\n"
    "          $fill (local.get $kind))\n"
    "      ) (return)\n"
    "      ) (i32.store8 (local.get $at) (i32.wrap_i64 (local.get $value))) (br $again)\n"
    "      ) (call $report (i64.load8_u (local.get $at))) (br $again)\n"
    "      ) (call $report (i64.extend_i32_s (call $grow (local.get $at)))) (br $again)\n"
    "      ) (global.set $g (local.get $value)) (br $again)\n"
    "      ) (call $report (global.get $g)) (br $again)\n"
    "      ) (table.set $t (local.get $at) (ref.func $deeper)) (br $again)\n"
    "      ) (call $report (i64.extend_i32_u (i32.eqz (ref.is_null (table.get $t (local.get "
    "$at)))))) (br $again)\n"
    "      ) (loop $forever (br $forever))\n"
    "      ) (unreachable)\n"
    "      ) (call $report (call $park (local.get $value))) (br $again)\n"
    "      ) (call $report (i64.extend_i32_u (call $deeper (local.get $at)))) (br $again)\n"
    "      ) (call $report (i64.extend_i32_s (memory.grow (local.get $at)))) (br $again)\n"
    "      ) (call $report (i64.extend_i32_u (memory.size))) (br $again)\n"
    "      ) (call $host_store (local.get $at) (local.get $value)) (br $again)\n"
    "      ) (call $fail) (br $again)\n"
    "      ) (memory.fill (local.get $at) (i32.const 0xa5) (i32.wrap_i64 (local.get $value))) (br "
    "$again))))\n";

static enum engine_outcome do_start(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    const struct guest *guest = engine_run_user(run);
    values[0] = guest->pages;
    values[1] = guest->limit;
    return ENGINE_DONE;
}

static enum engine_outcome do_step(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    struct guest *guest = engine_run_user(run);
    const struct step *step = &guest->steps[guest->next++];
    values[0] = step->kind;
    values[1] = step->at | 0xdead00000000; /* an i32: the upper half must not matter */
    values[2] = (uint64_t)step->value;
    return ENGINE_DONE;
}

static enum engine_outcome do_report(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    struct guest *guest = engine_run_user(run);
    assert_true(guest->report_count < GUEST_REPORTS);
    guest->reports[guest->report_count++] = (int64_t)values[0];
    return ENGINE_DONE;
}

static enum engine_outcome do_park(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    struct guest *guest = engine_run_user(run);
    guest->parked_with = (int64_t)values[0];
    if (guest->parked_with == -1) return engine_run_fail(run, "will not wait");
    if (guest->parked_with == -2) values[0] = 222;
    return guest->parked_with == -2 ? ENGINE_DONE : ENGINE_PARK;
}

static enum engine_outcome do_resume(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    struct guest *guest = engine_run_user(run);
    if (guest->refuse) return engine_run_fail(run, "refused\nwith %d lines", 2);
    if (guest->park_again) {
        guest->park_again--;
        return ENGINE_PARK;
    }
    values[0] = (uint64_t)guest->wake_value;
    return ENGINE_DONE;
}

static enum engine_outcome do_store(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    uint64_t size;
    uint8_t *memory = engine_run_memory(run, &size);
    if (values[0] >= size)
        return engine_run_fail(run, "store beyond %llu", (unsigned long long)size);
    memory[values[0]] = (uint8_t)values[1];
    return ENGINE_DONE;
}

static enum engine_outcome do_fail(void *data, struct engine_run *run, uint64_t *values) {
    (void)data, (void)values;
    return engine_run_fail(run, "the host says %s", "no");
}

static const uint8_t i32_i32[] = {ENGINE_I32, ENGINE_I32};
static const uint8_t i32_i64[] = {ENGINE_I32, ENGINE_I64};
static const uint8_t i32_i32_i64[] = {ENGINE_I32, ENGINE_I32, ENGINE_I64};
static const uint8_t i64[] = {ENGINE_I64};

const struct engine_import machine_imports[] = {
    {"t", "start", NULL, i32_i32, 0, 2, do_start, NULL, NULL},
    {"t", "step", NULL, i32_i32_i64, 0, 3, do_step, NULL, NULL},
    {"t", "report", i64, NULL, 1, 0, do_report, NULL, NULL},
    {"t", "park", i64, i64, 1, 1, do_park, do_resume, NULL},
    {"t", "store", i32_i64, NULL, 2, 0, do_store, NULL, NULL},
    {"t", "fail", NULL, NULL, 0, 0, do_fail, NULL, NULL},
};
const size_t machine_import_count = sizeof machine_imports / sizeof *machine_imports;

/* ---- modules and images ---- */

int compile_text(struct engine *engine, const char *text) {
    struct err err = {0};
    wasm_byte_vec_t wasm;
    wasmtime_error_t *error = wasmtime_wat2wasm(text, strlen(text), &wasm);
    if (error) {
        wasm_name_t message;
        wasmtime_error_message(error, &message);
        fail_msg("%.*s", (int)message.size, message.data);
    }
    int fd = memfd_create("code", MFD_CLOEXEC);
    assert_true(fd >= 0);
    if (!engine_compile(engine, (const uint8_t *)wasm.data, wasm.size, fd, &err))
        fail_msg("%s", err.text);
    wasm_byte_vec_delete(&wasm);
    return fd;
}

struct engine_code *code_from_text(struct engine *engine, const char *text) {
    struct err err = {0};
    int fd = compile_text(engine, text);
    struct engine_code *code = NULL;
    if (!engine_code_open(engine, fd, &code, &err)) fail_msg("%s", err.text);
    close(fd);
    return code;
}

struct engine_program *program_from_text(struct engine *engine, const char *text,
                                         const struct engine_import *imports, size_t count,
                                         uint32_t entries) {
    struct err err = {0};
    struct engine_code *code = code_from_text(engine, text);
    struct engine_program *program = NULL;
    if (!engine_program_new(engine, code, imports, count, entries, &program, &err))
        fail_msg("%s", err.text);
    engine_code_release(code);
    return program;
}

uint8_t image_byte(uint64_t offset) {
    return (uint8_t)(offset % 251 + 1);
}

struct engine_image *image_new(uint32_t pages) {
    struct err err = {0};
    int fd = memfd_create("image", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(0, ftruncate(fd, (off_t)pages * ENGINE_PAGE));
    for (uint32_t page = 0; page < pages; page++) {
        if (pages >= 3 && page == pages / 2) continue;
        uint8_t bytes[ENGINE_PAGE];
        for (uint32_t i = 0; i < ENGINE_PAGE; i++)
            bytes[i] = image_byte((uint64_t)page * ENGINE_PAGE + i);
        assert_int_equal(ENGINE_PAGE, pwrite(fd, bytes, ENGINE_PAGE, (off_t)page * ENGINE_PAGE));
    }
    struct engine_image *image = NULL;
    if (!engine_image_open(&(struct engine_image_file){.fd = fd}, pages, &image, &err))
        fail_msg("%s", err.text);
    close(fd);
    return image;
}

/* ---- the bed ---- */

void bed_open(struct bed *bed, const struct engine_settings *settings) {
    struct err err = {0};
    engine_settings_default(&bed->settings);
    bed->settings.tick_us = 1000;
    if (settings) bed->settings = *settings;
    if (!engine_new(&bed->settings, &bed->engine, &err)) fail_msg("%s", err.text);
    signals_save();
    if (!engine_start_ticker(bed->engine, &err)) fail_msg("%s", err.text);
    if (!engine_thread_new(bed->engine, &bed->thread, &err)) fail_msg("%s", err.text);
    engine_thread_busy(bed->thread, true);
    bed->machine =
        program_from_text(bed->engine, machine_text, machine_imports, machine_import_count, 1);
}

void bed_close(struct bed *bed) {
    engine_program_release(bed->machine);
    engine_thread_free(bed->thread);
    engine_free(bed->engine);
}

struct engine_thread_stats bed_stats(const struct bed *bed) {
    struct engine_thread_stats stats;
    engine_thread_get_stats(bed->thread, &stats);
    return stats;
}

void signals_restore_for_guests(void) {
    signals_restore();
}

/* ---- guests ---- */

void guest_begin(struct guest *guest, struct bed *bed, struct engine_image *image,
                 const struct step *steps, uint32_t limit) {
    struct err err = {0};
    signals_restore();
    *guest = (struct guest){
        .steps = steps, .pages = engine_image_pages(image), .limit = limit ? limit : 1000};
    if (!engine_run_new(bed->thread, bed->machine, image, 0, guest->limit, guest, &guest->run,
                        &err))
        fail_msg("%s", err.text);
}

enum engine_state guest_finish(struct guest *guest) {
    enum engine_state state;
    do state = engine_run_poll(guest->run);
    while (state == ENGINE_RUNNING);
    return state;
}

void guest_run(struct guest *guest, struct bed *bed, struct engine_image *image,
               const struct step *steps) {
    guest_begin(guest, bed, image, steps, 0);
    enum engine_state state = guest_finish(guest);
    if (state == ENGINE_TRAPPED) fail_msg("trapped: %s", engine_run_fault(guest->run)->text);
    assert_int_equal(ENGINE_FINISHED, state);
    engine_run_delete(guest->run);
    guest->run = NULL;
}
