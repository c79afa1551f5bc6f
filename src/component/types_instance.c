/* Instance types: skipped where they are defined, read where something is imported with them. */
#include "component/decode.h"

/* Exports of an instance type: a function, or a type that gets a second index. */
static void declare_export(struct decoder *decoder, struct reader *reader,
                           struct instance_entry *entry) {
    uint32_t start = reader_offset(reader);
    struct str name = names_read_extern(reader, "name of an export");
    struct extern_desc desc = decode_extern(reader);
    if (reader->failed) return;
    struct vec *types = &decoder->inner_types;
    struct instance_item item = {
        .name = name, .offset = start, .is_func = desc.sort.sort == SORT_FUNC};
    if (item.is_func) {
        item.type = types_get(reader, types, desc.index, TYPE_FUNC);
    } else if (desc.sort.sort != SORT_TYPE) {
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "instance type that exports %s",
                       decode_sort_name(desc.sort));
    } else if (desc.fresh_resource) {
        item.type.sort = TYPE_RESOURCE;
        item.type.index = types_add_resource(decoder, reader, entry->name, name);
    } else if (desc.index < types->count) {
        item.type = ((const struct type_entry *)types->items)[desc.index];
    } else {
        reader_fail_at(reader, start, ERR_INVALID, "type %u, which is not there", desc.index);
    }
    instances_add_item(decoder, reader, entry, item);
    if (item.is_func) return;
    struct type_entry *added = decode_add(types, reader, "types");
    if (added != NULL) *added = item.type;
}

static void declare_type(struct decoder *decoder, struct reader *reader) {
    struct type_entry type =
        types_define(decoder, reader, (struct scope){.types = &decoder->inner_types, .depth = 1});
    struct type_entry *added = decode_add(&decoder->inner_types, reader, "types");
    if (added != NULL) *added = type;
}

/* Types of the component (one level out), as far as they were there when the instance type was
 * defined; or of this scope. */
static void declare_alias(struct decoder *decoder, struct reader *reader, uint32_t visible) {
    struct alias alias = decode_alias(reader);
    if (reader->failed) return;
    const struct vec *from = alias.outer == 0 ? &decoder->inner_types : &decoder->types;
    if (alias.target != ALIAS_OUTER || alias.sort.sort != SORT_TYPE) {
        reader_fail_at(reader, alias.offset, ERR_UNSUPPORTED, "alias of %s in an instance type",
                       decode_sort_name(alias.sort));
        return;
    }
    if (alias.outer > 1 || alias.index >= (alias.outer == 1 ? visible : from->count)) {
        reader_fail_at(reader, alias.offset, ERR_INVALID,
                       "alias of type %u, %u levels out, which is not there", alias.index,
                       alias.outer);
        return;
    }
    struct type_entry type = ((const struct type_entry *)from->items)[alias.index];
    struct type_entry *added = decode_add(&decoder->inner_types, reader, "types");
    if (added != NULL) *added = type;
}

void types_instantiate(struct decoder *decoder, struct reader *reader,
                       const struct instance_type *type, struct str name,
                       struct instance_entry *entry) {
    uint32_t visible = type->visible;
    struct reader part;
    *entry = instances_begin(decoder);
    entry->imported = true;
    entry->name = name;
    if (!decode_pay(decoder, reader, type->declarations.size)) return;
    reader_init(&part, type->declarations, reader->err);
    decoder->inner_types.count = 0;
    for (uint32_t left = reader_u32(&part); left > 0 && !part.failed; left--) {
        uint32_t start = reader_offset(&part);
        uint8_t form = reader_byte(&part);
        if (form == 1)
            declare_type(decoder, &part);
        else if (form == 2)
            declare_alias(decoder, &part, visible);
        else if (form == 4)
            declare_export(decoder, &part, entry);
        else
            reader_fail_at(&part, start, ERR_INVALID, "declaration of form 0x%02x", form);
    }
    decode_join(reader, &part);
}

static void skip_declaration(struct decoder *decoder, struct reader *reader, struct scope scope,
                             bool component) {
    uint32_t start = reader_offset(reader);
    uint8_t form = reader_byte(reader);
    switch (form) {
    case 0:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "core type in a type");
        return;
    case 1:
        types_define(decoder, reader, scope);
        return;
    case 2:
        decode_alias(reader);
        return;
    case 3:
    case 4:
        if (form == 3 && !component) break;
        names_read_extern(reader, form == 3 ? "name of an import" : "name of an export");
        decode_extern(reader);
        return;
    default:
        break;
    }
    reader_fail_at(reader, start, ERR_INVALID, "declaration of form 0x%02x", form);
}

struct slice types_skip_declarations(struct decoder *decoder, struct reader *reader,
                                     struct scope scope, bool component) {
    const uint8_t *start = reader->at;
    scope.dry = true;
    if (scope.depth++ >= COMPONENT_MAX_DEPTH)
        reader_fail(reader, ERR_LIMIT, "types nested deeper than %d", COMPONENT_MAX_DEPTH);
    uint32_t count = reader_count(reader, 2, COMPONENT_MAX_ITEMS, "declarations");
    for (uint32_t i = 0; i < count && !reader->failed; i++)
        skip_declaration(decoder, reader, scope, component);
    return reader_since(reader, start);
}
