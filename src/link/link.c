#include "link/link.h"

#include <string.h>

#include "link/merge.h"

/* Modules are copied as often as they are instantiated: say no before the work is done. */
static bool check_copies(struct merge *merge) {
    size_t total = 0;
    for (uint32_t i = 0; i < merge->component->instance_count; i++)
        if (merge->instances[i].module != NULL) total += merge->instances[i].module->bytes.size;
    if (total <= merge->cap) return true;
    return err_set(
        merge->err, ERR_LIMIT,
        "core modules are instantiated so often that %zu bytes would be linked; the limit is "
        "%d times the component and %d KiB",
        total, LINK_OUTPUT_FACTOR, LINK_OUTPUT_SLACK / 1024);
}

static bool merge_begin(struct merge *merge) {
    const struct component *component = merge->component;
    merge->cap = (size_t)LINK_OUTPUT_FACTOR * component->bytes.size + LINK_OUTPUT_SLACK;
    if (merge->cap > LINK_MAX_OUTPUT) merge->cap = LINK_MAX_OUTPUT;
    merge->instances = merge_alloc(merge, component->instance_count, sizeof *merge->instances);
    if (merge->instances == NULL) return false;
    for (uint32_t i = 0; i < component->instance_count; i++) {
        const struct core_instance *source = &component->instances[i];
        const struct core_module *module =
            source->is_bag ? NULL : &component->modules[source->module];
        merge->instances[i] = (struct merged){.module = module, .source = source, .id = i};
    }
    struct link_result *result = merge->result;
    *result = (struct link_result){.data_in_image = true};
    buf_init(&result->code, merge->cap);
    buf_init(&result->interface, merge->cap);
    buf_init(&result->names, merge->cap);
    buf_init(&merge->element_section, merge->cap);
    buf_init(&merge->data_section, merge->cap);
    /* A body is written with room to spare; merge_buf_ok looks at what was used. */
    buf_init(&merge->code_section,
             merge->cap + LINK_BODY_GROWTH * (size_t)LINK_MAX_BODY + LINK_BODY_SLACK);
    if (!table_init(&merge->helper_table, merge->arena, 16)) return merge_no_memory(merge);
    return types_init(merge) && check_copies(merge);
}

static bool merge_run(struct merge *merge) {
    return merge_begin(merge) && resolve_all(merge) && hosts_collect(merge) &&
           entries_collect(merge) && starts_check(merge) && layout_all(merge) &&
           globals_evaluate(merge) && datas_collect(merge) && elements_write(merge) &&
           shims_write(merge) && rewrite_all(merge) && entries_write(merge) &&
           helpers_write(merge) && elements_declare(merge) && assemble_code(merge) &&
           names_write(merge) && interface_write(merge);
}

bool link_component(const struct component *component, const struct link_settings *settings,
                    struct arena *arena, struct link_result *result, struct err *err) {
    struct merge merge = {.component = component,
                          .settings = settings,
                          .arena = arena,
                          .result = result,
                          .err = err,
                          .empty_data = LINK_NONE};
    memset(result, 0, sizeof *result);
    if (!component_find_world(component, &result->world, err)) return false;
    struct component_world world = result->world;
    bool ok = merge_run(&merge);
    result->world = world;
    buf_free(&merge.element_section);
    buf_free(&merge.code_section);
    buf_free(&merge.data_section);
    if (!ok) link_free(result);
    return ok;
}

void link_free(struct link_result *result) {
    buf_free(&result->code);
    buf_free(&result->interface);
    buf_free(&result->names);
}
