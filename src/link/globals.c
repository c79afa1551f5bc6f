/* Globals: initial values are computed; those of mutable numbers leave the code, so that skills
 * which differ in them share it. */
#include <stdio.h>

#include "link/merge.h"

static bool is_number(uint8_t valtype) {
    return valtype == VALTYPE_I32 || valtype == VALTYPE_I64 || valtype == VALTYPE_F32 ||
           valtype == VALTYPE_F64;
}

static bool evaluate_instance(struct merge *merge, const struct merged *merged) {
    const struct core_module *module = merged->module;
    for (uint32_t i = module->imported[CORE_GLOBAL]; i < module->count[CORE_GLOBAL]; i++) {
        char what[40];
        snprintf(what, sizeof what, "global %u", i);
        const struct core_global *global = &module->globals[i];
        struct constant value = {0};
        if (!const_eval(merge, merged, global->init, global->valtype, what, &value)) return false;
        merge->values[merged->map[CORE_GLOBAL][i]] = value;
    }
    return true;
}

/* The type of "pk" "start": sizes, then the values. */
static bool type_start(struct merge *merge) {
    const struct link_result *result = merge->result;
    uint8_t *results = merge_alloc(merge, 2 + result->global_count, 1);
    if (results == NULL) return false;
    results[0] = results[1] = VALTYPE_I32;
    for (uint32_t i = 0; i < result->global_count; i++) results[2 + i] = result->globals[i].valtype;
    struct core_functype type = {NULL, results, 0, 2 + result->global_count};
    uint32_t index = types_add(merge, &type);
    merge->func_types[merge->start_import] = index;
    return index != LINK_NONE;
}

bool globals_evaluate(struct merge *merge) {
    for (uint32_t i = 0; i < merge->component->instance_count; i++)
        if (merge->instances[i].module != NULL && !evaluate_instance(merge, &merge->instances[i]))
            return false;
    struct link_result *result = merge->result;
    result->globals = merge_alloc(merge, LINK_MAX_GLOBALS, sizeof *result->globals);
    if (result->globals == NULL) return false;
    for (uint32_t i = 0; i < merge->global_count && result->global_count < LINK_MAX_GLOBALS; i++) {
        const struct core_global *global = &merge->globals[i];
        if (!global->mutable || !is_number(global->valtype)) continue;
        merge->settable[i] = true;
        result->globals[result->global_count++] =
            (struct link_global){global->valtype, merge->values[i].bits};
    }
    return type_start(merge);
}
