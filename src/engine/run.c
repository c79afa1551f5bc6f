#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/must.h"

enum { START_TICKS = 10 };
#define ELEMENTS "pk-elements" /* export: a global */

_Thread_local struct engine_run *run_current;

/* ---- stretches: the times in which a run's memory may be written (its instantiation, its polls)
 *
 * A page becomes private only by a fault of this thread within a stretch of its run. So when the
 * thread's counter at a stretch's end is what it was at any moment before its start, no page has
 * become private. One reading per stretch is enough, the one at its end: the next stretch of any
 * run starts from it. Faults in between, the host's own, are then held against that next run: its
 * slot is scanned once too often. When that happens, the next stretches read the counter at their
 * start as well (`distrust`). ---- */

static uint64_t stretch_begin(struct engine_thread *thread) {
    if (!thread->owned) {
        thread->owner = pthread_self();
        thread->owned = true;
        thread->distrust = 1; /* whatever was read before was another thread's counter */
    }
    must(pthread_equal(thread->owner, pthread_self()));
    if (thread->distrust) {
        thread->distrust--;
        thread->faults = scan_faults();
    }
    return thread->faults;
}

static void stretch_end(struct engine_run *run) {
    struct engine_thread *thread = run->thread;
    thread->faults = scan_faults();
    if (thread->faults == run->faults) return;
    run->touched += thread->faults - run->faults;
    if (run->slot) run->slot->unknown = true;
}

/* ---- making ---- */

static struct engine_run *run_take(struct engine_thread *thread) {
    struct engine_run *run = thread->spare_runs;
    if (run)
        thread->spare_runs = run->next;
    else
        run = malloc(sizeof *run);
    if (!run) return NULL;
    memset(run, 0, offsetof(struct engine_run, fault));
    run->fault.kind = FAULT_OTHER;
    run->fault.text[0] = '\0';
    run->thread = thread;
    run->next = thread->runs;
    if (run->next) run->next->previous = run;
    thread->runs = run;
    return run;
}

static bool poll_inside(struct engine_run *run) {
    must(!run_current);
    run_current = run;
    bool done = wasmtime_call_future_poll(run->future);
    run_current = NULL;
    return done;
}

static void future_end(struct engine_run *run) {
    if (run->future) wasmtime_call_future_delete(run->future);
    run->future = NULL;
}

static void run_fault(struct engine_run *run) {
    fault_take(run->trap, run->error, run->failed, &run->fault);
    run->trap = NULL;
    run->error = NULL;
}

/* Linked code has no start function; one that waited or looped would keep its thread here, so it
 * gets this one poll. */
static bool run_instantiate(struct engine_run *run, struct err *err) {
    wasmtime_context_t *context = wasmtime_store_context(run->store);
    wasmtime_context_set_epoch_deadline(context, START_TICKS);
    run->future = wasmtime_instance_pre_instantiate_async(run->program->pre, context,
                                                          &run->instance, &run->trap, &run->error);
    bool done = poll_inside(run);
    future_end(run);
    if (!done)
        return err_set(err, ERR_UNSUPPORTED, "the code's start function does not end at once");
    if (!run->trap && !run->error) return true;
    run_fault(run);
    return err_set(err, ERR_MEMORY, "cannot make an instance: %s", run->fault.text);
}

static void run_call_entry(struct engine_run *run, uint32_t entry) {
    wasmtime_context_t *context = wasmtime_store_context(run->store);
    const char *name = run->program->entry_names[entry];
    wasmtime_extern_t export;
    must(wasmtime_instance_export_get(context, &run->instance, name, strlen(name), &export));
    must(export.kind == WASMTIME_EXTERN_FUNC);
    run->entry = export.of.func;
    wasmtime_context_set_epoch_deadline(context, 1);
    run->future =
        wasmtime_func_call_async(context, &run->entry, NULL, 0, NULL, 0, &run->trap, &run->error);
}

bool engine_run_new(struct engine_thread *thread, struct engine_program *program,
                    struct engine_image *image, uint32_t entry, uint32_t memory_limit, void *user,
                    struct engine_run **out, struct err *err) {
    must(entry < program->entries);
    if (memory_limit < image->pages)
        return err_set(err, ERR_LIMIT,
                       "the memory limit of %u pages is below the skill's initial %u", memory_limit,
                       image->pages);
    struct engine_run *run = run_take(thread);
    if (!run) return err_set(err, ERR_MEMORY, "no memory for a run");
    run->program = engine_program_retain(program);
    run->image = image;
    run->limit = memory_limit;
    run->user = user;
    run->faults = stretch_begin(thread);
    run->store = wasmtime_store_new(thread->engine->wasm, NULL, NULL);
    wasmtime_context_t *context = wasmtime_store_context(run->store);
    wasmtime_context_epoch_deadline_async_yield_and_update(context, 1);
    if (!run_instantiate(run, err)) {
        engine_run_delete(run);
        return false;
    }
    run_call_entry(run, entry);
    thread->stats.runs++;
    *out = run;
    return true;
}

/* ---- running ---- */

static void run_finish(struct engine_run *run) {
    future_end(run);
    run->state = ENGINE_FINISHED;
    if (!run->trap && !run->error) return;
    run_fault(run);
    run->state = ENGINE_TRAPPED;
}

enum engine_state engine_run_poll(struct engine_run *run) {
    if (run->state == ENGINE_FINISHED || run->state == ENGINE_TRAPPED) return run->state;
    if (run->parked && !run->woken) return ENGINE_PARKED;
    /* The first stretch has begun with the instance. */
    if (run->started) run->faults = stretch_begin(run->thread);
    run->started = true;
    bool done = poll_inside(run);
    stretch_end(run);
    if (done)
        run_finish(run);
    else
        run->state = run->parked ? ENGINE_PARKED : ENGINE_RUNNING;
    return run->state;
}

void engine_run_wake(struct engine_run *run) {
    run->woken = true;
}

/* ---- what it costs ---- */

/* So much is given back at a time, where it is so much in all: a millisecond for a piece. */
#define CLEAR_PIECE ((size_t)4 << 20)
#define CLEAR_LEAST ((size_t)32 << 20)

uint64_t engine_run_cost(const struct engine_run *run) {
    const struct scanner *scanner = &run->thread->engine->scanner;
    if (scanner->counters) return run->base + run->touched * scanner->page;
    return run->slot ? slot_private(run->slot) : 0;
}

/* Linked code counts the elements of its tables (link/link.h); other code has none that matter. */
static uint64_t tables_cost(const struct engine_run *run) {
    wasmtime_context_t *context = wasmtime_store_context(run->store);
    wasmtime_extern_t export;
    wasmtime_val_t value;
    if (!wasmtime_instance_export_get(context, &run->instance, ELEMENTS, strlen(ELEMENTS), &export))
        return 0;
    if (export.kind != WASMTIME_EXTERN_GLOBAL) return 0;
    wasmtime_global_get(context, &export.of.global, &value);
    return value.kind == WASMTIME_I32 ? (uint64_t)(uint32_t)value.of.i32 * sizeof(void *) : 0;
}

/* Faults are no longer needed, which count also what was only read, and what was given back. */
void engine_run_measure(struct engine_run *run) {
    run->base = tables_cost(run) + (run->stack ? stack_resident(run->stack) : 0);
    if (run->slot) run->base += slot_private(run->slot);
    run->touched = 0;
}

/* What was dropped stays in the slot's known set: a torn slot is reset, not copied to. */
bool engine_run_clear(struct engine_run *run) {
    must(!run_current);
    struct slot *slot = run->slot;
    uint64_t cost = engine_run_cost(run);
    if (!slot || run->cleared == slot->high || (!run->cleared && cost < CLEAR_LEAST)) return false;
    size_t left = slot->high - run->cleared, piece = left < CLEAR_PIECE ? left : CLEAR_PIECE;
    slot->torn = true;
    if (madvise(slot->base + run->cleared, piece, MADV_DONTNEED)) return false;
    run->cleared += piece;
    run->base = cost > piece ? cost - piece : 0;
    run->touched = 0;
    return run->cleared < slot->high;
}

void engine_run_rest(struct engine_run *run) {
    must(run->parked && !run_current);
    if (run->slot) slot_rest(run->slot);
}

const struct engine_fault *engine_run_fault(const struct engine_run *run) {
    must(run->state == ENGINE_TRAPPED);
    return &run->fault;
}

/* The future first: it ends the fiber, which uses the store. The store's end puts slot and stack
 * back. */
void engine_run_delete(struct engine_run *run) {
    if (!run) return;
    must(!run_current);
    struct engine_thread *thread = run->thread;
    future_end(run);
    if (!run->started) stretch_end(run);
    thread->stack_deep = run->fault.kind == FAULT_STACK;
    if (run->store) wasmtime_store_delete(run->store);
    thread->stack_deep = false;
    must(!run->trap && !run->error);
    engine_program_release(run->program);
    if (run->next) run->next->previous = run->previous;
    if (run->previous)
        run->previous->next = run->next;
    else
        thread->runs = run->next;
    run->next = thread->spare_runs;
    thread->spare_runs = run;
}

/* ---- for host functions ---- */

void *engine_run_user(const struct engine_run *run) {
    return run->user;
}

uint8_t *engine_run_memory(const struct engine_run *run, uint64_t *size) {
    *size = run->slot ? run->slot->asked : 0;
    return run->slot ? run->slot->base : NULL;
}

void engine_run_resize(struct engine_run *run, uint32_t pages) {
    struct slot *slot = run->slot;
    size_t size = (size_t)pages * ENGINE_PAGE;
    must(slot && size <= slot->size);
    slot->asked = size;
}
