#include "component/decode.h"

void decode_join(struct reader *whole, const struct reader *part) {
    if (!part->failed) return;
    whole->failed = true;
    whole->at = whole->end;
}

bool decode_section_head(struct reader *reader, uint8_t *id, struct reader *contents) {
    *id = reader_byte(reader);
    reader_init(contents, reader_bytes(reader, reader_u32(reader)), reader->err);
    return !reader->failed;
}

void *decode_add(struct vec *vec, struct reader *reader, const char *what) {
    if (reader->failed) return NULL;
    if (vec->count >= COMPONENT_MAX_ITEMS) {
        reader_fail(reader, ERR_LIMIT, "more than %d %s", COMPONENT_MAX_ITEMS, what);
        return NULL;
    }
    void *item = vec_add(vec);
    if (item == NULL) reader_fail(reader, ERR_MEMORY, "no memory for %s", what);
    return item;
}

bool decode_name(struct decoder *decoder, struct reader *reader, uint32_t offset, uint32_t scope,
                 struct str name, uint32_t value) {
    if (reader->failed) return false;
    switch (names_add(&decoder->names, scope, name, value)) {
    case NAMES_ADDED:
        return true;
    case NAMES_DUPLICATE:
        return reader_fail_at(reader, offset, ERR_INVALID, "the name %.*s a second time",
                              STR_ARG(name));
    case NAMES_CROWDED:
        return reader_fail_at(reader, offset, ERR_LIMIT, "names made to collide");
    default:
        return reader_fail(reader, ERR_MEMORY, "no memory for names");
    }
}

bool decode_pay(struct decoder *decoder, struct reader *reader, uint64_t price) {
    if (reader->failed) return false;
    if (price > decoder->budget)
        return reader_fail(reader, ERR_LIMIT,
                           "types or nested components used over and over, more than the file's "
                           "size allows");
    decoder->budget -= price;
    return true;
}

uint32_t decode_index(struct reader *reader, uint32_t count, const char *what) {
    uint32_t start = reader_offset(reader);
    uint32_t index = reader_u32(reader);
    if (index < count || reader->failed) return index;
    reader_fail_at(reader, start, ERR_INVALID, "%s %u, which is not there", what, index);
    return 0;
}

const void *decode_item(struct reader *reader, const struct vec *vec, const char *what) {
    uint32_t index = decode_index(reader, vec->count, what);
    if (reader->failed || vec->items == NULL) return NULL;
    return (const uint8_t *)vec->items + (size_t)index * vec->item_size;
}

struct sort decode_sort(struct reader *reader) {
    struct sort sort = {.sort = reader_byte(reader)};
    if (sort.sort > SORT_INSTANCE)
        reader_fail(reader, ERR_INVALID, "thing of sort 0x%02x", sort.sort);
    if (sort.sort == SORT_CORE && !reader->failed) sort.core = reader_byte(reader);
    return sort;
}

static const char *core_sort_name(uint8_t core) {
    switch (core) {
    case CORE_FUNC:
        return "a core function";
    case CORE_TABLE:
        return "a core table";
    case CORE_MEMORY:
        return "a core memory";
    case CORE_GLOBAL:
        return "a core global";
    case SORT_CORE_TAG:
        return "a core tag";
    case SORT_CORE_TYPE:
        return "a core type";
    case SORT_CORE_MODULE:
        return "a core module";
    case SORT_CORE_INSTANCE:
        return "a core instance";
    default:
        return "a core item of unknown sort";
    }
}

const char *decode_sort_name(struct sort sort) {
    static const char *const names[] = {NULL,     "a function",  "a value",
                                        "a type", "a component", "an instance"};
    if (sort.sort == SORT_CORE) return core_sort_name(sort.core);
    return sort.sort <= SORT_INSTANCE ? names[sort.sort] : "a thing of unknown sort";
}

const char *decode_sort_noun(struct sort sort) {
    return strchr(decode_sort_name(sort), ' ') + 1;
}

struct extern_desc decode_extern(struct reader *reader) {
    struct extern_desc desc = {.sort = decode_sort(reader)};
    if (reader->failed) return desc;
    switch (desc.sort.sort) {
    case SORT_CORE:
        if (desc.sort.core != SORT_CORE_MODULE)
            reader_fail(reader, ERR_INVALID, "%s where a type is described",
                        decode_sort_name(desc.sort));
        desc.index = reader_u32(reader);
        break;
    case SORT_VALUE:
        reader_fail(reader, ERR_UNSUPPORTED, "value import or export");
        break;
    case SORT_TYPE: {
        uint8_t bound = reader_byte(reader);
        if (bound > 1) reader_fail(reader, ERR_INVALID, "type bound 0x%02x", bound);
        desc.fresh_resource = bound == 1;
        if (!desc.fresh_resource) desc.index = reader_u32(reader);
        break;
    }
    default:
        desc.index = reader_u32(reader);
        break;
    }
    return desc;
}

void decode_skip_ascribed(struct reader *reader, struct sort sort) {
    uint32_t start = reader_offset(reader);
    uint8_t present = reader_byte(reader);
    if (present > 1) reader_fail(reader, ERR_INVALID, "0x%02x where 0 or 1 must be", present);
    if (present != 1) return;
    struct extern_desc desc = decode_extern(reader);
    if (desc.sort.sort != sort.sort)
        reader_fail_at(reader, start, ERR_INVALID, "export of %s as %s", decode_sort_name(sort),
                       decode_sort_name(desc.sort));
}

struct alias decode_alias(struct reader *reader) {
    struct alias alias = {.offset = reader_offset(reader)};
    alias.sort = decode_sort(reader);
    alias.target = reader_byte(reader);
    if (reader->failed) return alias;
    switch (alias.target) {
    case ALIAS_EXPORT:
        alias.instance = reader_u32(reader);
        alias.name = names_read(reader, NAMES_EXTERN, "name of an export");
        break;
    case ALIAS_CORE_EXPORT:
        if (alias.sort.sort != SORT_CORE)
            reader_fail_at(reader, alias.offset, ERR_INVALID, "alias of a core export as %s",
                           decode_sort_name(alias.sort));
        alias.instance = reader_u32(reader);
        alias.name = reader_name(reader);
        break;
    case ALIAS_OUTER:
        alias.outer = reader_u32(reader);
        alias.index = reader_u32(reader);
        break;
    default:
        reader_fail(reader, ERR_INVALID, "alias of kind 0x%02x", alias.target);
        break;
    }
    return alias;
}
