#include "theirs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasm.h>
#include <wasmtime.h>
#include <wasmtime/component.h>

#include "base/must.h"

typedef wasmtime_component_val_t cval;

struct theirs {
    wasm_engine_t *engine;
    wasmtime_component_t *component;
    wasmtime_component_linker_t *linker;
};

/* ---- to Wasmtime's dynamic values and back, led by the type */

static wasm_name_t name_of(struct str text) {
    wasm_name_t name;
    wasm_byte_vec_new(&name, text.size, text.data);
    return name;
}

static cval *boxed(const struct abi_type *type, const struct abi_value *value);

static cval to_theirs(const struct abi_type *type, const struct abi_value *value) {
    cval v = {.kind = (uint8_t)type->kind};
    switch (type->kind) {
    case ABI_BOOL:
        v.kind = WASMTIME_COMPONENT_BOOL;
        v.of.boolean = value->u;
        break;
    case ABI_S8:
        v.kind = WASMTIME_COMPONENT_S8;
        v.of.s8 = (int8_t)value->u;
        break;
    case ABI_U8:
        v.kind = WASMTIME_COMPONENT_U8;
        v.of.u8 = (uint8_t)value->u;
        break;
    case ABI_S16:
        v.kind = WASMTIME_COMPONENT_S16;
        v.of.s16 = (int16_t)value->u;
        break;
    case ABI_U16:
        v.kind = WASMTIME_COMPONENT_U16;
        v.of.u16 = (uint16_t)value->u;
        break;
    case ABI_S32:
        v.kind = WASMTIME_COMPONENT_S32;
        v.of.s32 = (int32_t)value->u;
        break;
    case ABI_U32:
        v.kind = WASMTIME_COMPONENT_U32;
        v.of.u32 = (uint32_t)value->u;
        break;
    case ABI_S64:
        v.kind = WASMTIME_COMPONENT_S64;
        v.of.s64 = (int64_t)value->u;
        break;
    case ABI_U64:
        v.kind = WASMTIME_COMPONENT_U64;
        v.of.u64 = value->u;
        break;
    case ABI_F32:
        v.kind = WASMTIME_COMPONENT_F32;
        v.of.f32 = (float)value->f;
        break;
    case ABI_F64:
        v.kind = WASMTIME_COMPONENT_F64;
        v.of.f64 = value->f;
        break;
    case ABI_CHAR:
        v.kind = WASMTIME_COMPONENT_CHAR;
        v.of.character = (uint32_t)value->u;
        break;
    case ABI_STRING:
        v.kind = WASMTIME_COMPONENT_STRING;
        wasm_byte_vec_new(&v.of.string, value->n, (const char *)value->bytes);
        break;
    case ABI_LIST: {
        v.kind = WASMTIME_COMPONENT_LIST;
        wasmtime_component_vallist_new_uninit(&v.of.list, value->n);
        const struct abi_type *element = type->types[0];
        for (uint32_t i = 0; i < value->n; i++) {
            struct abi_value byte = {.u = element->kind == ABI_U8 ? value->bytes[i] : 0};
            v.of.list.data[i] =
                to_theirs(element, element->kind == ABI_U8 ? &byte : &value->items[i]);
        }
        break;
    }
    case ABI_RECORD:
        v.kind = WASMTIME_COMPONENT_RECORD;
        wasmtime_component_valrecord_new_uninit(&v.of.record, type->count);
        for (uint32_t i = 0; i < type->count; i++) {
            v.of.record.data[i].name = name_of(type->names[i]);
            v.of.record.data[i].val = to_theirs(type->types[i], &value->items[i]);
        }
        break;
    case ABI_TUPLE:
        v.kind = WASMTIME_COMPONENT_TUPLE;
        wasmtime_component_valtuple_new_uninit(&v.of.tuple, type->count);
        for (uint32_t i = 0; i < type->count; i++)
            v.of.tuple.data[i] = to_theirs(type->types[i], &value->items[i]);
        break;
    case ABI_VARIANT:
        v.kind = WASMTIME_COMPONENT_VARIANT;
        v.of.variant.discriminant = name_of(type->names[value->n]);
        v.of.variant.val = boxed(type->types[value->n], value->items);
        break;
    case ABI_ENUM:
        v.kind = WASMTIME_COMPONENT_ENUM;
        v.of.enumeration = name_of(type->names[value->n]);
        break;
    case ABI_OPTION:
        v.kind = WASMTIME_COMPONENT_OPTION;
        v.of.option = value->n ? boxed(type->types[1], value->items) : NULL;
        break;
    case ABI_RESULT:
        v.kind = WASMTIME_COMPONENT_RESULT;
        v.of.result.is_ok = value->n == 0;
        v.of.result.val = boxed(type->types[value->n], value->items);
        break;
    case ABI_FLAGS: {
        v.kind = WASMTIME_COMPONENT_FLAGS;
        size_t count = 0;
        for (uint32_t i = 0; i < type->count; i++) count += value->u >> i & 1;
        wasmtime_component_valflags_new_uninit(&v.of.flags, count);
        for (uint32_t i = 0, k = 0; i < type->count; i++)
            if (value->u >> i & 1) v.of.flags.data[k++] = name_of(type->names[i]);
        break;
    }
    default:
        must(!"a type that the judge can pass");
    }
    return v;
}

static cval *boxed(const struct abi_type *type, const struct abi_value *value) {
    if (!type) return NULL;
    cval v = to_theirs(type, value);
    return wasmtime_component_val_new(&v);
}

static uint32_t index_of(const struct abi_type *type, const wasm_name_t *name) {
    for (uint32_t i = 0; i < type->count; i++)
        if (str_equal(type->names[i], (struct str){name->data, name->size})) return i;
    must(!"a case of the type");
    return 0;
}

static void from_theirs(const struct abi_type *type, const cval *v, struct arena *arena,
                        struct abi_value *out);

static void payload_from(const struct abi_type *type, uint32_t n, const cval *v,
                         struct arena *arena, struct abi_value *out) {
    out->n = n;
    if (!type->types[n]) return;
    struct abi_value *item = abi_values(arena, 1);
    from_theirs(type->types[n], v, arena, item);
    out->items = item;
}

static void list_from(const struct abi_type *type, const cval *v, struct arena *arena,
                      struct abi_value *out) {
    const struct abi_type *element = type->types[0];
    uint32_t count = (uint32_t)v->of.list.size;
    out->n = count;
    if (element->kind == ABI_U8) {
        uint8_t *bytes = arena_alloc(arena, count);
        for (uint32_t i = 0; i < count; i++) bytes[i] = v->of.list.data[i].of.u8;
        out->bytes = bytes;
        return;
    }
    struct abi_value *items = abi_values(arena, count);
    for (uint32_t i = 0; i < count; i++)
        from_theirs(element, &v->of.list.data[i], arena, &items[i]);
    out->items = items;
}

static void from_theirs(const struct abi_type *type, const cval *v, struct arena *arena,
                        struct abi_value *out) {
    *out = (struct abi_value){0};
    switch (type->kind) {
    case ABI_BOOL:
        out->u = v->of.boolean;
        break;
    case ABI_S8:
        out->u = (uint64_t)(int64_t)v->of.s8;
        break;
    case ABI_U8:
        out->u = v->of.u8;
        break;
    case ABI_S16:
        out->u = (uint64_t)(int64_t)v->of.s16;
        break;
    case ABI_U16:
        out->u = v->of.u16;
        break;
    case ABI_S32:
        out->u = (uint64_t)(int64_t)v->of.s32;
        break;
    case ABI_U32:
        out->u = v->of.u32;
        break;
    case ABI_S64:
        out->u = (uint64_t)v->of.s64;
        break;
    case ABI_U64:
        out->u = v->of.u64;
        break;
    case ABI_F32:
        out->f = isnan(v->of.f32) ? NAN : (double)v->of.f32;
        break;
    case ABI_F64:
        out->f = v->of.f64;
        break;
    case ABI_CHAR:
        out->u = v->of.character;
        break;
    case ABI_STRING:
        out->n = (uint32_t)v->of.string.size;
        out->bytes = (const uint8_t *)arena_copy(arena, v->of.string.data, v->of.string.size);
        break;
    case ABI_LIST:
        list_from(type, v, arena, out);
        break;
    case ABI_RECORD:
    case ABI_TUPLE: {
        struct abi_value *items = abi_values(arena, type->count);
        for (uint32_t i = 0; i < type->count; i++)
            from_theirs(type->types[i],
                        type->kind == ABI_RECORD ? &v->of.record.data[i].val : &v->of.tuple.data[i],
                        arena, &items[i]);
        out->n = type->count;
        out->items = items;
        break;
    }
    case ABI_VARIANT:
        payload_from(type, index_of(type, &v->of.variant.discriminant), v->of.variant.val, arena,
                     out);
        break;
    case ABI_ENUM:
        out->n = index_of(type, &v->of.enumeration);
        break;
    case ABI_OPTION:
        payload_from(type, v->of.option != NULL, v->of.option, arena, out);
        break;
    case ABI_RESULT:
        payload_from(type, !v->of.result.is_ok, v->of.result.val, arena, out);
        break;
    case ABI_FLAGS:
        for (size_t i = 0; i < v->of.flags.size; i++)
            out->u |= 1ull << index_of(type, &v->of.flags.data[i]);
        break;
    default:
        must(!"a type that the judge can pass");
    }
}

/* ---- host functions */

static wasmtime_error_t *echo(void *data, wasmtime_context_t *context,
                              const wasmtime_component_func_type_t *type, cval *args, size_t count,
                              cval *results, size_t result_count) {
    (void)data, (void)context, (void)type;
    must(result_count == 1);
    if (count == 1) {
        wasmtime_component_val_clone(&args[0], &results[0]);
        return NULL;
    }
    results[0].kind = WASMTIME_COMPONENT_TUPLE;
    wasmtime_component_valtuple_new_uninit(&results[0].of.tuple, count);
    for (size_t i = 0; i < count; i++)
        wasmtime_component_val_clone(&args[i], &results[0].of.tuple.data[i]);
    return NULL;
}

static uint32_t rep_of(wasmtime_context_t *context, const cval *v) {
    wasmtime_component_resource_host_t *host;
    wasmtime_error_t *error =
        wasmtime_component_resource_any_to_host(context, v->of.resource, &host);
    must(!error);
    uint32_t rep = wasmtime_component_resource_host_rep(host);
    wasmtime_component_resource_host_delete(host);
    return rep;
}

static cval own_of(wasmtime_context_t *context, uint32_t rep, uint32_t type) {
    wasmtime_component_resource_host_t *host =
        wasmtime_component_resource_host_new(true, rep, type);
    cval v = {.kind = WASMTIME_COMPONENT_RESOURCE};
    wasmtime_error_t *error =
        wasmtime_component_resource_host_to_any(context, host, &v.of.resource);
    must(!error);
    wasmtime_component_resource_host_delete(host);
    return v;
}

/* The functions of interface things (tests/judge/generate.py), by name; `data` is the name. */
static wasmtime_error_t *thing(void *data, wasmtime_context_t *context,
                               const wasmtime_component_func_type_t *type, cval *args, size_t count,
                               cval *results, size_t result_count) {
    (void)type, (void)result_count;
    const char *name = data;
    uint32_t sum = 0;
    if (strcmp(name, "[constructor]apple") == 0 || strcmp(name, "[constructor]pear") == 0) {
        results[0] = own_of(context, args[0].of.u32, name[13] == 'a' ? 1 : 2);
        return NULL;
    }
    if (strcmp(name, "sum") == 0) { /* list<borrow<apple>> */
        for (size_t i = 0; i < args[0].of.list.size; i++)
            sum = sum * 31 + rep_of(context, &args[0].of.list.data[i]);
    } else if (strcmp(name, "both") == 0) { /* tuple<own<apple>, own<pear>> from a number */
        results[0].kind = WASMTIME_COMPONENT_TUPLE;
        wasmtime_component_valtuple_new_uninit(&results[0].of.tuple, 2);
        results[0].of.tuple.data[0] = own_of(context, args[0].of.u32, 1);
        results[0].of.tuple.data[1] = own_of(context, args[0].of.u32 + 1, 2);
        return NULL;
    } else
        for (size_t i = 0; i < count; i++) sum = sum * 31 + rep_of(context, &args[i]);
    results[0].kind = WASMTIME_COMPONENT_U32;
    results[0].of.u32 = sum + 7;
    return NULL;
}

static wasmtime_error_t *dropped(void *data, wasmtime_context_t *context, uint32_t rep) {
    (void)data, (void)context, (void)rep;
    return NULL;
}

static void check(wasmtime_error_t *error, const char *what) {
    if (!error) return;
    wasm_name_t text;
    wasmtime_error_message(error, &text);
    fprintf(stderr, "judge: %s: %.*s\n", what, (int)text.size, text.data);
    exit(2);
}

static void define_functions(const struct abi_interface *interface, struct str name,
                             wasmtime_component_linker_instance_t *instance) {
    bool things = str_starts(name, "pharia:skill/things");
    for (uint32_t i = 0; i < interface->import_count; i++) {
        const struct abi_import *import = &interface->imports[i];
        if (import->kind != ABI_IMPORT_FUNC || !str_equal(import->interface, name)) continue;
        char *data = strndup(import->name.data, import->name.size);
        check(wasmtime_component_linker_instance_add_func(instance, data, import->name.size,
                                                          things ? thing : echo, data, free),
              "add function");
    }
}

static void define_resources(const struct abi_interface *interface, struct str name,
                             wasmtime_component_linker_instance_t *instance) {
    for (uint32_t i = 0; i < interface->resource_count; i++) {
        struct str resource = interface->resources[i].name;
        if (!str_equal(interface->resources[i].interface, name)) continue;
        wasmtime_component_resource_type_t *type =
            wasmtime_component_resource_type_new_host(str_is(resource, "apple") ? 1 : 2);
        check(wasmtime_component_linker_instance_add_resource(
                  instance, resource.data, resource.size, type, dropped, NULL, NULL),
              "add resource");
        wasmtime_component_resource_type_delete(type);
    }
}

/* Define every import of the component: resources and functions of echo and things, one interface
 * after the other. */
static void define(struct theirs *theirs, const struct abi_interface *interface) {
    wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(theirs->linker);
    for (uint32_t i = 0; i < interface->import_count; i++) {
        struct str name = interface->imports[i].interface;
        bool seen = false;
        for (uint32_t k = 0; k < i; k++) seen |= str_equal(name, interface->imports[k].interface);
        if (seen) continue;
        wasmtime_component_linker_instance_t *instance;
        check(
            wasmtime_component_linker_instance_add_instance(root, name.data, name.size, &instance),
            "add instance");
        define_resources(interface, name, instance);
        define_functions(interface, name, instance);
        wasmtime_component_linker_instance_delete(instance);
    }
    wasmtime_component_linker_instance_delete(root);
}

struct theirs *theirs_new(const uint8_t *bytes, size_t size,
                          const struct abi_interface *interface) {
    struct theirs *theirs = calloc(1, sizeof *theirs);
    wasm_config_t *config = wasm_config_new();
    /* With it, 50.0.1 traps with "BUG: deferred host scope has no call context" on a second borrow
     * in one host call. */
    wasmtime_config_concurrency_support_set(config, false);
    theirs->engine = wasm_engine_new_with_config(config);
    check(wasmtime_component_new(theirs->engine, bytes, size, &theirs->component),
          "compile the component");
    theirs->linker = wasmtime_component_linker_new(theirs->engine);
    wasmtime_component_linker_allow_shadowing(theirs->linker, true);
    define(theirs, interface);
    return theirs;
}

void theirs_free(struct theirs *theirs) {
    wasmtime_component_linker_delete(theirs->linker);
    wasmtime_component_delete(theirs->component);
    wasm_engine_delete(theirs->engine);
    free(theirs);
}

static bool failed(wasmtime_error_t *error, char *problem, size_t size) {
    if (!error) return false;
    wasm_name_t text;
    wasmtime_error_message(error, &text);
    snprintf(problem, size, "%.*s", (int)text.size, text.data);
    wasm_name_delete(&text);
    wasmtime_error_delete(error);
    return true;
}

static bool call_in(struct theirs *theirs, wasmtime_context_t *context,
                    const struct abi_export *export, const struct abi_value *params,
                    struct arena *arena, struct abi_value *result, char *problem,
                    size_t problem_size) {
    wasmtime_component_instance_t instance;
    if (failed(wasmtime_component_linker_instantiate(theirs->linker, context, theirs->component,
                                                     &instance),
               problem, problem_size))
        return false;
    wasmtime_component_export_index_t *outer = wasmtime_component_instance_get_export_index(
        &instance, context, NULL, export->interface.data, export->interface.size);
    must(outer);
    wasmtime_component_export_index_t *inner = wasmtime_component_instance_get_export_index(
        &instance, context, outer, export->name.data, export->name.size);
    must(inner);
    wasmtime_component_func_t func;
    must(wasmtime_component_instance_get_func(&instance, context, inner, &func));
    wasmtime_component_export_index_delete(inner);
    wasmtime_component_export_index_delete(outer);
    const struct abi_signature *signature = &export->signature;
    cval *args = calloc(signature->param_count + 1, sizeof *args), got = {0};
    for (uint32_t i = 0; i < signature->param_count; i++)
        args[i] = to_theirs(signature->params[i], &params[i]);
    bool good = !failed(wasmtime_component_func_call(&func, context, args, signature->param_count,
                                                     &got, signature->result ? 1 : 0),
                        problem, problem_size);
    if (good && signature->result) {
        from_theirs(signature->result, &got, arena, result);
        wasmtime_component_val_delete(&got);
    }
    for (uint32_t i = 0; i < signature->param_count; i++) wasmtime_component_val_delete(&args[i]);
    free(args);
    return good;
}

bool theirs_call(struct theirs *theirs, const struct abi_export *export,
                 const struct abi_value *params, struct arena *arena, struct abi_value *result,
                 char *problem, size_t problem_size) {
    wasmtime_store_t *store = wasmtime_store_new(theirs->engine, NULL, NULL);
    bool good = call_in(theirs, wasmtime_store_context(store), export, params, arena, result,
                        problem, problem_size);
    wasmtime_store_delete(store);
    return good;
}
