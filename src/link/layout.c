/* The index spaces of the merged module.
 *
 *   functions  imports: hosts, "pk" put, start, then enter, args, result of each entry;
 *              defined: shims, functions of the instances in their order, entries, pk-start,
 *              then helpers as bodies need them
 *   types      each once, in the order in which they are met
 *   tables, globals, element segments
 *              those of the instances in their order; behind the globals pk-size and pk-limit
 *   memory     the one */
#include <string.h>

#include "link/merge.h"

static uint32_t defined(const struct core_module *module, enum core_kind kind) {
    return module->count[kind] - module->imported[kind];
}

static bool map_types(struct merge *merge, struct merged *merged) {
    const struct core_module *module = merged->module;
    merged->types = merge_alloc(merge, module->type_count, sizeof *merged->types);
    if (merged->types == NULL) return false;
    for (uint32_t i = 0; i < module->type_count; i++) {
        merged->types[i] = types_add(merge, &module->types[i]);
        if (merged->types[i] == LINK_NONE) return false;
    }
    return true;
}

static uint32_t place_index(const struct merge *merge, enum core_kind kind, struct place place) {
    if (place.instance == LINK_NONE) return merge->hosts[merge->item_host[place.index]].func;
    return merge->instances[place.instance].map[kind][place.index];
}

uint32_t place_func(const struct merge *merge, struct place place) {
    return place_index(merge, CORE_FUNC, place);
}

/* Numbers for what an instance imports (defined in earlier ones) and defines (from *next on). */
static bool map_kind(struct merge *merge, struct merged *merged, enum core_kind kind,
                     uint32_t *next) {
    const struct core_module *module = merged->module;
    uint32_t count = module->count[kind], imported = module->imported[kind];
    uint32_t *map = merged->map[kind] = merge_alloc(merge, count, sizeof *map);
    if (map == NULL) return false;
    for (uint32_t i = 0; i < imported; i++)
        map[i] = place_index(merge, kind, merged->imports[kind][i]);
    for (uint32_t i = imported; i < count; i++) map[i] = (*next)++;
    return true;
}

static bool map_instance(struct merge *merge, struct merged *merged, uint32_t next[CORE_KINDS]) {
    const struct core_module *module = merged->module;
    if (!map_types(merge, merged)) return false;
    for (int kind = 0; kind < CORE_KINDS; kind++)
        if (!map_kind(merge, merged, (enum core_kind)kind, &next[kind])) return false;
    merged->element_base = merge->element_count;
    merge->element_count += module->element_count;
    merged->datas = merge_alloc(merge, module->data_count, sizeof *merged->datas);
    if (merged->datas == NULL) return false;
    for (uint32_t i = 0; i < module->data_count; i++) merged->datas[i] = LINK_NONE;
    return true;
}

/* Imports first, since the instances' maps hold their numbers. */
static void number_imports(struct merge *merge) {
    uint32_t func = merge->host_count;
    merge->put = func++;
    merge->start_import = func++;
    merge->resized = merge->settings->strict_memory ? LINK_NONE : func++;
    merge->entry_imports = func;
    func += 3 * merge->entry_count;
    merge->import_count = func;
    merge->shim_base = func;
    for (uint32_t i = 0; i < merge->host_count; i++)
        merge->hosts[i].func = merge->hosts[i].plan ? func++ : i;
    merge->func_count = func;
}

static bool check_memory(struct merge *merge, const struct merged *merged, uint32_t *memories) {
    const struct core_module *module = merged->module;
    uint32_t own = defined(module, CORE_MEMORY);
    if (own == 0) return true;
    if (*memories + own > 1)
        return merge_fail(merge, merged, ERR_UNSUPPORTED,
                          "it defines a second memory; one memory for each component is taken");
    *memories += own;
    merge->memory = module->memories[module->imported[CORE_MEMORY]];
    return true;
}

static bool copy_tables(struct merge *merge, const struct merged *merged) {
    const struct core_module *module = merged->module;
    for (uint32_t i = module->imported[CORE_TABLE]; i < module->count[CORE_TABLE]; i++) {
        struct core_table table = module->tables[i];
        if (!merge_keeps(merge, merged, "table", i, table.reftype)) return false;
        if (table.limits.min > LINK_MAX_TABLE - merge->elements)
            return merge_fail(merge, merged, ERR_LIMIT,
                              "table %u begins with %u elements, the tables before it with %u; the "
                              "limit of all tables of a component is %d together",
                              i, table.limits.min, merge->elements, LINK_MAX_TABLE);
        merge->elements += table.limits.min;
        if (!table.limits.has_max || table.limits.max > LINK_MAX_TABLE)
            table.limits.max = LINK_MAX_TABLE;
        table.limits.has_max = true;
        merge->tables[merged->map[CORE_TABLE][i]] = table;
    }
    return true;
}

static bool copy_globals(struct merge *merge, const struct merged *merged) {
    const struct core_module *module = merged->module;
    for (uint32_t i = module->imported[CORE_GLOBAL]; i < module->count[CORE_GLOBAL]; i++) {
        const struct core_global *global = &module->globals[i];
        if (!merge_keeps(merge, merged, "global", i, global->valtype)) return false;
        merge->globals[merged->map[CORE_GLOBAL][i]] = *global;
    }
    return true;
}

static void copy_func_types(struct merge *merge, const struct merged *merged) {
    const struct core_module *module = merged->module;
    for (uint32_t i = module->imported[CORE_FUNC]; i < module->count[CORE_FUNC]; i++)
        merge->func_types[merged->map[CORE_FUNC][i]] = merged->types[module->funcs[i]];
}

static bool allocate(struct merge *merge) {
    merge->func_types = merge_alloc(merge, merge->func_count, sizeof *merge->func_types);
    merge->declared = merge_alloc(merge, merge->func_count, 1);
    merge->referenced = merge_alloc(merge, merge->func_count, 1);
    merge->tables = merge_alloc(merge, merge->table_count, sizeof *merge->tables);
    merge->table_grows = merge_alloc(merge, merge->table_count, sizeof *merge->table_grows);
    merge->globals = merge_alloc(merge, merge->global_count, sizeof *merge->globals);
    merge->values = merge_alloc(merge, merge->global_count, sizeof *merge->values);
    merge->settable = merge_alloc(merge, merge->global_count, sizeof *merge->settable);
    return merge->func_types != NULL && merge->declared != NULL && merge->referenced != NULL &&
           merge->tables != NULL && merge->table_grows != NULL && merge->globals != NULL &&
           merge->values != NULL && merge->settable != NULL;
}

static bool type_hosts(struct merge *merge) {
    for (uint32_t i = 0; i < merge->host_count; i++) {
        const struct host *host = &merge->hosts[i];
        uint32_t type = types_add(merge, host->type);
        if (type == LINK_NONE) return false;
        merge->func_types[host->func] = type;
        if (!host->plan) continue;
        static const uint8_t i64 = VALTYPE_I64;
        struct core_functype plan = {host->type->params, &i64, host->type->param_count, 1};
        if ((merge->func_types[i] = types_add(merge, &plan)) == LINK_NONE) return false;
    }
    return true;
}

static bool type_entries(struct merge *merge) {
    uint32_t put = types_add_text(merge, "i:I"), enter = types_add_text(merge, ":I");
    uint32_t nothing = types_add_text(merge, ":"), resized = types_add_text(merge, "i:");
    if (put == LINK_NONE || enter == LINK_NONE || nothing == LINK_NONE || resized == LINK_NONE)
        return false;
    merge->func_types[merge->put] = put;
    if (merge->resized != LINK_NONE) merge->func_types[merge->resized] = resized;
    for (uint32_t i = 0; i < merge->entry_count; i++) {
        const struct core_functype *type = merge->entries[i].type;
        struct core_functype args = {NULL, type->params, 0, type->param_count};
        static const uint8_t more = VALTYPE_I32;
        struct core_functype result = {type->results, &more, type->result_count, 1};
        uint32_t *types = &merge->func_types[merge->entry_imports + 3 * i];
        types[0] = enter;
        types[1] = types_add(merge, &args);
        types[2] = types_add(merge, &result);
        if (types[1] == LINK_NONE || types[2] == LINK_NONE) return false;
        merge->func_types[merge->entry_base + i] = nothing;
    }
    merge->func_types[merge->start_func] = nothing;
    return true;
}

/* Each module may keep within the engine's limits and all of them not. Helpers come on top: few. */
static bool check_counts(struct merge *merge) {
    const struct {
        const char *what;
        uint32_t count, max;
    } counts[] = {
        {"tables", merge->table_count, LINK_MAX_TABLES},
        {"functions", merge->func_count, LINK_MAX_ITEMS},
        {"globals", merge->global_count, LINK_MAX_INSTANCE},
        {"types", merge->types.count, LINK_MAX_ITEMS},
        {"element segments", merge->element_count, LINK_MAX_SEGMENTS},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].count > counts[i].max)
            return err_set(merge->err, ERR_LIMIT, "the component has %u %s; the limit is %u",
                           counts[i].count, counts[i].what, counts[i].max);
    return true;
}

static bool number_instances(struct merge *merge) {
    uint32_t next[CORE_KINDS] = {merge->func_count, 0, 0, 0}, memories = 0;
    for (uint32_t i = 0; i < merge->component->instance_count; i++) {
        struct merged *merged = &merge->instances[i];
        if (merged->module != NULL &&
            (!check_memory(merge, merged, &memories) || !map_instance(merge, merged, next)))
            return false;
    }
    merge->entry_base = next[CORE_FUNC];
    merge->start_func = merge->entry_base + merge->entry_count;
    merge->func_count = merge->start_func + 1;
    merge->table_count = next[CORE_TABLE];
    merge->elements_global = next[CORE_GLOBAL];
    merge->size_global = merge->elements_global + 1;
    merge->limit_global = merge->size_global + 1;
    merge->global_count = next[CORE_GLOBAL];
    return check_counts(merge);
}

bool layout_all(struct merge *merge) {
    number_imports(merge);
    if (!number_instances(merge) || !allocate(merge)) return false;
    merge->result->image_pages = merge->memory.min;
    if (!type_hosts(merge) || !type_entries(merge)) return false;
    for (uint32_t i = 0; i < merge->component->instance_count; i++) {
        const struct merged *merged = &merge->instances[i];
        if (merged->module == NULL) continue;
        if (!copy_tables(merge, merged) || !copy_globals(merge, merged)) return false;
        copy_func_types(merge, merged);
    }
    return true;
}
