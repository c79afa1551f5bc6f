/* The functions that the host may call: every function of every exported interface of package
 * pharia:skill. */
#include "link/merge.h"

static bool find_realloc(struct merge *merge, struct entry *entry) {
    uint32_t item = entry->func->options.realloc;
    entry->has_realloc = item != COMPONENT_NONE; /* the decoder has seen whether it is needed */
    return !entry->has_realloc || resolve_realloc(merge, item, &entry->realloc);
}

static bool find_post_return(struct merge *merge, struct entry *entry) {
    const struct component_func *func = entry->func;
    entry->has_post_return = func->options.post_return != COMPONENT_NONE;
    if (!entry->has_post_return) return true;
    if (!resolve_guest(merge, func->options.post_return, "post-return", &entry->post_return))
        return false;
    struct core_functype wanted = {entry->type->results, NULL, entry->type->result_count, 0};
    return functype_equal(place_type(merge, entry->post_return), &wanted) ||
           err_set(merge->err, ERR_INVALID, "post-return does not take the function's result");
}

static bool entry_resolve(struct merge *merge, struct entry *entry) {
    if (entry->func->kind != FUNC_LIFT)
        return err_set(merge->err, ERR_UNSUPPORTED, "it is an imported function");
    if (!resolve_guest(merge, entry->func->core_func, "core function", &entry->core)) return false;
    entry->type = place_type(merge, entry->core);
    if (entry->type->result_count > 1)
        return err_set(merge->err, ERR_INVALID, "core function has %u results",
                       entry->type->result_count);
    return find_realloc(merge, entry) && find_post_return(merge, entry);
}

static bool collect_export(struct merge *merge, const struct component_export *export) {
    for (uint32_t i = 0; i < export->func_count; i++) {
        struct entry *entry = &merge->entries[merge->entry_count++];
        *entry = (struct entry){.interface = export->interface,
                                .name = export->funcs[i].name,
                                .func = &merge->component->funcs[export->funcs[i].func]};
        if (!entry_resolve(merge, entry))
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
    if (merge->entries == NULL) return false;
    for (uint32_t i = 0; i < component->export_count; i++)
        if (str_starts(component->exports[i].interface, "pharia:skill/") &&
            !collect_export(merge, &component->exports[i]))
            return false;
    return true;
}
