/* What is true of everything that was decoded, whatever the input: checked by tests and by the
 * fuzzer. */
#ifndef PK_TESTS_COMPONENT_INVARIANTS_H
#define PK_TESTS_COMPONENT_INVARIANTS_H

#include "base/must.h"
#include "component/component.h"

static inline void check_slice(struct slice whole, struct slice part) {
    if (part.size == 0) return;
    must(part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
    must(part.offset - whole.offset == (uint32_t)(part.data - whole.data));
}

static inline void check_module_name(struct slice whole, struct str name) {
    must(utf8_valid(name.data, name.size));
    check_slice(whole,
                (struct slice){(const uint8_t *)name.data, (uint32_t)name.size,
                               whole.offset + (uint32_t)((const uint8_t *)name.data - whole.data)});
}

/* Names of the component level go into texts, logs, JSON and names of core imports as they are;
 * `more` is what may be in it besides letters, digits and -. */
static inline void check_name(struct str name, const char *more) {
    must(name.size > 0 && name.size <= COMPONENT_MAX_NAME);
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        must((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || (c != '\0' && strchr(more, c) != NULL));
    }
}

static inline void check_label(struct str name) {
    check_name(name, "");
}

static inline void check_func_name(struct str name) {
    check_name(name, ".[]");
    must(!str_starts(name, "[resource-drop]"));
}

static inline void check_interface(struct str name) {
    check_name(name, ".[]:/@+");
}

static inline bool is_reftype(uint8_t type) {
    return type == VALTYPE_FUNCREF || type == VALTYPE_EXTERNREF;
}

static inline bool is_valtype(uint8_t type) {
    return (type >= VALTYPE_V128 && type <= VALTYPE_I32) || is_reftype(type);
}

static inline void check_module_items(const struct core_module *module) {
    for (uint32_t i = 0; i < module->type_count; i++) {
        const struct core_functype *type = &module->types[i];
        for (uint32_t j = 0; j < type->param_count; j++) must(is_valtype(type->params[j]));
        for (uint32_t j = 0; j < type->result_count; j++) must(is_valtype(type->results[j]));
    }
    uint32_t seen[CORE_KINDS] = {0};
    for (uint32_t i = 0; i < module->import_count; i++) {
        const struct core_import *import = &module->imports[i];
        must(import->kind < CORE_KINDS && import->index == seen[import->kind]++);
        check_module_name(module->bytes, import->module);
        check_module_name(module->bytes, import->name);
    }
    must(memcmp(seen, module->imported, sizeof seen) == 0);
    for (int kind = 0; kind < CORE_KINDS; kind++) must(seen[kind] <= module->count[kind]);
    for (uint32_t i = 0; i < module->count[CORE_FUNC]; i++)
        must(module->funcs[i] < module->type_count);
    for (uint32_t i = 0; i < module->count[CORE_TABLE]; i++)
        must(is_reftype(module->tables[i].reftype));
    for (uint32_t i = 0; i < module->count[CORE_MEMORY]; i++) {
        const struct core_limits *limits = &module->memories[i];
        must(limits->min <= 65536 && limits->max <= 65536);
        must(!limits->has_max || limits->min <= limits->max);
    }
    for (uint32_t i = 0; i < module->count[CORE_GLOBAL]; i++) {
        must(is_valtype(module->globals[i].valtype));
        check_slice(module->bytes, module->globals[i].init);
        must((i < seen[CORE_GLOBAL]) == (module->globals[i].init.size == 0));
    }
}

static inline void check_module_contents(const struct core_module *module) {
    must(module->body_count == module->count[CORE_FUNC] - module->imported[CORE_FUNC]);
    for (uint32_t i = 0; i < module->body_count; i++) {
        must(module->bodies[i].size >= 2);
        check_slice(module->bytes, module->bodies[i]);
    }
    for (uint32_t i = 0; i < module->element_count; i++) {
        const struct core_element *element = &module->elements[i];
        bool active = element->mode == SEGMENT_ACTIVE;
        must(!active || element->table < module->count[CORE_TABLE]);
        must(active == (element->offset.size > 0));
        must(is_reftype(element->reftype) && element->count <= element->items.size);
        check_slice(module->bytes, element->offset);
        check_slice(module->bytes, element->items);
    }
    for (uint32_t i = 0; i < module->data_count; i++) {
        const struct core_data *data = &module->datas[i];
        bool active = data->mode == SEGMENT_ACTIVE;
        must(!active || data->memory < module->count[CORE_MEMORY]);
        must(active == (data->offset.size > 0));
        check_slice(module->bytes, data->offset);
        check_slice(module->bytes, data->bytes);
    }
}

static inline void check_module(const struct core_module *module) {
    check_module_items(module);
    check_module_contents(module);
    for (uint32_t i = 0; i < module->export_count; i++) {
        const struct core_export *export = &module->exports[i];
        must(export->kind < CORE_KINDS && export->index < module->count[export->kind]);
        must(i == 0 || str_compare(export[-1].name, export->name) < 0);
        must(module_export(module, export->name) == export);
        check_module_name(module->bytes, export->name);
    }
    must(!module->has_start || module->start < module->count[CORE_FUNC]);
    check_slice(module->bytes, module->name_section);
}

static inline void check_types(const struct component *component) {
    for (uint32_t i = 0; i < component->valtype_count; i++) {
        const struct component_valtype *type = &component->valtypes[i];
        bool handle = type->kind == VT_OWN || type->kind == VT_BORROW;
        bool wraps = type->kind == VT_LIST || type->kind == VT_OPTION;
        must(type->kind <= VT_BORROW && type->depth >= 1 && type->depth <= COMPONENT_MAX_DEPTH);
        must(type->flat_count >= 1 && type->flat_count <= COMPONENT_FLAT_MANY);
        must(handle ? type->resource < component->resource_count
                    : type->resource == COMPONENT_NONE);
        must(wraps ? type->element < i : type->element == COMPONENT_NONE);
        for (uint32_t j = 0; j < type->count; j++) {
            uint32_t part = type->fields[j].type;
            must(part < i || part == COMPONENT_NONE);
            must(part == COMPONENT_NONE || component->valtypes[part].depth < type->depth);
            if (type->kind != VT_TUPLE) check_label(type->fields[j].name);
        }
    }
    for (uint32_t i = 0; i < component->functype_count; i++) {
        const struct component_functype *type = &component->functypes[i];
        must(type->result < component->valtype_count || type->result == COMPONENT_NONE);
        for (uint32_t j = 0; j < type->param_count; j++) {
            must(type->params[j].type < component->valtype_count);
            check_label(type->params[j].name);
        }
    }
    for (uint32_t i = 0; i < component->resource_count; i++) {
        check_interface(component->resources[i].name);
        if (component->resources[i].interface.size > 0)
            check_interface(component->resources[i].interface);
    }
}

static inline void check_options(const struct component *component,
                                 const struct component_options *options) {
    const uint32_t *count = component->item_count;
    must(options->encoding <= ENCODING_LATIN1_UTF16);
    must(options->memory < count[CORE_MEMORY] || options->memory == COMPONENT_NONE);
    must(options->realloc < count[CORE_FUNC] || options->realloc == COMPONENT_NONE);
    must(options->post_return < count[CORE_FUNC] || options->post_return == COMPONENT_NONE);
}

static inline void check_core_item(const struct component *component, enum core_kind kind,
                                   uint32_t index) {
    const struct core_item *item = &component->items[kind][index];
    must(kind == CORE_FUNC || item->kind == ITEM_ALIAS);
    must(item->offset < component->bytes.size);
    check_options(component, &item->options);
    switch (item->kind) {
    case ITEM_ALIAS: {
        must(item->instance < component->instance_count);
        const struct core_instance *instance = &component->instances[item->instance];
        if (instance->is_bag) break;
        const struct core_export *export =
            module_export(&component->modules[instance->module], item->name);
        must(export != NULL && export->kind == kind);
        break;
    }
    case ITEM_LOWER:
        must(item->func < component->func_count &&
             component->funcs[item->func].kind == FUNC_IMPORT);
        break;
    default:
        must(item->kind == ITEM_RESOURCE_DROP && item->resource < component->resource_count);
    }
}

static inline void check_core_instance(const struct component *component, uint32_t index) {
    const struct core_instance *instance = &component->instances[index];
    must(instance->offset < component->bytes.size);
    must(instance->is_bag ? instance->argument_count == 0 : instance->item_count == 0);
    must(instance->is_bag || instance->module < component->module_count);
    for (uint32_t i = 0; i < instance->argument_count; i++) {
        const struct core_argument *argument = &instance->arguments[i];
        must(argument->instance < index); /* so that following them ends */
        must(i == 0 || str_compare(argument[-1].name, argument->name) < 0);
        check_module_name(component->bytes, argument->name);
    }
    for (uint32_t i = 0; i < instance->item_count; i++) {
        const struct core_bag_item *item = &instance->items[i];
        must(item->kind < CORE_KINDS && item->index < component->item_count[item->kind]);
        const struct core_item *of = &component->items[item->kind][item->index];
        must(of->kind != ITEM_ALIAS || of->instance < index);
        must(i == 0 || str_compare(item[-1].name, item->name) < 0);
        check_module_name(component->bytes, item->name);
    }
}

static inline void check_funcs(const struct component *component) {
    for (uint32_t i = 0; i < component->func_count; i++) {
        const struct component_func *func = &component->funcs[i];
        must(func->type < component->functype_count);
        check_options(component, &func->options);
        if (func->kind == FUNC_IMPORT) {
            check_func_name(func->name);
            if (func->interface.size > 0) check_interface(func->interface);
        } else {
            must(func->kind == FUNC_LIFT && func->core_func < component->item_count[CORE_FUNC]);
        }
    }
    for (uint32_t i = 0; i < component->export_count; i++) {
        const struct component_export *export = &component->exports[i];
        if (export->interface.size > 0) check_interface(export->interface);
        for (uint32_t j = 0; j < export->func_count; j++) {
            check_func_name(export->funcs[j].name);
            must(export->funcs[j].func < component->func_count);
            must(component->funcs[export->funcs[j].func].kind == FUNC_LIFT);
        }
    }
    for (uint32_t i = 0; i < component->import_name_count; i++)
        check_interface(component->import_names[i]);
}

static inline void check_component(const struct component *component) {
    for (uint32_t i = 0; i < component->module_count; i++) {
        check_slice(component->bytes, component->modules[i].bytes);
        check_module(&component->modules[i]);
    }
    for (uint32_t i = 0; i < component->instance_count; i++) check_core_instance(component, i);
    for (int kind = 0; kind < CORE_KINDS; kind++)
        for (uint32_t i = 0; i < component->item_count[kind]; i++)
            check_core_item(component, (enum core_kind)kind, i);
    check_types(component);
    check_funcs(component);
}

#endif
