/* One value type for all declarations of the same contents. */
#include "component/decode.h"

/* As in names.c: in a table that is at most a quarter full a longer search is no accident. */
enum { LONGEST_SEARCH = 64 };

struct interned {
    uint32_t hash, index; /* index + 1; 0: free */
};

static uint32_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(hash >> 32);
}

static uint32_t hash_of(const struct component_valtype *type) {
    uint32_t hash = mix(type->kind, (uint64_t)type->resource << 32 | type->element);
    for (uint32_t i = 0; i < type->count; i++) {
        hash = mix(hash, str_hash(type->fields[i].name));
        hash = mix(hash, type->fields[i].type);
    }
    return hash;
}

static bool equal(const struct component_valtype *a, const struct component_valtype *b) {
    if (a->kind != b->kind || a->resource != b->resource || a->element != b->element ||
        a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->fields[i].type != b->fields[i].type ||
            !str_equal(a->fields[i].name, b->fields[i].name))
            return false;
    return true;
}

/* The slot of this type, or the free one where it belongs; NULL when the search gets too long. */
static struct interned *search(const struct decoder *decoder, uint32_t hash,
                               const struct component_valtype *type) {
    const struct component_valtype *types = decoder->valtypes.items;
    for (uint32_t i = 0; i < LONGEST_SEARCH; i++) {
        struct interned *slot = &decoder->interned[(hash + i) & (decoder->interned_room - 1)];
        if (slot->index == 0) return slot;
        if (slot->hash == hash && equal(&types[slot->index - 1], type)) return slot;
    }
    return NULL;
}

/* The types are all different, so each only needs a free slot. */
static bool move(const struct decoder *decoder, struct interned *slots, uint32_t room) {
    for (uint32_t i = 0; i < decoder->interned_room; i++) {
        struct interned from = decoder->interned[i];
        uint32_t tries = 0;
        if (from.index == 0) continue;
        while (tries < LONGEST_SEARCH && slots[(from.hash + tries) & (room - 1)].index != 0)
            tries++;
        if (tries == LONGEST_SEARCH) return false;
        slots[(from.hash + tries) & (room - 1)] = from;
    }
    return true;
}

static bool grow(struct decoder *decoder, struct reader *reader) {
    uint32_t room = decoder->interned_room == 0 ? 1024 : 2 * decoder->interned_room;
    struct interned *slots = calloc(room, sizeof *slots);
    if (slots == NULL) return reader_fail(reader, ERR_MEMORY, "no memory for types");
    bool moved = move(decoder, slots, room);
    free(decoder->interned);
    decoder->interned = slots;
    decoder->interned_room = room;
    return moved || reader_fail(reader, ERR_LIMIT, "types made to collide");
}

static void add_part(const struct decoder *decoder, struct component_valtype *type, uint32_t index,
                     uint32_t *flat) {
    *flat = 0;
    if (index == COMPONENT_NONE) return;
    const struct component_valtype *part =
        &((const struct component_valtype *)decoder->valtypes.items)[index];
    type->has_pointer |= part->has_pointer;
    type->has_borrow |= part->has_borrow;
    if (type->depth <= part->depth) type->depth = part->depth + 1;
    *flat = part->flat_count;
}

/* What follows from the parts. A variant's cases share their flat values, behind the tag. */
static void derive(const struct decoder *decoder, struct component_valtype *type) {
    uint32_t flat = 1, part;
    bool is_variant = type->kind == VT_VARIANT || type->kind == VT_RESULT;
    if (type->kind == VT_RECORD || type->kind == VT_TUPLE || is_variant) flat = 0;
    type->depth = 1;
    type->has_borrow = type->kind == VT_BORROW;
    for (uint32_t i = 0; i < type->count; i++) {
        add_part(decoder, type, type->fields[i].type, &part);
        flat = !is_variant ? flat + part : part > flat ? part : flat;
        if (flat > COMPONENT_FLAT_MANY) flat = COMPONENT_FLAT_MANY;
    }
    add_part(decoder, type, type->element, &part);
    if (is_variant) flat++;
    if (type->kind == VT_OPTION) flat = 1 + part;
    if (type->kind == VT_LIST || type->kind == VT_STRING) flat = 2, type->has_pointer = true;
    type->flat_count = (uint8_t)(flat > COMPONENT_FLAT_MANY ? COMPONENT_FLAT_MANY : flat);
}

static bool keep_fields(struct decoder *decoder, struct reader *reader,
                        struct component_valtype *type) {
    if (type->count == 0) return true;
    size_t size = type->count * sizeof *type->fields;
    void *fields = arena_alloc(decoder->arena, size);
    if (fields == NULL) return reader_fail(reader, ERR_MEMORY, "no memory for fields of types");
    type->fields = memcpy(fields, type->fields, size);
    return true;
}

uint32_t types_intern(struct decoder *decoder, struct reader *reader,
                      struct component_valtype type) {
    if (decoder->valtypes.count >= decoder->interned_room / 4 && !grow(decoder, reader)) return 0;
    uint32_t hash = hash_of(&type);
    struct interned *slot = search(decoder, hash, &type);
    if (slot == NULL) {
        reader_fail(reader, ERR_LIMIT, "types made to collide");
        return 0;
    }
    if (slot->index != 0) return slot->index - 1;
    derive(decoder, &type);
    if (type.depth > COMPONENT_MAX_DEPTH)
        reader_fail(reader, ERR_LIMIT, "value type nested deeper than %d", COMPONENT_MAX_DEPTH);
    if (decoder->valtypes.count >= COMPONENT_MAX_TYPES)
        reader_fail(reader, ERR_LIMIT, "more than %d value types", COMPONENT_MAX_TYPES);
    if (reader->failed || !keep_fields(decoder, reader, &type)) return 0;
    struct component_valtype *added = decode_add(&decoder->valtypes, reader, "value types");
    if (added == NULL) return 0;
    *added = type;
    *slot = (struct interned){.hash = hash, .index = decoder->valtypes.count};
    return slot->index - 1;
}
