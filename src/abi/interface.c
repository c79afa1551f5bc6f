/* Reads the linker's interface text. The parts: interface_types.c, interface_signatures.c. */
#include "abi/interface.h"

#include <jansson.h>
#include <string.h>

#include "abi/internal.h"

enum {
    FORMAT = 1,
    MAX_TEXT = 16 << 20,
    MAX_INTERFACE = 64 << 20, /* arena: bytes of one interface in memory */
    MAX_RESOURCES = 10000,
    MAX_FUNCTIONS = 10000,
    MAX_GLOBALS = 100000,
    MAX_PAGES = 65536,
};

#define DROP "[resource-drop]"

static bool invalid(struct err *err, const char *what) {
    return err_set(err, ERR_INVALID, "interface: %s", what);
}

static bool no_memory(struct err *err) {
    return err_set(err, ERR_MEMORY, "interface: no memory");
}

static bool read_flag(json_t *object, const char *key, bool *out, struct err *err) {
    json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value))
        return err_set(err, ERR_INVALID, "interface: \"%s\" is neither true nor false", key);
    *out = json_is_true(value);
    return true;
}

static bool read_resources(struct abi_interface *interface, json_t *root, struct err *err) {
    size_t i;
    json_t *list, *object;
    if (!abi_read_array(root, "resources", MAX_RESOURCES, &list, err)) return false;
    interface->resource_count = (uint32_t)json_array_size(list);
    interface->resources =
        arena_zalloc(&interface->arena, interface->resource_count, sizeof *interface->resources);
    if (interface->resources == NULL) return no_memory(err);
    json_array_foreach(list, i, object) {
        struct abi_resource *resource = &interface->resources[i];
        if (!abi_read_name(interface, object, "interface", &resource->interface, err)) return false;
        if (!abi_read_name(interface, object, "name", &resource->name, err)) return false;
        if (!abi_is_label(resource->name.data)) return invalid(err, "a resource's name is no name");
    }
    return true;
}

static bool read_drop(struct abi_interface *interface, json_t *object, struct abi_import *import,
                      struct err *err) {
    const char *core = json_string_value(json_object_get(object, "core"));
    if (core == NULL || strcmp(core, "i:") != 0)
        return invalid(err, "the core type of a drop is not \"i:\"");
    if (!abi_read_number(object, "resource", UINT32_MAX, &import->resource, err)) return false;
    if (import->resource >= interface->resource_count)
        return invalid(err, "a resource's index is out of range");
    /* The host function that is found by this name takes the resource's rep as one of its own. */
    struct str resource = {import->name.data + strlen(DROP), import->name.size - strlen(DROP)};
    if (!str_equal(resource, interface->resources[import->resource].name))
        return invalid(err, "a drop of another resource");
    import->signature.core_params[0] = ABI_I32;
    import->signature.core_param_count = 1;
    return true;
}

static bool read_func(struct abi_interface *interface, json_t *object, struct abi_import *import,
                      struct err *err) {
    if (!read_flag(object, "plan", &import->plan, err)) return false;
    if (!abi_read_signature(interface, object, false, &import->signature, err)) return false;
    const struct abi_type *result = import->signature.result;
    bool needs_plan = result != NULL && result->has_pointer;
    if (needs_plan && !import->plan)
        return invalid(err, "a function whose result needs memory has no plan");
    /* A shim of a plan returns nothing. */
    return !import->plan || import->signature.result_in_memory ||
           invalid(err, "a plan for a flat result");
}

static bool read_import(struct abi_interface *interface, json_t *object, struct abi_import *import,
                        struct err *err) {
    const char *kind = json_string_value(json_object_get(object, "kind"));
    bool drop = kind != NULL && strcmp(kind, "drop") == 0;
    if (kind == NULL || (!drop && strcmp(kind, "func") != 0))
        return invalid(err, "unknown kind of import");
    if (!abi_read_name(interface, object, "interface", &import->interface, err)) return false;
    if (!abi_read_name(interface, object, "name", &import->name, err)) return false;
    if (!abi_read_name(interface, object, "module", &import->module, err)) return false;
    if (!abi_read_name(interface, object, "field", &import->field, err)) return false;
    if (str_starts(import->name, DROP) != drop)
        return invalid(err, "kind and name of an import do not fit");
    import->kind = drop ? ABI_IMPORT_DROP : ABI_IMPORT_FUNC;
    return drop ? read_drop(interface, object, import, err)
                : read_func(interface, object, import, err);
}

static bool read_imports(struct abi_interface *interface, json_t *root, struct err *err) {
    size_t i;
    json_t *list, *object;
    if (!abi_read_array(root, "imports", MAX_FUNCTIONS, &list, err)) return false;
    interface->import_count = (uint32_t)json_array_size(list);
    interface->imports =
        arena_zalloc(&interface->arena, interface->import_count, sizeof *interface->imports);
    if (interface->imports == NULL) return no_memory(err);
    json_array_foreach(list, i, object) if (!read_import(interface, object, &interface->imports[i],
                                                         err)) return err_prefix(err, "import %zu",
                                                                                 i);
    return true;
}

static bool read_export(struct abi_interface *interface, json_t *object, struct abi_export *export,
                        struct err *err) {
    bool post_return;
    if (!abi_read_name(interface, object, "interface", &export->interface, err)) return false;
    if (!abi_read_name(interface, object, "name", &export->name, err)) return false;
    if (!abi_read_number(object, "entry", MAX_FUNCTIONS, &export->entry, err)) return false;
    if (!read_flag(object, "post_return", &post_return, err)) return false;
    return abi_read_signature(interface, object, true, &export->signature, err);
}

static bool read_exports(struct abi_interface *interface, json_t *root, struct err *err) {
    size_t i;
    json_t *list, *object;
    if (!abi_read_array(root, "exports", MAX_FUNCTIONS, &list, err)) return false;
    interface->export_count = (uint32_t)json_array_size(list);
    interface->exports =
        arena_zalloc(&interface->arena, interface->export_count, sizeof *interface->exports);
    if (interface->exports == NULL) return no_memory(err);
    json_array_foreach(list, i, object) if (!read_export(interface, object, &interface->exports[i],
                                                         err)) return err_prefix(err, "export %zu",
                                                                                 i);
    return true;
}

static bool read_globals(struct abi_interface *interface, json_t *root, struct err *err) {
    json_t *text = json_object_get(root, "globals");
    const char *letters = json_string_value(text);
    size_t count = json_string_length(text);
    if (letters == NULL || count > MAX_GLOBALS)
        return invalid(err, "\"globals\" is no text, or too long");
    interface->globals = arena_alloc(&interface->arena, count);
    if (interface->globals == NULL) return no_memory(err);
    for (size_t i = 0; i < count; i++)
        if (!abi_read_core(letters[i], &interface->globals[i]))
            return invalid(err, "unknown type of a global");
    interface->global_count = (uint32_t)count;
    return true;
}

static bool read_root(struct abi_interface *interface, json_t *root, struct err *err) {
    uint32_t format;
    bool start;
    if (!abi_read_number(root, "format", UINT32_MAX, &format, err)) return false;
    if (format != FORMAT)
        return err_set(err, ERR_UNSUPPORTED, "interface: format %u is not known", format);
    return read_resources(interface, root, err) && abi_read_types(interface, root, err) &&
           read_imports(interface, root, err) && read_exports(interface, root, err) &&
           read_globals(interface, root, err) && read_flag(root, "start", &start, err) &&
           read_flag(root, "strict", &interface->strict_memory, err) &&
           abi_read_number(root, "max_pages", MAX_PAGES, &interface->max_pages, err);
}

bool abi_interface_read(const char *text, size_t size, struct abi_interface *interface,
                        struct err *err) {
    json_error_t where;
    *interface = (struct abi_interface){0};
    if (size > MAX_TEXT)
        return err_set(err, ERR_LIMIT, "interface: %zu bytes of text are too many", size);
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        return err_set(err, ERR_INVALID, "interface: at byte %d: %s", where.position, where.text);
    arena_init(&interface->arena, MAX_INTERFACE);
    bool read = read_root(interface, root, err);
    json_decref(root);
    if (!read) abi_interface_free(interface);
    return read;
}

void abi_interface_free(struct abi_interface *interface) {
    arena_free(&interface->arena);
    *interface = (struct abi_interface){0};
}

const struct abi_export *abi_interface_export(const struct abi_interface *interface,
                                              const char *interface_name, const char *name) {
    for (uint32_t i = 0; i < interface->export_count; i++) {
        const struct abi_export *export = &interface->exports[i];
        struct str base = {export->interface.data, str_find(export->interface, '@')};
        if (str_is(base, interface_name) && str_is(export->name, name)) return export;
    }
    return NULL;
}
