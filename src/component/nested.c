/* Nested components. Builders wrap the functions that they export in one, which imports each under
 * a name like `import-func-run` and exports it as `run`, with types beside it. Such a component is
 * a table of names, and that is all that is taken. */
#include "component/decode.h"

static const uint8_t preamble[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};

/* A nested component while it is read: its own index spaces, each entry telling where the thing is
 * from. */
struct nested {
    struct decoder *decoder;
    struct vec funcs; /* uint32_t: which import */
    struct vec types; /* struct nested_export, without a name */
    uint32_t names;   /* scope of its imports' names; exports are names + 1 */
    struct nested_component component;
};

static void add_type(struct nested *nested, struct reader *reader, uint32_t import,
                     struct type_entry type) {
    struct nested_export *added = decode_add(&nested->types, reader, "types");
    if (added != NULL) *added = (struct nested_export){.import = import, .type = type};
}

static void add_func(struct nested *nested, struct reader *reader, uint32_t import) {
    uint32_t *added = decode_add(&nested->funcs, reader, "functions");
    if (added != NULL) *added = import;
}

static void nested_import(struct nested *nested, struct reader *reader) {
    struct decoder *decoder = nested->decoder;
    uint32_t start = reader_offset(reader), import = decoder->nested_imports.count;
    struct str name = names_read_extern(reader, "name of an import");
    struct extern_desc desc = decode_extern(reader);
    if (reader->failed) return;
    if (desc.sort.sort != SORT_FUNC && desc.sort.sort != SORT_TYPE)
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "nested component that imports %s",
                       decode_sort_name(desc.sort));
    if (!decode_name(decoder, reader, start, nested->names, name, import)) return;
    struct nested_import *added = decode_add(&decoder->nested_imports, reader, "imports");
    if (added == NULL) return;
    *added = (struct nested_import){.name = name, .is_func = desc.sort.sort == SORT_FUNC};
    nested->component.import_count++;
    if (added->is_func)
        add_func(nested, reader, import);
    else
        add_type(nested, reader, import, (struct type_entry){.sort = TYPE_OPAQUE});
}

static void nested_export(struct nested *nested, struct reader *reader) {
    struct decoder *decoder = nested->decoder;
    uint32_t start = reader_offset(reader);
    struct nested_export export = {0};
    struct str name = names_read_extern(reader, "name of an export");
    struct sort sort = decode_sort(reader);
    if (reader->failed) return;
    if (sort.sort == SORT_FUNC) {
        const uint32_t *func = decode_item(reader, &nested->funcs, "function");
        if (func == NULL) return;
        export.is_func = true;
        export.import = *func;
        add_func(nested, reader, export.import);
    } else if (sort.sort == SORT_TYPE) {
        const struct nested_export *type = decode_item(reader, &nested->types, "type");
        if (type == NULL) return;
        export = *type;
        add_type(nested, reader, export.import, export.type);
    } else {
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "nested component that exports %s",
                       decode_sort_name(sort));
    }
    decode_skip_ascribed(reader, sort);
    if (!decode_name(decoder, reader, start, nested->names + 1, name, 0)) return;
    export.name = name;
    struct nested_export *added = decode_add(&decoder->nested_exports, reader, "exports");
    if (added == NULL) return;
    *added = export;
    nested->component.export_count++;
}

/* A type of the component around it, or a second index of one of its own. */
static void nested_alias(struct nested *nested, struct reader *reader) {
    struct alias alias = decode_alias(reader);
    if (reader->failed) return;
    const struct vec *types = alias.outer == 0 ? &nested->types : &nested->decoder->types;
    if (alias.target != ALIAS_OUTER || alias.sort.sort != SORT_TYPE) {
        reader_fail_at(reader, alias.offset, ERR_UNSUPPORTED,
                       "nested component with an alias of %s", decode_sort_name(alias.sort));
    } else if (alias.outer > 1 || alias.index >= types->count) {
        reader_fail_at(reader, alias.offset, ERR_INVALID,
                       "alias of type %u, %u levels out, which is not there", alias.index,
                       alias.outer);
    } else if (alias.outer == 0) {
        struct nested_export of = ((const struct nested_export *)types->items)[alias.index];
        add_type(nested, reader, of.import, of.type);
    } else {
        add_type(nested, reader, COMPONENT_NONE,
                 ((const struct type_entry *)types->items)[alias.index]);
    }
}

/* Its own types say nothing that the functions which are handed in do not know better. */
static void nested_type(struct nested *nested, struct reader *reader) {
    types_define(nested->decoder, reader, (struct scope){.dry = true});
    add_type(nested, reader, COMPONENT_NONE, (struct type_entry){.sort = TYPE_OPAQUE});
}

static const char *refused_section(uint8_t id) {
    static const char *const names[] = {
        [1] = "instantiates core modules",
        [2] = "has core instances",
        [3] = "has core types",
        [4] = "has nested components",
        [5] = "has instances",
        [8] = "has canonical definitions",
        [9] = "has a start function",
        [12] = "has values",
    };
    const char *name = id < sizeof names / sizeof *names ? names[id] : NULL;
    return name != NULL ? name : "has a section of unknown kind";
}

static void nested_section(struct nested *nested, struct reader *reader, uint32_t start,
                           uint8_t id) {
    void (*decode)(struct nested *, struct reader *) = id == 6    ? nested_alias
                                                       : id == 7  ? nested_type
                                                       : id == 10 ? nested_import
                                                       : id == 11 ? nested_export
                                                                  : NULL;
    if (id == 0) return;
    if (decode == NULL) {
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "nested component that %s",
                       refused_section(id));
        return;
    }
    uint32_t count = reader_count(reader, 1, COMPONENT_MAX_ITEMS, "items");
    for (uint32_t i = 0; i < count && !reader->failed; i++) decode(nested, reader);
    if (!reader->failed && !reader_done(reader))
        reader_fail(reader, ERR_INVALID, "more bytes than items in a section");
}

static void read_sections(struct nested *nested, struct reader *reader) {
    while (!reader->failed && !reader_done(reader)) {
        struct reader contents;
        uint32_t start = reader_offset(reader);
        uint8_t id;
        if (!decode_section_head(reader, &id, &contents)) return;
        nested_section(nested, &contents, start, id);
        decode_join(reader, &contents);
    }
}

void decode_nested(struct decoder *decoder, struct reader *reader, struct slice bytes) {
    struct nested nested = {.decoder = decoder,
                            .funcs = {.item_size = sizeof(uint32_t)},
                            .types = {.item_size = sizeof(struct nested_export)},
                            .names = decoder->scopes,
                            .component = {.first_import = decoder->nested_imports.count,
                                          .first_export = decoder->nested_exports.count}};
    struct reader inner;
    decoder->scopes += 2;
    reader_init(&inner, bytes, reader->err);
    if (bytes.size < sizeof preamble || memcmp(bytes.data, preamble, sizeof preamble) != 0)
        reader_fail(&inner, ERR_INVALID, "nested component that is none");
    reader_bytes(&inner, sizeof preamble);
    read_sections(&nested, &inner);
    decode_join(reader, &inner);
    vec_free(&nested.funcs);
    vec_free(&nested.types);
    struct nested_component *added = decode_add(&decoder->components, reader, "components");
    if (added != NULL) *added = nested.component;
}

/* The arguments by name, in a scope and among the items of their own; an instance that nothing
 * refers to. */
static struct instance_entry read_arguments(struct decoder *decoder, struct reader *reader) {
    struct instance_entry arguments = instances_begin(decoder);
    uint32_t count = reader_count(reader, 4, COMPONENT_MAX_ITEMS, "arguments");
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        struct str name = names_read(reader, NAMES_EXTERN, "name of an argument");
        instances_add_item(decoder, reader, &arguments, instances_read_item(decoder, reader, name));
    }
    return arguments;
}

/* The argument for an import, by its place in decoder->nested_imports. */
static const struct instance_item *find_argument(const struct decoder *decoder,
                                                 struct reader *reader, uint32_t offset,
                                                 const struct instance_entry *arguments,
                                                 uint32_t index) {
    const struct nested_import *imports = decoder->nested_imports.items;
    const struct nested_import *import = &imports[index];
    const struct instance_item *argument = instances_find(decoder, arguments, import->name);
    if (argument != NULL && argument->is_func == import->is_func) return argument;
    reader_fail_at(reader, offset, ERR_INVALID, "no %s for the import %.*s of a nested component",
                   import->is_func ? "function" : "type", STR_ARG(import->name));
    return NULL;
}

static void add_export(struct decoder *decoder, struct reader *reader, uint32_t offset,
                       const struct instance_entry *arguments, const struct nested_export *export,
                       struct instance_entry *entry) {
    struct instance_item item = {.is_func = export->is_func, .type = export->type};
    if (export->import != COMPONENT_NONE) {
        const struct instance_item *argument =
            find_argument(decoder, reader, offset, arguments, export->import);
        if (argument == NULL) return;
        item = *argument;
    }
    item.name = export->name;
    item.offset = offset;
    instances_add_item(decoder, reader, entry, item);
}

void decode_nested_instance(struct decoder *decoder, struct reader *reader,
                            struct instance_entry *entry) {
    uint32_t offset = reader_offset(reader);
    const struct nested_component *component =
        decode_item(reader, &decoder->components, "nested component");
    struct instance_entry arguments = read_arguments(decoder, reader);
    if (reader->failed || component == NULL) return;
    if (!decode_pay(decoder, reader,
                    6 * (uint64_t)component->export_count + component->import_count))
        return;
    for (uint32_t i = 0; i < component->import_count; i++)
        if (find_argument(decoder, reader, offset, &arguments, component->first_import + i) == NULL)
            return;
    *entry = instances_begin(decoder);
    const struct nested_export *exports = decoder->nested_exports.items;
    for (uint32_t i = 0; i < component->export_count && !reader->failed; i++)
        add_export(decoder, reader, offset, &arguments, &exports[component->first_export + i],
                   entry);
}
