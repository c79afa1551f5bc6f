#include "engine/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

static const char *const core_names[] = {
    [ENGINE_I32] = "i32",
    [ENGINE_I64] = "i64",
    [ENGINE_F32] = "f32",
    [ENGINE_F64] = "f64",
};

static const wasm_valkind_t core_kinds[] = {
    [ENGINE_I32] = WASM_I32,
    [ENGINE_I64] = WASM_I64,
    [ENGINE_F32] = WASM_F32,
    [ENGINE_F64] = WASM_F64,
};

static bool name_is(const wasm_name_t *name, const char *text) {
    return name->size == strlen(text) && memcmp(name->data, text, name->size) == 0;
}

static bool kinds_are(const wasm_valtype_vec_t *types, const uint8_t *kinds, uint32_t count) {
    if (types->size != count) return false;
    for (uint32_t i = 0; i < count; i++) {
        must(kinds[i] <= ENGINE_F64);
        if (wasm_valtype_kind(types->data[i]) != core_kinds[kinds[i]]) return false;
    }
    return true;
}

/* "(i32 i64) -> (i32)", for a text; cut when there are many. */
static const char *kinds_text(const struct engine_import *import, char *out, size_t room) {
    size_t used = 0;
    for (int half = 0; half < 2; half++) {
        const uint8_t *kinds = half ? import->results : import->params;
        uint32_t count = half ? import->result_count : import->param_count;
        used += (size_t)snprintf(out + used, room - used, half ? ") -> (" : "(");
        for (uint32_t i = 0; i < count && used + 16 < room; i++)
            used +=
                (size_t)snprintf(out + used, room - used, i ? " %s" : "%s", core_names[kinds[i]]);
    }
    if (used + 1 < room) snprintf(out + used, room - used, ")");
    return out;
}

static const struct engine_import *find_import(const struct engine_import *imports, size_t count,
                                               const wasm_importtype_t *wanted) {
    for (size_t i = 0; i < count; i++)
        if (name_is(wasm_importtype_name(wanted), imports[i].field) &&
            name_is(wasm_importtype_module(wanted), imports[i].module))
            return &imports[i];
    return NULL;
}

static bool check_import(const struct engine_import *import, const wasm_importtype_t *wanted,
                         struct err *err) {
    const wasm_name_t *module = wasm_importtype_module(wanted),
                      *field = wasm_importtype_name(wanted);
    const wasm_externtype_t *type = wasm_importtype_type(wanted);
    const wasm_functype_t *function = wasm_externtype_as_functype_const(type);
    if (!function)
        return err_set(err, ERR_UNSUPPORTED,
                       "the code imports \"%.*s\" \"%.*s\", which is not a function",
                       (int)module->size, module->data, (int)field->size, field->data);
    if (!import)
        return err_set(err, ERR_UNSUPPORTED,
                       "the code imports \"%.*s\" \"%.*s\", which this host does not have",
                       (int)module->size, module->data, (int)field->size, field->data);
    char text[200];
    if (!kinds_are(wasm_functype_params(function), import->params, import->param_count) ||
        !kinds_are(wasm_functype_results(function), import->results, import->result_count))
        return err_set(err, ERR_INVALID,
                       "the code imports \"%s\" \"%s\" with another type than the host's %s",
                       import->module, import->field, kinds_text(import, text, sizeof text));
    return true;
}

static bool function_bind(struct host_function *function, const struct engine_import *import,
                          struct err *err) {
    must(import->param_count <= HOST_VALUES_MAX && import->result_count <= HOST_VALUES_MAX);
    *function = (struct host_function){
        .call = import->call,
        .resume = import->resume,
        .data = import->data,
        .param_count = import->param_count,
        .result_count = import->result_count,
        .kinds = malloc(import->param_count + import->result_count + 1),
    };
    if (!function->kinds) return err_set(err, ERR_MEMORY, "program: no memory");
    if (import->param_count) memcpy(function->kinds, import->params, import->param_count);
    if (import->result_count)
        memcpy(function->kinds + import->param_count, import->results, import->result_count);
    return true;
}

static bool define(struct engine_program *program, const wasm_importtype_t *wanted,
                   const struct engine_import *import, struct err *err) {
    struct host_function *function = &program->functions[program->function_count];
    if (!check_import(import, wanted, err) || !function_bind(function, import, err)) return false;
    program->function_count++;
    const wasm_functype_t *type = wasm_externtype_as_functype_const(wasm_importtype_type(wanted));
    wasmtime_error_t *error;
    if (function->resume)
        error = wasmtime_linker_define_async_func(
            program->linker, import->module, strlen(import->module), import->field,
            strlen(import->field), type, host_call_parking, function, NULL);
    else
        error = wasmtime_linker_define_func_unchecked(
            program->linker, import->module, strlen(import->module), import->field,
            strlen(import->field), type, host_call, function, NULL);
    return !error || error_take(error, err, ERR_INTERNAL, "program");
}

static bool define_all(struct engine_program *program, const struct engine_import *imports,
                       size_t import_count, struct err *err) {
    wasm_importtype_vec_t wanted;
    wasmtime_module_imports(program->code->module, &wanted);
    program->functions = calloc(wanted.size + 1, sizeof *program->functions);
    if (!program->functions) {
        wasm_importtype_vec_delete(&wanted);
        return err_set(err, ERR_MEMORY, "program: no memory");
    }
    wasmtime_linker_allow_shadowing(program->linker, true); /* a module may import a name twice */
    bool ok = true;
    for (size_t i = 0; ok && i < wanted.size; i++)
        ok = define(program, wanted.data[i], find_import(imports, import_count, wanted.data[i]),
                    err);
    wasm_importtype_vec_delete(&wanted);
    return ok;
}

static bool find_entry(const wasm_exporttype_vec_t *exports, const char *name, struct err *err) {
    for (size_t i = 0; i < exports->size; i++) {
        if (!name_is(wasm_exporttype_name(exports->data[i]), name)) continue;
        const wasm_functype_t *type =
            wasm_externtype_as_functype_const(wasm_exporttype_type(exports->data[i]));
        if (type && wasm_functype_params(type)->size == 0 && wasm_functype_results(type)->size == 0)
            return true;
        return err_set(err, ERR_INVALID,
                       "the code's export \"%s\" is not a function without parameters and results",
                       name);
    }
    return err_set(err, ERR_INVALID, "the code has no export \"%s\"", name);
}

static bool find_entries(struct engine_program *program, struct err *err) {
    program->entry_names = calloc(program->entries + 1, sizeof *program->entry_names);
    if (!program->entry_names) return err_set(err, ERR_MEMORY, "program: no memory");
    wasm_exporttype_vec_t exports;
    wasmtime_module_exports(program->code->module, &exports);
    bool ok = true;
    for (uint32_t i = 0; ok && i < program->entries; i++) {
        snprintf(program->entry_names[i], sizeof program->entry_names[i], "pk-%u", i);
        ok = find_entry(&exports, program->entry_names[i], err);
    }
    wasm_exporttype_vec_delete(&exports);
    return ok;
}

bool engine_program_new(struct engine *engine, struct engine_code *code,
                        const struct engine_import *imports, size_t import_count, uint32_t entries,
                        struct engine_program **out, struct err *err) {
    struct engine_program *program = calloc(1, sizeof *program);
    if (!program) return err_set(err, ERR_MEMORY, "program: no memory");
    atomic_init(&program->references, 1);
    program->engine = engine;
    program->code = engine_code_retain(code);
    program->entries = entries;
    program->linker = wasmtime_linker_new(engine->wasm);
    bool ok = find_entries(program, err) && define_all(program, imports, import_count, err);
    if (ok) {
        wasmtime_error_t *error =
            wasmtime_linker_instantiate_pre(program->linker, code->module, &program->pre);
        ok = !error || error_take(error, err, ERR_INVALID, "program");
    }
    if (!ok) {
        engine_program_release(program);
        return false;
    }
    *out = program;
    return true;
}

struct engine_program *engine_program_retain(struct engine_program *program) {
    must(atomic_fetch_add_explicit(&program->references, 1, memory_order_relaxed) > 0);
    return program;
}

void engine_program_release(struct engine_program *program) {
    if (!program || atomic_fetch_sub_explicit(&program->references, 1, memory_order_acq_rel) != 1)
        return;
    if (program->pre) wasmtime_instance_pre_delete(program->pre);
    wasmtime_linker_delete(program->linker);
    for (uint32_t i = 0; i < program->function_count; i++) free(program->functions[i].kinds);
    free(program->functions);
    free(program->entry_names);
    engine_code_release(program->code);
    free(program);
}
