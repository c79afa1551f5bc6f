/* What every import of every instantiated core module stands for.
 *
 * A component wires its core modules through instances: an argument of an instantiation is an
 * instance, which is a module's, or a bag of items under new names; an item is an alias of another
 * instance's export, or a host function (a lowering, a resource drop). The decoder has checked that
 * everything refers backwards, so instances are resolved in their order; chains of bags are
 * followed with a memory, so that each item is looked at once however long they are. */
#include <string.h>

#include "link/merge.h"

static const char *const kind_names[CORE_KINDS] = {"function", "table", "memory", "global"};

/* An error in following a chain: `name` was looked for in a core instance. The caller puts before
 * it who asked. */
static bool fail_lookup(struct merge *merge, uint32_t instance, struct str name,
                        const char *problem) {
    return err_set(merge->err, ERR_INVALID, "core instance %u %s \"%.*s\"", instance, problem,
                   STR_ARG(name));
}

static const struct core_bag_item *bag_find(const struct core_instance *bag, struct str name) {
    uint32_t low = 0, high = bag->item_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_compare(bag->items[middle].name, name);
        if (order == 0) return &bag->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* One step: the export `name` of an instance. Either its definition, or (in a bag) another item of
 * the component. */
enum step { STEP_FAILED, STEP_DEFINED, STEP_ITEM };
static enum step export_step(struct merge *merge, enum core_kind kind, uint32_t instance,
                             struct str name, struct place *place, uint32_t *item) {
    const struct core_instance *source = &merge->component->instances[instance];
    if (source->is_bag) {
        const struct core_bag_item *found = bag_find(source, name);
        if (found == NULL || found->kind != kind) {
            fail_lookup(merge, instance, name,
                        found == NULL ? "has no item" : "has an item of another kind");
            return STEP_FAILED;
        }
        *item = found->index;
        return STEP_ITEM;
    }
    const struct merged *merged = &merge->instances[instance];
    const struct core_export *found = module_export(merged->module, name);
    if (found == NULL || found->kind != kind) {
        fail_lookup(merge, instance, name,
                    found == NULL ? "has no export" : "has an export of another kind");
        return STEP_FAILED;
    }
    if (found->index >= merged->module->imported[kind]) {
        *place = (struct place){instance, found->index};
        return STEP_DEFINED;
    }
    if (instance >= merge->resolved_instances) { /* the decoder lets no one refer forward */
        fail_lookup(merge, instance, name, "is used before it is made, for");
        return STEP_FAILED;
    }
    *place = merged->imports[kind][found->index];
    return STEP_DEFINED;
}

/* The definition of a core item of the component. An error does not say who asked: err_prefix. */
static bool resolve_item(struct merge *merge, enum core_kind kind, uint32_t index,
                         struct place *place) {
    const struct component *component = merge->component;
    uint32_t first = index, steps = 0;
    for (;; steps++) {
        if (index >= component->item_count[kind] || steps > component->item_count[kind])
            return err_set(merge->err, ERR_INVALID, "there is no core %s %u", kind_names[kind],
                           index);
        if (merge->item_known[kind][index]) {
            *place = merge->items[kind][index];
            break;
        }
        const struct core_item *item = &component->items[kind][index];
        if (item->kind != ITEM_ALIAS) {
            *place = (struct place){LINK_NONE, index};
            break;
        }
        uint32_t next = LINK_NONE;
        enum step step = export_step(merge, kind, item->instance, item->name, place, &next);
        if (step == STEP_FAILED) return false;
        if (step == STEP_DEFINED) break;
        merge->items[kind][index].index = next; /* the way, for the second walk */
        index = next;
    }
    /* Everything on the way stands for the same definition. */
    for (uint32_t at = first; steps > 0; steps--) {
        uint32_t next = merge->items[kind][at].index;
        merge->items[kind][at] = *place;
        merge->item_known[kind][at] = 1;
        at = next;
    }
    return true;
}

bool resolve_guest(struct merge *merge, uint32_t item, const char *what, struct place *place) {
    if (!resolve_item(merge, CORE_FUNC, item, place)) return err_prefix(merge->err, "%s", what);
    return place->instance != LINK_NONE ||
           err_set(merge->err, ERR_UNSUPPORTED, "%s is a host function", what);
}

bool resolve_realloc(struct merge *merge, uint32_t item, struct place *place) {
    static const uint8_t words[] = {VALTYPE_I32, VALTYPE_I32, VALTYPE_I32, VALTYPE_I32};
    static const struct core_functype type = {words, words, 4, 1};
    if (!resolve_guest(merge, item, "realloc", place)) return false;
    return functype_equal(place_type(merge, *place), &type) ||
           err_set(merge->err, ERR_INVALID,
                   "realloc has another type than (i32 i32 i32 i32) -> i32");
}

static const struct core_argument *argument_find(const struct core_instance *source,
                                                 struct str name) {
    uint32_t low = 0, high = source->argument_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_compare(source->arguments[middle].name, name);
        if (order == 0) return &source->arguments[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct core_functype *place_type(const struct merge *merge, struct place place) {
    const struct core_module *module = merge->instances[place.instance].module;
    return &module->types[module->funcs[place.index]];
}

static bool limits_match(const struct core_limits *wanted, const struct core_limits *given) {
    return given->min >= wanted->min &&
           (!wanted->has_max || (given->has_max && given->max <= wanted->max));
}

/* Core specification 4.5.3 (import matching); what is declared stands for what is, since nothing
 * has run yet. */
static bool types_match(const struct core_module *to, uint32_t wanted,
                        const struct core_module *from, uint32_t given, enum core_kind kind) {
    switch (kind) {
    case CORE_FUNC:
        return functype_equal(&to->types[to->funcs[wanted]], &from->types[from->funcs[given]]);
    case CORE_TABLE:
        return to->tables[wanted].reftype == from->tables[given].reftype &&
               limits_match(&to->tables[wanted].limits, &from->tables[given].limits);
    case CORE_MEMORY:
        return limits_match(&to->memories[wanted], &from->memories[given]);
    default:
        return to->globals[wanted].valtype == from->globals[given].valtype &&
               to->globals[wanted].mutable == from->globals[given].mutable;
    }
}

static bool follow_import(struct merge *merge, struct merged *merged,
                          const struct core_import *import) {
    const struct core_argument *argument = argument_find(merged->source, import->module);
    if (argument == NULL)
        return err_set(merge->err, ERR_INVALID, "no instance of that name is given");
    enum core_kind kind = import->kind;
    struct place *place = &merged->imports[kind][import->index];
    uint32_t item = LINK_NONE;
    enum step step = export_step(merge, kind, argument->instance, import->name, place, &item);
    if (step == STEP_FAILED) return false;
    if (step == STEP_ITEM && !resolve_item(merge, kind, item, place)) return false;
    if (place->instance == LINK_NONE) return true; /* hosts.c compares their types */
    const struct core_module *from = merge->instances[place->instance].module;
    if (types_match(merged->module, import->index, from, place->index, kind)) return true;
    return err_set(merge->err, ERR_INVALID, "%s %u of core instance %u has another type",
                   kind_names[kind], place->index, place->instance);
}

static bool resolve_import(struct merge *merge, struct merged *merged,
                           const struct core_import *import) {
    if (follow_import(merge, merged, import)) return true;
    return err_prefix(merge->err,
                      "core instance %u (module %u at 0x%x) imports %s \"%.*s\" \"%.*s\"",
                      merged->id, merged->source->module, merged->module->bytes.offset,
                      kind_names[import->kind], STR_ARG(import->module), STR_ARG(import->name));
}

static bool resolve_instance(struct merge *merge, struct merged *merged) {
    const struct core_module *module = merged->module;
    for (int kind = 0; kind < CORE_KINDS; kind++) {
        merged->imports[kind] =
            merge_alloc(merge, module->imported[kind], sizeof *merged->imports[kind]);
        if (merged->imports[kind] == NULL) return false;
    }
    for (uint32_t i = 0; i < module->import_count; i++)
        if (!resolve_import(merge, merged, &module->imports[i])) return false;
    return true;
}

bool resolve_all(struct merge *merge) {
    const struct component *component = merge->component;
    for (int kind = 0; kind < CORE_KINDS; kind++) {
        uint32_t count = component->item_count[kind];
        merge->items[kind] = merge_alloc(merge, count, sizeof *merge->items[kind]);
        merge->item_known[kind] = merge_alloc(merge, count, 1);
        if (merge->items[kind] == NULL || merge->item_known[kind] == NULL) return false;
    }
    for (uint32_t i = 0; i < component->instance_count; i++) {
        struct merged *merged = &merge->instances[i];
        if (merged->module != NULL && !resolve_instance(merge, merged)) return false;
        merge->resolved_instances = i + 1;
    }
    return true;
}
