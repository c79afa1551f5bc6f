/* Runs linked code in Wasmtime with a host that writes down what it is asked, and answers from a
 * script. */
#ifndef PK_TEST_LINK_RUN_H
#define PK_TEST_LINK_RUN_H

#include <wasmtime.h>

#include "cases.h"

struct run {
    const struct link_result *result;
    wasm_engine_t *engine;
    wasmtime_module_t *module;
    wasmtime_store_t *store;
    wasmtime_instance_t instance;
    wasmtime_memory_t memory;
    char log[4000]; /* "start; enter-0; put(1024); args-0; result-0(7); " */
    /* The script. */
    uint64_t requests[8]; /* answers of enter and of plans, then of each put; 0 ends */
    int request;
    uint64_t args[20];
    uint32_t limit; /* pages */
};

/* The engine counts epochs, so that its loops have their checks. */
static inline wasm_engine_t *run_engine(void) {
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_signals_based_traps_set(config, false); /* cmocka has its own handlers */
    return wasm_engine_new_with_config(config);
}

static inline void run_fail(wasmtime_error_t *error) {
    if (error == NULL) return;
    wasm_name_t text;
    wasmtime_error_message(error, &text);
    fail_msg("%.*s", (int)text.size, text.data);
}

static inline void run_log(struct run *run, const char *format, ...) {
    size_t size = strlen(run->log);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run->log + size, sizeof run->log - size, format, arguments);
    va_end(arguments);
}

/* The import that a callback stands for. */
struct run_import {
    struct run *run;
    char module[100], field[100];
    wasm_functype_t *type;
};

static inline void run_import_free(void *env) {
    struct run_import *import = env;
    wasm_functype_delete(import->type);
    free(import);
}

static inline uint64_t run_bits(const wasmtime_val_t *value) {
    return value->kind == WASMTIME_I32 || value->kind == WASMTIME_F32 ? (uint32_t)value->of.i32
                                                                      : (uint64_t)value->of.i64;
}

static inline void run_set(wasmtime_val_t *value, wasmtime_valkind_t kind, uint64_t bits) {
    value->kind = kind;
    value->of.i64 = (int64_t)bits;
}

static inline wasmtime_valkind_t run_kind(uint8_t valtype) {
    return valtype == VALTYPE_I32   ? WASMTIME_I32
           : valtype == VALTYPE_I64 ? WASMTIME_I64
           : valtype == VALTYPE_F32 ? WASMTIME_F32
                                    : WASMTIME_F64;
}

static inline wasmtime_valkind_t run_result_kind(const struct run_import *import, size_t index) {
    switch (wasm_valtype_kind(wasm_functype_results(import->type)->data[index])) {
    case WASM_I32:
        return WASMTIME_I32;
    case WASM_I64:
        return WASMTIME_I64;
    case WASM_F32:
        return WASMTIME_F32;
    default:
        return WASMTIME_F64;
    }
}

static inline void run_answer_start(struct run *run, wasmtime_val_t *results, size_t count) {
    assert_int_equal(count, 2 + run->result->global_count);
    run_set(&results[0], WASMTIME_I32, run->result->image_pages);
    run_set(&results[1], WASMTIME_I32, run->limit);
    for (uint32_t i = 0; i < run->result->global_count; i++)
        run_set(&results[2 + i], run_kind(run->result->globals[i].valtype),
                run->result->globals[i].bits);
}

static inline wasm_trap_t *run_host(void *env, wasmtime_caller_t *caller,
                                    const wasmtime_val_t *args, size_t nargs,
                                    wasmtime_val_t *results, size_t nresults) {
    struct run_import *import = env;
    struct run *run = import->run;
    const char *field = import->field;
    bool own = strcmp(import->module, "pk") == 0;
    (void)caller;
    for (size_t i = 0; i < nresults; i++) run_set(&results[i], run_result_kind(import, i), 0);
    run_log(run, "%s%s", own ? "" : "host ", field);
    for (size_t i = 0; i < nargs; i++)
        run_log(run, "%s%lld", i == 0 ? "(" : ", ",
                args[i].kind == WASMTIME_I32 ? (long long)args[i].of.i32
                                             : (long long)args[i].of.i64);
    run_log(run, nargs > 0 ? "); " : "; ");
    if (own && strcmp(field, "start") == 0) {
        run_answer_start(run, results, nresults);
    } else if (own && strncmp(field, "args-", 5) == 0) {
        for (size_t i = 0; i < nresults; i++) results[i].of.i64 = (int64_t)run->args[i];
    } else if (nresults == 1 && results[0].kind == WASMTIME_I64 &&
               (own || strncmp(field, "pk-plan", 7) == 0)) {
        results[0].of.i64 = (int64_t)run->requests[run->request++];
    }
    return NULL;
}

static inline void run_define(struct run *run, wasmtime_linker_t *linker,
                              const wasm_importtype_t *type) {
    struct run_import *import = calloc(1, sizeof *import);
    const wasm_name_t *module = wasm_importtype_module(type), *field = wasm_importtype_name(type);
    import->run = run;
    snprintf(import->module, sizeof import->module, "%.*s", (int)module->size, module->data);
    snprintf(import->field, sizeof import->field, "%.*s", (int)field->size, field->data);
    const wasm_functype_t *functype = wasm_externtype_as_functype_const(wasm_importtype_type(type));
    assert_non_null(functype);
    import->type = wasm_functype_copy(functype);
    run_fail(wasmtime_linker_define_func(linker, module->data, module->size, field->data,
                                         field->size, functype, run_host, import, run_import_free));
}

/* The image goes into the memory as the host's slots would have it there. */
static inline void run_put_image(struct run *run) {
    wasmtime_context_t *context = wasmtime_store_context(run->store);
    wasmtime_extern_t item;
    assert_true(wasmtime_instance_export_get(context, &run->instance, "memory", 6, &item));
    run->memory = item.of.memory;
    uint64_t old;
    run_fail(wasmtime_memory_grow(context, &run->memory, run->result->image_pages, &old));
    uint8_t *memory = wasmtime_memory_data(context, &run->memory);
    for (uint32_t i = 0; i < run->result->segment_count; i++)
        memcpy(memory + run->result->segments[i].offset, run->result->segments[i].bytes.data,
               run->result->segments[i].bytes.size);
}

static inline void run_open(struct run *run, wasm_engine_t *engine,
                            const struct link_result *result) {
    memset(run, 0, sizeof *run);
    run->engine = engine;
    run->result = result;
    run->limit = 65536;
    run_fail(wasmtime_module_new(engine, result->code.data, result->code.size, &run->module));
    run->store = wasmtime_store_new(engine, NULL, NULL);
    wasmtime_context_t *context = wasmtime_store_context(run->store);
    wasmtime_context_set_epoch_deadline(context, 1000000);
    wasmtime_linker_t *linker = wasmtime_linker_new(engine);
    wasm_importtype_vec_t imports;
    wasmtime_module_imports(run->module, &imports);
    for (size_t i = 0; i < imports.size; i++) run_define(run, linker, imports.data[i]);
    wasm_importtype_vec_delete(&imports);
    wasm_trap_t *trap = NULL;
    run_fail(wasmtime_linker_instantiate(linker, context, run->module, &run->instance, &trap));
    assert_null(trap);
    wasmtime_linker_delete(linker);
    run_put_image(run);
}

static inline void run_close(struct run *run) {
    wasmtime_store_delete(run->store);
    wasmtime_module_delete(run->module);
}

/* Call entry K. NULL, or the trap's text (static). */
static inline const char *run_entry(struct run *run, int entry) {
    static char text[400];
    char name[16];
    snprintf(name, sizeof name, "pk-%d", entry);
    wasmtime_context_t *context = wasmtime_store_context(run->store);
    wasmtime_extern_t item;
    assert_true(wasmtime_instance_export_get(context, &run->instance, name, strlen(name), &item));
    wasm_trap_t *trap = NULL;
    run_fail(wasmtime_func_call(context, &item.of.func, NULL, 0, NULL, 0, &trap));
    if (trap == NULL) return NULL;
    wasm_message_t message;
    wasm_trap_message(trap, &message);
    snprintf(text, sizeof text, "%s", message.data);
    wasm_byte_vec_delete(&message);
    wasm_trap_delete(trap);
    return text;
}

/* One call of entry K in a new instance with these arguments: "result" as the host saw it in *out.
 * Returns as run_entry. */
static inline const char *run_once(wasm_engine_t *engine, const struct link_result *result,
                                   int entry, uint64_t a, uint64_t b, char out[4000]) {
    struct run run;
    run_open(&run, engine, result);
    run.args[0] = a;
    run.args[1] = b;
    const char *trap = run_entry(&run, entry);
    memcpy(out, run.log, sizeof run.log);
    run_close(&run);
    return trap;
}

#endif
