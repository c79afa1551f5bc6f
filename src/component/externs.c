/* What the component itself imports and exports. */
#include "component/decode.h"

void decode_add_func(struct decoder *decoder, struct reader *reader,
                     const struct instance_entry *entry, const struct instance_item *item) {
    struct component_func func;
    if (entry->imported) {
        func = (struct component_func){.kind = FUNC_IMPORT,
                                       .interface = entry->name,
                                       .name = item->name,
                                       .type = item->type.index,
                                       .core_func = COMPONENT_NONE,
                                       .options = decode_no_options};
    } else {
        func = ((const struct component_func *)decoder->funcs.items)[item->func];
    }
    struct component_func *added = decode_add(&decoder->funcs, reader, "functions");
    if (added != NULL) *added = func;
}

static void add_import_name(struct decoder *decoder, struct reader *reader, struct str name) {
    struct str *added = decode_add(&decoder->import_names, reader, "imports");
    if (added != NULL) *added = name;
}

static void import_func(struct decoder *decoder, struct reader *reader, struct str name,
                        uint32_t index) {
    struct type_entry type = types_get(reader, &decoder->types, index, TYPE_FUNC);
    struct instance_entry itself = {.imported = true, .name = {"", 0}};
    struct instance_item item = {.name = name, .is_func = true, .type = type};
    decode_add_func(decoder, reader, &itself, &item);
    add_import_name(decoder, reader, name);
}

static void import_type(struct decoder *decoder, struct reader *reader, struct str name,
                        const struct extern_desc *desc) {
    struct type_entry type = {.sort = TYPE_RESOURCE};
    if (desc->fresh_resource) {
        type.index = types_add_resource(decoder, reader, (struct str){"", 0}, name);
    } else if (desc->index < decoder->types.count) {
        type = ((const struct type_entry *)decoder->types.items)[desc->index];
    } else {
        reader_fail(reader, ERR_INVALID, "type %u, which is not there", desc->index);
    }
    struct type_entry *added = decode_add(&decoder->types, reader, "types");
    if (added != NULL) *added = type;
}

static void import_instance(struct decoder *decoder, struct reader *reader, struct str name,
                            uint32_t index) {
    struct type_entry type = types_get(reader, &decoder->types, index, TYPE_INSTANCE);
    struct instance_entry entry;
    if (reader->failed) return;
    const struct instance_type *types = decoder->instance_types.items;
    types_instantiate(decoder, reader, &types[type.index], name, &entry);
    struct instance_entry *added = decode_add(&decoder->instances, reader, "instances");
    if (added != NULL) *added = entry;
    add_import_name(decoder, reader, name);
}

void decode_import(struct decoder *decoder, struct reader *reader) {
    uint32_t start = reader_offset(reader);
    struct str name = names_read_extern(reader, "name of an import");
    struct extern_desc desc = decode_extern(reader);
    decode_name(decoder, reader, start, SCOPE_IMPORTS, name, 0);
    if (desc.sort.sort == SORT_FUNC) names_check_func(reader, start, name);
    if (reader->failed) return;
    switch (desc.sort.sort) {
    case SORT_FUNC:
        import_func(decoder, reader, name, desc.index);
        break;
    case SORT_TYPE:
        import_type(decoder, reader, name, &desc);
        break;
    case SORT_INSTANCE:
        import_instance(decoder, reader, name, desc.index);
        break;
    default:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "import of %s", decode_sort_name(desc.sort));
    }
}

struct export {
    uint32_t offset;
    struct str name;
    struct sort sort;
    uint32_t index; /* in the index space of its sort */
};

/* A function must be lifted here: what only passes an import on has no code to enter. */
static void export_func(struct decoder *decoder, struct reader *reader, const struct export *export,
                        struct str name, uint32_t index, struct component_export_func *out) {
    const struct component_func *funcs = decoder->funcs.items;
    *out = (struct component_export_func){.name = name, .func = index};
    if (funcs[index].kind != FUNC_LIFT)
        reader_fail_at(reader, export->offset, ERR_UNSUPPORTED,
                       "export of the imported function %.*s", STR_ARG(name));
}

static struct component_export *add_export(struct decoder *decoder, struct reader *reader,
                                           struct str interface, uint32_t count) {
    struct component_export *added = decode_add(&decoder->exports, reader, "exports");
    if (added == NULL) return NULL;
    added->interface = interface;
    added->func_count = count;
    added->funcs = arena_zalloc(decoder->arena, count, sizeof *added->funcs);
    if (added->funcs != NULL) return added;
    reader_fail(reader, ERR_MEMORY, "no memory for exports");
    return NULL;
}

static void export_root_func(struct decoder *decoder, struct reader *reader,
                             const struct export *export) {
    struct component_export *made = add_export(decoder, reader, (struct str){"", 0}, 1);
    if (made == NULL) return;
    export_func(decoder, reader, export, export->name, export->index, &made->funcs[0]);
    struct component_func *added = decode_add(&decoder->funcs, reader, "functions");
    if (added != NULL) *added = ((struct component_func *)decoder->funcs.items)[export->index];
}

static void export_instance(struct decoder *decoder, struct reader *reader,
                            const struct export *export) {
    struct instance_entry entry =
        ((struct instance_entry *)decoder->instances.items)[export->index];
    const struct instance_item *items = decoder->items.items;
    uint32_t count = 0, at = 0;
    if (!decode_pay(decoder, reader, entry.count)) return;
    for (uint32_t i = 0; i < entry.count; i++) count += items[entry.first + i].is_func;
    if (entry.imported && count > 0) {
        reader_fail_at(reader, export->offset, ERR_UNSUPPORTED,
                       "export of the imported instance %.*s", STR_ARG(entry.name));
        return;
    }
    struct component_export *made = add_export(decoder, reader, export->name, count);
    if (made == NULL) return;
    for (uint32_t i = entry.first; i < entry.first + entry.count; i++)
        if (items[i].is_func)
            export_func(decoder, reader, export, items[i].name, items[i].func, &made->funcs[at++]);
    struct instance_entry *added = decode_add(&decoder->instances, reader, "instances");
    if (added != NULL) *added = entry;
}

static void export_type(struct decoder *decoder, struct reader *reader,
                        const struct export *export) {
    struct type_entry *added = decode_add(&decoder->types, reader, "types");
    if (added != NULL) *added = ((struct type_entry *)decoder->types.items)[export->index];
}

void decode_export(struct decoder *decoder, struct reader *reader) {
    struct export export = {.offset = reader_offset(reader)};
    export.name = names_read_extern(reader, "name of an export");
    export.sort = decode_sort(reader);
    if (reader->failed) return;
    const struct vec *space = export.sort.sort == SORT_FUNC       ? &decoder->funcs
                              : export.sort.sort == SORT_TYPE     ? &decoder->types
                              : export.sort.sort == SORT_INSTANCE ? &decoder->instances
                                                                  : NULL;
    if (space == NULL) {
        reader_fail_at(reader, export.offset, ERR_UNSUPPORTED, "export of %s",
                       decode_sort_name(export.sort));
        return;
    }
    export.index = decode_index(reader, space->count, decode_sort_noun(export.sort));
    decode_skip_ascribed(reader, export.sort);
    decode_name(decoder, reader, export.offset, SCOPE_EXPORTS, export.name, 0);
    if (export.sort.sort == SORT_FUNC) names_check_func(reader, export.offset, export.name);
    if (reader->failed) return;
    if (export.sort.sort == SORT_FUNC)
        export_root_func(decoder, reader, &export);
    else if (export.sort.sort == SORT_TYPE)
        export_type(decoder, reader, &export);
    else
        export_instance(decoder, reader, &export);
}
