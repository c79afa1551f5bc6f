/* Core instances, and aliases of their exports. */
#include "component/decode.h"

static void *copy(struct decoder *decoder, struct reader *reader, uint32_t count, size_t size) {
    void *items = reader->failed ? NULL : arena_zalloc(decoder->arena, count, size);
    if (items == NULL) reader_fail(reader, ERR_MEMORY, "no memory for a core instance");
    return items;
}

static void read_arguments(struct decoder *decoder, struct reader *reader,
                           struct core_instance *instance) {
    uint32_t start = reader_offset(reader);
    instance->module = decode_index(reader, decoder->modules.count, "core module");
    instance->argument_count = reader_count(reader, 3, COMPONENT_MAX_ITEMS, "arguments");
    instance->arguments =
        copy(decoder, reader, instance->argument_count, sizeof *instance->arguments);
    for (uint32_t i = 0; i < instance->argument_count && !reader->failed; i++) {
        struct core_argument *argument = &instance->arguments[i];
        argument->name = reader_name(reader);
        uint8_t sort = reader_byte(reader);
        if (sort != SORT_CORE_INSTANCE)
            reader_fail(reader, ERR_INVALID, "argument of sort 0x%02x to a core module", sort);
        argument->instance = decode_index(reader, decoder->core_instances.count, "core instance");
    }
    if (reader->failed) return;
    if (names_sort(instance->arguments, instance->argument_count, sizeof *instance->arguments))
        reader_fail_at(reader, start, ERR_INVALID, "core module with two arguments of one name");
}

static void read_bag(struct decoder *decoder, struct reader *reader,
                     struct core_instance *instance) {
    uint32_t start = reader_offset(reader);
    instance->item_count = reader_count(reader, 3, COMPONENT_MAX_ITEMS, "items");
    instance->items = copy(decoder, reader, instance->item_count, sizeof *instance->items);
    for (uint32_t i = 0; i < instance->item_count && !reader->failed; i++) {
        struct core_bag_item *item = &instance->items[i];
        struct sort sort = {.sort = SORT_CORE};
        item->name = reader_name(reader);
        uint32_t at = reader_offset(reader);
        sort.core = reader_byte(reader);
        if (sort.core >= CORE_KINDS) {
            reader_fail_at(reader, at, ERR_UNSUPPORTED, "core instance made of %s",
                           decode_sort_name(sort));
            return;
        }
        item->kind = sort.core;
        item->index =
            decode_index(reader, decoder->core_items[item->kind].count, decode_sort_noun(sort));
    }
    if (reader->failed) return;
    if (names_sort(instance->items, instance->item_count, sizeof *instance->items) != NULL)
        reader_fail_at(reader, start, ERR_INVALID, "core instance with two items of one name");
}

void decode_core_instance(struct decoder *decoder, struct reader *reader) {
    struct core_instance instance = {.offset = reader_offset(reader)};
    uint8_t form = reader_byte(reader);
    instance.is_bag = form == 1;
    if (form == 0)
        read_arguments(decoder, reader, &instance);
    else if (form == 1)
        read_bag(decoder, reader, &instance);
    else
        reader_fail(reader, ERR_INVALID, "core instance of form 0x%02x", form);
    struct core_instance *added = decode_add(&decoder->core_instances, reader, "core instances");
    if (added != NULL) *added = instance;
}

static bool exports(const struct decoder *decoder, const struct core_instance *instance,
                    struct str name, enum core_kind kind) {
    if (instance->is_bag) {
        const struct core_bag_item *item =
            names_search(instance->items, instance->item_count, sizeof *instance->items, name);
        return item != NULL && item->kind == kind;
    }
    const struct core_module *modules = decoder->modules.items;
    const struct core_export *export = module_export(&modules[instance->module], name);
    return export != NULL && export->kind == kind;
}

void decode_core_alias(struct decoder *decoder, struct reader *reader, const struct alias *alias) {
    if (alias->sort.core >= CORE_KINDS) {
        reader_fail_at(reader, alias->offset, ERR_UNSUPPORTED, "alias of %s",
                       decode_sort_name(alias->sort));
        return;
    }
    if (alias->instance >= decoder->core_instances.count) {
        reader_fail_at(reader, alias->offset, ERR_INVALID, "core instance %u, which is not there",
                       alias->instance);
        return;
    }
    const struct core_instance *instances = decoder->core_instances.items;
    enum core_kind kind = alias->sort.core;
    if (!exports(decoder, &instances[alias->instance], alias->name, kind)) {
        reader_fail_at(reader, alias->offset, ERR_INVALID,
                       "core instance %u does not export the %s that is aliased", alias->instance,
                       decode_sort_noun(alias->sort));
        return;
    }
    struct core_item *item = decode_add(&decoder->core_items[kind], reader, "core items");
    if (item == NULL) return;
    *item = (struct core_item){.kind = ITEM_ALIAS,
                               .instance = alias->instance,
                               .name = alias->name,
                               .func = COMPONENT_NONE,
                               .resource = COMPONENT_NONE,
                               .options = decode_no_options,
                               .offset = alias->offset};
}
