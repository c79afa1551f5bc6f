/* Binds an interface to host functions: every import of the code becomes an engine import whose
 * callback lifts, calls and lowers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csi/csi.h"
#include "skill/call.h"
#include "skill/callbacks.h"

bool skill_find_host(struct str interface, struct str name, const struct host_function **out,
                     struct err *err) {
    if (str_starts(interface, "wasi:"))
        return host_lookup(&wasi_table, 1, interface, name, out, err);
    return host_lookup(csi_tables, csi_table_count, interface, name, out, err);
}

/* Is it this type? `text` shows the type that it has; it lives in `have`, which the caller frees.
 */
static bool has_type(const struct abi_interface *interface, const struct abi_signature *signature,
                     const char *type, struct buf *have, const char **text) {
    buf_init(have, 1 << 16);
    abi_signature_text(interface, signature, have);
    *text = buf_cstr(have);
    if (*text) return strcmp(*text, type) == 0;
    *text = "a type too long to show";
    return false;
}

bool skill_check_import(const struct abi_interface *interface, const struct abi_import *import,
                        const struct host_function *function, struct err *err) {
    const char *text;
    if (!function->type || import->kind == ABI_IMPORT_DROP) return true;
    struct buf have;
    bool same = has_type(interface, &import->signature, function->type, &have, &text);
    if (!same)
        err_set(err, ERR_UNSUPPORTED,
                "the skill imports %.*s of %.*s as %s, but here it is %s: rebuild the skill with a "
                "released WIT",
                STR_ARG(import->name), STR_ARG(import->interface), text, function->type);
    buf_free(&have);
    return same;
}

/* What an import of the code leads to. */
static bool bind_import(const struct skill_code *code, const struct abi_import *import,
                        struct skill_binding *binding, struct err *err) {
    binding->import = import;
    return code->find(import->interface, import->name, &binding->function, err) &&
           skill_check_import(&code->interface, import, binding->function, err);
}

/* A text of the interface's with a NUL behind it, in the interface's arena. */
static const char *name_of(struct abi_interface *interface, struct str name) {
    return arena_copy(&interface->arena, name.data, name.size);
}

static const uint8_t i32_type[] = {ENGINE_I32}, i64_type[] = {ENGINE_I64};

static bool engine_import_of(struct abi_interface *interface, struct skill_binding *binding,
                             struct engine_import *out) {
    const struct abi_import *import = binding->import;
    const struct abi_signature *signature = &import->signature;
    bool drop = import->kind == ABI_IMPORT_DROP;
    *out = (struct engine_import){
        .module = name_of(interface, import->module),
        .field = name_of(interface, import->field),
        .params = drop ? i32_type : signature->core_params,
        .param_count = drop ? 1 : signature->core_param_count,
        .results = import->plan ? i64_type : signature->core_results,
        .result_count = drop           ? 0
                        : import->plan ? 1
                                       : signature->core_result_count,
        .call = drop ? callback_drop : callback_import,
        .resume = !drop && binding->function->resume ? callback_resume : NULL,
        .data = binding,
    };
    return out->module && out->field;
}

enum { FIXED_IMPORTS = 3 };

/* The fixed imports of module "pk" (src/link/link.h). */
static void fixed_imports(struct skill_code *code, struct engine_import *out,
                          const uint8_t *start_results) {
    out[0] = (struct engine_import){.module = "pk",
                                    .field = "put",
                                    .params = i32_type,
                                    .param_count = 1,
                                    .results = i64_type,
                                    .result_count = 1,
                                    .call = callback_put,
                                    .data = code};
    out[1] = (struct engine_import){.module = "pk",
                                    .field = "start",
                                    .results = start_results,
                                    .result_count = code->interface.global_count + 2,
                                    .call = callback_start,
                                    .data = code};
    out[2] = (struct engine_import){.module = "pk",
                                    .field = "resized",
                                    .params = i32_type,
                                    .param_count = 1,
                                    .call = callback_resized,
                                    .data = code};
}

static bool entry_imports(struct abi_interface *interface, const struct abi_export *export,
                          struct engine_import *out) {
    static const char *const names[] = {"enter", "args", "result"};
    const struct abi_signature *signature = &export->signature;
    for (int i = 0; i < 3; i++) {
        char field[32];
        snprintf(field, sizeof field, "%s-%u", names[i], export->entry);
        out[i] = (struct engine_import){.module = "pk",
                                        .field = name_of(interface, str_of(field)),
                                        .data = (void *)(uintptr_t) export};
        if (!out[i].field) return false;
    }
    out[0].results = i64_type;
    out[0].result_count = 1;
    out[0].call = callback_enter;
    out[1].results = signature->core_params;
    out[1].result_count = signature->core_param_count;
    out[1].call = callback_args;
    out[2].params = signature->core_results;
    out[2].param_count = signature->core_result_count;
    out[2].results = i32_type;
    out[2].result_count = 1;
    out[2].call = callback_result;
    return true;
}

static bool make_program(struct engine *engine, struct engine_code *compiled,
                         struct skill_code *code, struct err *err) {
    struct abi_interface *interface = &code->interface;
    size_t count = interface->import_count + FIXED_IMPORTS + 3 * (size_t)interface->export_count;
    struct engine_import *imports = calloc(count, sizeof *imports);
    uint8_t *start = malloc(interface->global_count + 2);
    bool good = imports && start;
    if (!good) err_set(err, ERR_MEMORY, "no memory for %zu imports", count);
    for (uint32_t i = 0; good && i < interface->import_count; i++) {
        good = bind_import(code, &interface->imports[i], &code->bindings[i], err);
        if (good && !engine_import_of(interface, &code->bindings[i], &imports[i]))
            good = err_set(err, ERR_MEMORY, "no memory for the names of %u imports",
                           interface->import_count);
    }
    size_t at = interface->import_count;
    if (good) {
        memset(start, ENGINE_I32, 2);
        if (interface->global_count) memcpy(start + 2, interface->globals, interface->global_count);
        fixed_imports(code, &imports[at], start);
        at += FIXED_IMPORTS;
    }
    for (uint32_t i = 0; good && i < interface->export_count; i++, at += 3)
        if (!entry_imports(interface, &interface->exports[i], &imports[at]))
            good = err_set(err, ERR_MEMORY, "no memory for %u entries", interface->export_count);
    if (good)
        good = engine_program_new(engine, compiled, imports, count, interface->export_count,
                                  &code->program, err);
    free(imports);
    free(start);
    return good;
}

/* Drops by resource, so that handles which a guest leaves find theirs even when the guest's code
 * never drops one. */
static bool find_drops(struct skill_code *code, struct err *err) {
    uint32_t count = code->interface.resource_count;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    code->drops = calloc(count + 1, sizeof *code->drops);
    if (!code->drops) return err_set(err, ERR_MEMORY, "no memory for %u resources", count);
    for (uint32_t i = 0; i < count; i++) {
        char name[600];
        snprintf(name, sizeof name, "[resource-drop]%.*s",
                 STR_ARG(code->interface.resources[i].name));
        struct err unknown; /* a resource that no table has: no host function can make one */
        if (!code->find(code->interface.resources[i].interface, str_of(name), &code->drops[i],
                        &unknown))
            code->drops[i] = NULL;
    }
    return true;
}

bool skill_code_new(struct engine *engine, struct engine_code *compiled,
                    struct abi_interface *interface, struct skill_code **out, struct err *err) {
    return skill_code_new_with(engine, compiled, interface, skill_find_host, out, err);
}

bool skill_code_new_with(struct engine *engine, struct engine_code *compiled,
                         struct abi_interface *interface, skill_find_host_fn find,
                         struct skill_code **out, struct err *err) {
    struct skill_code *code = calloc(1, sizeof *code);
    if (!code) return err_set(err, ERR_MEMORY, "no memory for a skill's code");
    code->interface = *interface;
    *interface = (struct abi_interface){0};
    code->find = find;
    atomic_init(&code->references, 1);
    code->bindings = calloc(code->interface.import_count + 1, sizeof *code->bindings);
    bool good = code->bindings ? find_drops(code, err) && make_program(engine, compiled, code, err)
                               : err_set(err, ERR_MEMORY, "no memory for %u imports",
                                         code->interface.import_count);
    if (good)
        *out = code;
    else
        skill_code_release(code);
    return good;
}

struct skill_code *skill_code_retain(struct skill_code *code) {
    atomic_fetch_add_explicit(&code->references, 1, memory_order_relaxed);
    return code;
}

void skill_code_release(struct skill_code *code) {
    if (!code || atomic_fetch_sub_explicit(&code->references, 1, memory_order_acq_rel) != 1) return;
    if (code->program) engine_program_release(code->program);
    free(code->bindings);
    free(code->drops);
    free(code->names);
    abi_interface_free(&code->interface);
    free(code);
}

const struct host_function *skill_code_drop(const struct skill_code *code, uint32_t resource) {
    return code->drops[resource];
}

/* "INDEX NAME\n" in the order of the index: look for a line that begins with it. Only traps ask. */
struct str skill_code_function_name(const struct skill_code *code, uint32_t index) {
    char wanted[16];
    int size = snprintf(wanted, sizeof wanted, "%u ", index);
    const char *at = code->names, *end = at ? at + code->names_size : at;
    while (at && at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end) line_end = end;
        if (line_end - at >= size && memcmp(at, wanted, (size_t)size) == 0)
            return (struct str){at + size, (size_t)(line_end - at - size)};
        at = line_end + 1;
    }
    return (struct str){"", 0};
}

static const char run_error[] = "variant{internal(string), invalid-input(string)}";

/* Is the export's type what the world says? */
static bool expect(const struct abi_interface *interface, const struct abi_export *export,
                   const char *type, struct err *err) {
    struct buf have;
    const char *text;
    bool same = has_type(interface, &export->signature, type, &have, &text);
    if (!same)
        err_set(err, ERR_UNSUPPORTED, "its %.*s of %.*s has the type %s, where the world has %s",
                STR_ARG(export->name), STR_ARG(export->interface), text, type);
    buf_free(&have);
    return same;
}

bool skill_bind_exports(struct skill *skill, enum skill_kind kind, struct err *err) {
    const struct abi_interface *interface = &skill->code->interface;
    bool stream = kind == SKILL_MESSAGE_STREAM;
    const char *name = stream ? "pharia:skill/message-stream" : "pharia:skill/skill-handler";
    char type[200];
    snprintf(type, sizeof type,
             stream ? "(list<u8>, own<stream-output>) -> result<_, %s>"
                    : "(list<u8>) -> result<list<u8>, %s>",
             run_error);
    skill->kind = kind;
    skill->run = abi_interface_export(interface, name, "run");
    skill->metadata = stream ? NULL : abi_interface_export(interface, name, "metadata");
    if (!skill->run) return err_set(err, ERR_UNSUPPORTED, "its %s has no function run", name);
    if (!expect(interface, skill->run, type, err)) return false;
    return !skill->metadata || expect(interface, skill->metadata,
                                      "() -> record{description: option<string>, input-schema: "
                                      "list<u8>, output-schema: list<u8>}",
                                      err);
}
