/* Calls from the guest into host functions: Wasmtime's arrays of values to ours and back, and the
 * wait of a parked one. */
#include "engine/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/must.h"

static bool is_narrow(uint8_t kind) {
    return kind == ENGINE_I32 || kind == ENGINE_F32;
}

static wasm_trap_t *host_trap(struct engine_run *run) {
    must(run->fault.text[0]); /* ENGINE_FAIL is what engine_run_fail returned */
    run->failed = true;
    return wasmtime_trap_new(run->fault.text, strlen(run->fault.text));
}

wasm_trap_t *host_call(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw,
                       size_t count) {
    (void)caller, (void)count;
    const struct host_function *function = env;
    struct engine_run *run = run_current;
    uint64_t *values = run->thread->values;
    const uint8_t *kinds = function->kinds;
    for (uint32_t i = 0; i < function->param_count; i++)
        values[i] = is_narrow(kinds[i]) ? (uint32_t)raw[i].i32 : (uint64_t)raw[i].i64;
    enum engine_outcome outcome = function->call(function->data, run, values);
    if (outcome == ENGINE_FAIL) return host_trap(run);
    must(outcome == ENGINE_DONE); /* an import without `resume` must not park */
    kinds += function->param_count;
    for (uint32_t i = 0; i < function->result_count; i++)
        raw[i].i64 = is_narrow(kinds[i]) ? (int64_t)(uint32_t)values[i] : (int64_t)values[i];
    return NULL;
}

static const wasmtime_valkind_t val_kinds[] = {
    [ENGINE_I32] = WASMTIME_I32,
    [ENGINE_I64] = WASMTIME_I64,
    [ENGINE_F32] = WASMTIME_F32,
    [ENGINE_F64] = WASMTIME_F64,
};

static void store_results(const struct host_function *function, const uint64_t *values,
                          wasmtime_val_t *results) {
    const uint8_t *kinds = function->kinds + function->param_count;
    for (uint32_t i = 0; i < function->result_count; i++) {
        uint32_t narrow = (uint32_t)values[i];
        results[i].kind = val_kinds[kinds[i]];
        if (is_narrow(kinds[i]))
            memcpy(&results[i].of, &narrow, sizeof narrow);
        else
            memcpy(&results[i].of, &values[i], sizeof values[i]);
    }
}

static bool host_ready(void *env) {
    (void)env;
    return true;
}

/* Asked at every poll; the poll itself is only made after a wake-up. What Wasmtime lent to the call
 * (`results`, where the trap goes) stays valid until this returns true (wasmtime/async.h: "will
 * keep all parameters to the function alive"). */
static bool host_resume(void *env) {
    struct engine_run *run = env;
    if (!run->woken) return false;
    run->woken = false;
    const struct host_function *function = run->parked;
    uint64_t *values = run->thread->values;
    enum engine_outcome outcome = function->resume(function->data, run, values);
    if (outcome == ENGINE_PARK) return false;
    if (outcome == ENGINE_DONE)
        store_results(function, values, run->results);
    else
        *run->late_trap = host_trap(run);
    run->parked = NULL;
    return true;
}

void host_call_parking(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                       size_t arg_count, wasmtime_val_t *results, size_t result_count,
                       wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    (void)caller, (void)arg_count, (void)result_count;
    const struct host_function *function = env;
    struct engine_run *run = run_current;
    uint64_t *values = run->thread->values;
    for (uint32_t i = 0; i < function->param_count; i++)
        values[i] =
            is_narrow(function->kinds[i]) ? (uint32_t)args[i].of.i32 : (uint64_t)args[i].of.i64;
    enum engine_outcome outcome = function->call(function->data, run, values);
    /* Wasmtime asks it even when there is a trap. */
    *continuation = (wasmtime_async_continuation_t){.callback = host_ready};
    if (outcome == ENGINE_DONE) {
        store_results(function, values, results);
    } else if (outcome == ENGINE_FAIL) {
        *trap = host_trap(run);
    } else {
        run->parked = function;
        run->woken = false;
        run->results = results;
        run->late_trap = trap;
        *continuation = (wasmtime_async_continuation_t){.callback = host_resume, .env = run};
    }
}

enum engine_outcome engine_run_fail(struct engine_run *run, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(run->fault.text, sizeof run->fault.text, format, args);
    va_end(args);
    for (char *c = run->fault.text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' ';
    if (!run->fault.text[0])
        snprintf(run->fault.text, sizeof run->fault.text, "a host function failed");
    return ENGINE_FAIL;
}
