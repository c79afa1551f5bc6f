/* Instances of the component level: what they export, imports of them, and local ones made of
 * existing items. */
#include "component/decode.h"

struct instance_entry instances_begin(struct decoder *decoder) {
    return (struct instance_entry){.scope = decoder->scopes++, .first = decoder->items.count};
}

void instances_add_item(struct decoder *decoder, struct reader *reader,
                        struct instance_entry *entry, struct instance_item item) {
    if (item.is_func) names_check_func(reader, item.offset, item.name);
    if (!decode_name(decoder, reader, item.offset, entry->scope, item.name, decoder->items.count))
        return;
    struct instance_item *added = decode_add(&decoder->items, reader, "exports of instances");
    if (added == NULL) return;
    *added = item;
    entry->count++;
}

const struct instance_item *instances_find(const struct decoder *decoder,
                                           const struct instance_entry *entry, struct str name) {
    uint32_t index = names_find(&decoder->names, entry->scope, name);
    if (index == UINT32_MAX) return NULL;
    return &((const struct instance_item *)decoder->items.items)[index];
}

/* An item that is handed to a local instance: a function or a type by its index. */
struct instance_item instances_read_item(struct decoder *decoder, struct reader *reader,
                                         struct str name) {
    uint32_t start = reader_offset(reader);
    struct instance_item item = {.name = name, .offset = start};
    struct sort sort = decode_sort(reader);
    if (reader->failed) return item;
    if (sort.sort == SORT_FUNC) {
        item.is_func = true;
        item.func = decode_index(reader, decoder->funcs.count, "function");
    } else if (sort.sort == SORT_TYPE) {
        uint32_t index = decode_index(reader, decoder->types.count, "type");
        if (!reader->failed) item.type = ((const struct type_entry *)decoder->types.items)[index];
    } else {
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "%s handed to a component instance",
                       decode_sort_name(sort));
    }
    return item;
}

static void read_inline_exports(struct decoder *decoder, struct reader *reader,
                                struct instance_entry *entry) {
    uint32_t count = reader_count(reader, 4, COMPONENT_MAX_ITEMS, "exports of an instance");
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        struct str name = names_read_extern(reader, "name of an export");
        instances_add_item(decoder, reader, entry, instances_read_item(decoder, reader, name));
    }
}

void decode_instance(struct decoder *decoder, struct reader *reader) {
    struct instance_entry entry = instances_begin(decoder);
    uint32_t start = reader_offset(reader);
    uint8_t form = reader_byte(reader);
    if (form == 0)
        decode_nested_instance(decoder, reader, &entry);
    else if (form == 1)
        read_inline_exports(decoder, reader, &entry);
    else
        reader_fail_at(reader, start, ERR_INVALID, "instance of form 0x%02x", form);
    struct instance_entry *added = decode_add(&decoder->instances, reader, "instances");
    if (added != NULL) *added = entry;
}

static void alias_export(struct decoder *decoder, struct reader *reader,
                         const struct alias *alias) {
    if (alias->instance >= decoder->instances.count) {
        reader_fail_at(reader, alias->offset, ERR_INVALID, "instance %u, which is not there",
                       alias->instance);
        return;
    }
    const struct instance_entry *entry =
        &((const struct instance_entry *)decoder->instances.items)[alias->instance];
    const struct instance_item *item = instances_find(decoder, entry, alias->name);
    bool wants_func = alias->sort.sort == SORT_FUNC;
    if (!wants_func && alias->sort.sort != SORT_TYPE) {
        reader_fail_at(reader, alias->offset, ERR_UNSUPPORTED, "alias of %s of an instance",
                       decode_sort_name(alias->sort));
    } else if (item == NULL || item->is_func != wants_func) {
        reader_fail_at(reader, alias->offset, ERR_INVALID, "instance %u exports no %s %.*s",
                       alias->instance, decode_sort_noun(alias->sort), STR_ARG(alias->name));
    } else if (wants_func) {
        decode_add_func(decoder, reader, entry, item);
    } else {
        struct type_entry *added = decode_add(&decoder->types, reader, "types");
        if (added != NULL) *added = item->type;
    }
}

/* Of the component itself, 0 levels out: a second index for a type. */
static void alias_outer(struct decoder *decoder, struct reader *reader, const struct alias *alias) {
    if (alias->sort.sort != SORT_TYPE) {
        reader_fail_at(reader, alias->offset, ERR_UNSUPPORTED, "outer alias of %s",
                       decode_sort_name(alias->sort));
    } else if (alias->outer > 0 || alias->index >= decoder->types.count) {
        reader_fail_at(reader, alias->offset, ERR_INVALID,
                       "alias of type %u, %u levels out, which is not there", alias->index,
                       alias->outer);
    } else {
        struct type_entry *added = decode_add(&decoder->types, reader, "types");
        if (added != NULL) *added = ((struct type_entry *)decoder->types.items)[alias->index];
    }
}

void decode_component_alias(struct decoder *decoder, struct reader *reader) {
    struct alias alias = decode_alias(reader);
    if (reader->failed) return;
    if (alias.target == ALIAS_EXPORT)
        alias_export(decoder, reader, &alias);
    else if (alias.target == ALIAS_CORE_EXPORT)
        decode_core_alias(decoder, reader, &alias);
    else
        alias_outer(decoder, reader, &alias);
}
