/* Start functions: in a component each runs before the next module is instantiated; in the merged
 * module all segments are applied first. That is the same only when nothing is left to apply after
 * a start function. */
#include "link/merge.h"

static const char *late_segment(const struct core_module *module) {
    for (uint32_t i = 0; i < module->data_count; i++)
        if (module->datas[i].mode == SEGMENT_ACTIVE && module->datas[i].bytes.size > 0)
            return "data";
    for (uint32_t i = 0; i < module->element_count; i++)
        if (module->elements[i].mode == SEGMENT_ACTIVE && module->elements[i].count > 0)
            return "element";
    return NULL;
}

bool starts_check(struct merge *merge) {
    const struct merged *late = NULL; /* the last instance that has active segments */
    for (uint32_t i = merge->component->instance_count; i-- > 0;) {
        const struct merged *merged = &merge->instances[i];
        if (merged->module == NULL) continue;
        if (merged->module->has_start && late != NULL)
            return merge_fail(merge, merged, ERR_UNSUPPORTED,
                              "its start function runs before core instance %u (module %u) gets "
                              "its active %s segments; that order is not supported",
                              late->id, late->source->module, late_segment(late->module));
        if (late == NULL && late_segment(merged->module) != NULL) late = merged;
    }
    return true;
}
