/* What the engine costs by itself: medians over batches, in microseconds. Not a test. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wasmtime.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 200, BATCHES = 51 };

/* pk-0: nothing. pk-1: writes one byte to each of 250 pages of the image. pk-2: the same by memory
 * that it has to read first. */
static const char text[] =
    "(module (import \"t\" \"park\" (func $park))\n"
    "  (memory (export \"memory\") 0)\n"
    "  (func $touch (local $i i32)\n"
    "    (loop $l (i32.store8 (i32.mul (local.get $i) (i32.const 20480)) (i32.const 1))\n"
    "      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const "
    "250)))))\n"
    "  (func (export \"pk-0\"))\n"
    "  (func (export \"pk-1\") (call $touch))\n"
    "  (func (export \"pk-2\") (call $park)))";

static enum engine_outcome park(void *data, struct engine_run *run, uint64_t *values) {
    (void)data, (void)run, (void)values;
    return ENGINE_PARK;
}

static enum engine_outcome resume(void *data, struct engine_run *run, uint64_t *values) {
    (void)data, (void)run, (void)values;
    return ENGINE_DONE;
}

static struct engine *engine;
static struct engine_thread *thread;
static struct engine_program *program;
static struct engine_image *image;

static void check(bool ok, const struct err *err) {
    if (ok) return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void setup(void) {
    struct err err = {0};
    struct engine_settings settings;
    engine_settings_default(&settings);
    check(engine_new(&settings, &engine, &err), &err);
    check(engine_start_ticker(engine, &err), &err);
    check(engine_thread_new(engine, &thread, &err), &err);
    engine_thread_busy(thread, true);
    wasm_byte_vec_t wasm;
    if (wasmtime_wat2wasm(text, strlen(text), &wasm)) exit(1);
    int fd = memfd_create("code", MFD_CLOEXEC);
    check(engine_compile(engine, (const uint8_t *)wasm.data, wasm.size, fd, &err), &err);
    wasm_byte_vec_delete(&wasm);
    struct engine_code *code;
    check(engine_code_open(engine, fd, &code, &err), &err);
    close(fd);
    const struct engine_import import = {"t", "park", NULL, NULL, 0, 0, park, resume, NULL};
    check(engine_program_new(engine, code, &import, 1, 3, &program, &err), &err);
    engine_code_release(code);
    fd = memfd_create("image", MFD_CLOEXEC);
    uint32_t pages = 300;
    char *bytes = malloc(ENGINE_PAGE);
    if (!bytes) exit(1);
    memset(bytes, 'x', ENGINE_PAGE);
    for (uint32_t i = 0; i < pages; i++)
        if (write(fd, bytes, ENGINE_PAGE) != ENGINE_PAGE) exit(1);
    free(bytes);
    check(engine_image_open(&(struct engine_image_file){.fd = fd}, pages, &image, &err), &err);
    close(fd);
}

static struct engine_run *begin(uint32_t entry) {
    struct err err = {0};
    struct engine_run *run = NULL;
    check(engine_run_new(thread, program, image, entry, 1000, NULL, &run, &err), &err);
    return run;
}

static void call(uint32_t entry) {
    struct engine_run *run = begin(entry);
    while (engine_run_poll(run) == ENGINE_RUNNING) {
    }
    engine_run_delete(run);
}

static void empty(void) {
    call(0);
}
static void touch(void) {
    call(1);
}
static void instance_only(void) {
    engine_run_delete(begin(0));
}
static void fresh_empty(void) {
    engine_thread_forget(thread, image);
    call(0);
}
static void fresh_touch(void) {
    engine_thread_forget(thread, image);
    call(1);
}
static void park_and_wake(void) {
    struct engine_run *run = begin(2);
    while (engine_run_poll(run) == ENGINE_RUNNING) {
    }
    engine_run_wake(run);
    while (engine_run_poll(run) == ENGINE_RUNNING) {
    }
    engine_run_delete(run);
}
static void cancel_parked(void) {
    struct engine_run *run = begin(2);
    while (engine_run_poll(run) == ENGINE_RUNNING) {
    }
    engine_run_delete(run);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *name, void (*what)(void), unsigned batch) {
    double figures[BATCHES];
    for (unsigned i = 0; i < batch; i++) what();
    struct engine_thread_stats before, after;
    engine_thread_get_stats(thread, &before);
    for (unsigned i = 0; i < BATCHES; i++) {
        uint64_t start = clock_monotonic();
        for (unsigned j = 0; j < batch; j++) what();
        figures[i] = (double)(clock_monotonic() - start) / 1e3 / batch;
    }
    engine_thread_get_stats(thread, &after);
    qsort(figures, BATCHES, sizeof *figures, by_value);
    double calls = (double)BATCHES * batch;
    printf("%-46s %8.2f us  (p10 %.2f, p90 %.2f; scans %.3f, pages copied %.0f a call)\n", name,
           figures[BATCHES / 2], figures[BATCHES / 10], figures[BATCHES * 9 / 10],
           (double)(after.scans - before.scans) / calls,
           (double)(after.pages_copied - before.pages_copied) / calls);
}

int main(void) {
    setup();
    printf("%s, image of 300 pages\n", engine_key(engine));
    measure("instance only, used slot", instance_only, BATCH);
    measure("empty call, used slot", empty, BATCH);
    measure("park, wake, finish, used slot", park_and_wake, BATCH);
    measure("park, cancel, used slot", cancel_parked, BATCH);
    measure("empty call, fresh slot", fresh_empty, 20);
    measure("call that writes 250 pages, used slot", touch, 20);
    measure("call that writes 250 pages, fresh slot", fresh_touch, 20);
    engine_image_release(image);
    engine_program_release(program);
    engine_thread_free(thread);
    engine_free(engine);
    return 0;
}
