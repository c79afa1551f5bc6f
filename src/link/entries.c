/* The functions that the host may call: every function of every exported interface of package
 * pharia:skill. */
#include <string.h>

#include "link/merge.h"

enum { FLAT_MANY = 17 }; /* more than the 16 flat parameters that are passed as they are */

static uint8_t flat_add(uint8_t a, uint8_t b) {
    return a + b > FLAT_MANY ? FLAT_MANY : (uint8_t)(a + b);
}

/* CanonicalABI.md "Flattening", only the number of values and no further than FLAT_MANY. `flat`: of
 * smaller types. */
static uint8_t flat_count(const struct component_valtype *type, const uint8_t *flat) {
    uint8_t sum = 0, most = 0;
    switch (type->kind) {
    case VT_STRING:
    case VT_LIST:
        return 2;
    case VT_OPTION:
        return flat_add(1, flat[type->element]);
    case VT_RECORD:
    case VT_TUPLE:
        for (uint32_t i = 0; i < type->count; i++) sum = flat_add(sum, flat[type->fields[i].type]);
        return sum;
    case VT_VARIANT:
    case VT_RESULT:
        for (uint32_t i = 0; i < type->count; i++) {
            uint32_t payload = type->fields[i].type;
            if (payload != COMPONENT_NONE && flat[payload] > most) most = flat[payload];
        }
        return flat_add(1, most);
    default:
        return 1;
    }
}

static uint8_t *flat_counts(struct merge *merge) {
    const struct component *component = merge->component;
    uint8_t *flat = merge_alloc(merge, component->valtype_count, 1);
    if (flat == NULL) return NULL;
    for (uint32_t i = 0; i < component->valtype_count; i++)
        flat[i] = flat_count(&component->valtypes[i], flat);
    return flat;
}

/* Do the parameters need guest memory: a list or string in them, or too many of them? */
static bool params_need_memory(const struct merge *merge, const struct component_functype *type,
                               const uint8_t *flat) {
    uint8_t sum = 0;
    for (uint32_t i = 0; i < type->param_count; i++) {
        if (merge->component->valtypes[type->params[i].type].has_pointer) return true;
        sum = flat_add(sum, flat[type->params[i].type]);
    }
    return sum == FLAT_MANY;
}

/* A function of the guest that a lift names. */
static bool resolve_guest(struct merge *merge, uint32_t item, const char *what,
                          struct place *place) {
    if (!resolve_item(merge, CORE_FUNC, item, place)) return err_prefix(merge->err, "%s", what);
    return place->instance != LINK_NONE ||
           err_set(merge->err, ERR_UNSUPPORTED, "%s is a host function", what);
}

static bool resolve_realloc(struct merge *merge, struct entry *entry, const uint8_t *flat) {
    static const uint8_t words[] = {VALTYPE_I32, VALTYPE_I32, VALTYPE_I32, VALTYPE_I32};
    static const struct core_functype type = {words, words, 4, 1};
    const struct component_func *func = entry->func;
    entry->has_realloc = func->options.realloc != COMPONENT_NONE;
    if (!entry->has_realloc)
        return !params_need_memory(merge, &merge->component->functypes[func->type], flat) ||
               err_set(merge->err, ERR_INVALID, "parameters need memory, but no realloc is given");
    if (!resolve_guest(merge, func->options.realloc, "realloc", &entry->realloc)) return false;
    return functype_equal(place_type(merge, entry->realloc), &type) ||
           err_set(merge->err, ERR_INVALID,
                   "realloc has another type than (i32 i32 i32 i32) -> i32");
}

static bool resolve_post_return(struct merge *merge, struct entry *entry) {
    const struct component_func *func = entry->func;
    entry->has_post_return = func->options.post_return != COMPONENT_NONE;
    if (!entry->has_post_return) return true;
    if (!resolve_guest(merge, func->options.post_return, "post-return", &entry->post_return))
        return false;
    struct core_functype wanted = {entry->type->results, NULL, entry->type->result_count, 0};
    return functype_equal(place_type(merge, entry->post_return), &wanted) ||
           err_set(merge->err, ERR_INVALID, "post-return does not take the function's result");
}

static bool entry_resolve(struct merge *merge, struct entry *entry, const uint8_t *flat) {
    if (entry->func->kind != FUNC_LIFT)
        return err_set(merge->err, ERR_UNSUPPORTED, "it is an imported function");
    if (!resolve_guest(merge, entry->func->core_func, "core function", &entry->core)) return false;
    entry->type = place_type(merge, entry->core);
    if (entry->type->result_count > 1)
        return err_set(merge->err, ERR_INVALID, "core function has %u results",
                       entry->type->result_count);
    return resolve_realloc(merge, entry, flat) && resolve_post_return(merge, entry);
}

static bool collect_export(struct merge *merge, const struct component_export *export,
                           const uint8_t *flat) {
    for (uint32_t i = 0; i < export->func_count; i++) {
        struct entry *entry = &merge->entries[merge->entry_count++];
        *entry = (struct entry){.interface = export->interface,
                                .name = export->funcs[i].name,
                                .func = &merge->component->funcs[export->funcs[i].func]};
        if (!entry_resolve(merge, entry, flat))
            return err_prefix(merge->err, "export \"%.*s\" \"%.*s\"", STR_ARG(entry->interface),
                              STR_ARG(entry->name));
    }
    return true;
}

bool entries_collect(struct merge *merge) {
    const struct component *component = merge->component;
    uint32_t most = 0;
    for (uint32_t i = 0; i < component->export_count; i++) most += component->exports[i].func_count;
    merge->entries = merge_alloc(merge, most, sizeof *merge->entries);
    uint8_t *flat = flat_counts(merge);
    if (merge->entries == NULL || flat == NULL) return false;
    for (uint32_t i = 0; i < component->export_count; i++)
        if (str_starts(component->exports[i].interface, "pharia:skill/") &&
            !collect_export(merge, &component->exports[i], flat))
            return false;
    return true;
}
