/* Layout in memory and flat core types. Source: CanonicalABI.md, "Despecialization", "Alignment",
 * "Element Size", "Flattening". */
#include "abi/type.h"

#include <string.h>

#include "abi/internal.h"
#include "base/must.h"

/* Sizes are at most ABI_MAX_TYPE_SIZE, alignments at most 8: no overflow in 32 bits. */
static uint32_t align_up(uint32_t offset, uint32_t align) {
    return (offset + align - 1) & ~(align - 1);
}

/* The fewest of 1, 2 or 4 bytes that number the cases. */
static uint8_t discriminant_size(uint32_t cases) {
    return cases <= 1u << 8 ? 1 : cases <= 1u << 16 ? 2 : 4;
}

static void add_flat(struct abi_type *type, const uint8_t *flat, uint8_t count) {
    if (type->flat_count + count > ABI_MAX_FLAT_PARAMS) {
        type->flat_count = ABI_MAX_FLAT_PARAMS + 1;
        return;
    }
    memcpy(type->flat + type->flat_count, flat, count);
    type->flat_count = (uint8_t)(type->flat_count + count);
}

/* The core type that holds either of two: payloads of different cases share their places. */
static uint8_t join(uint8_t a, uint8_t b) {
    bool narrow = (a == ABI_I32 || a == ABI_CORE_F32) && (b == ABI_I32 || b == ABI_CORE_F32);
    return a == b ? a : narrow ? ABI_I32 : ABI_I64;
}

static void inherit(struct abi_type *type, const struct abi_type *inner) {
    type->has_pointer |= inner->has_pointer;
    type->has_handle |= inner->has_handle;
    type->has_borrow |= inner->has_borrow;
    if (inner->depth >= type->depth) type->depth = (uint8_t)(inner->depth + 1);
}

static const char *finish_record(struct abi_type *type, struct arena *arena) {
    type->offsets = arena_zalloc(arena, type->count, sizeof *type->offsets);
    if (type->offsets == NULL) return "no memory for a type";
    for (uint32_t i = 0; i < type->count; i++) {
        const struct abi_type *field = type->types[i];
        type->offsets[i] = align_up(type->size, field->align);
        type->size = type->offsets[i] + field->size;
        if (type->size > ABI_MAX_TYPE_SIZE) return "a type is too large";
        if (field->align > type->align) type->align = field->align;
        add_flat(type, field->flat, field->flat_count);
        inherit(type, field);
    }
    type->size = align_up(type->size, type->align);
    return NULL;
}

static void finish_variant(struct abi_type *type) {
    static const uint8_t tag = ABI_I32;
    uint32_t size = 0, align = 1;
    uint8_t flat[ABI_MAX_FLAT_PARAMS + 1], flat_count = 0; /* of the payloads joined */
    for (uint32_t i = 0; i < type->count; i++) {
        const struct abi_type *payload = type->types == NULL ? NULL : type->types[i];
        if (payload == NULL) continue;
        if (payload->size > size) size = payload->size;
        if (payload->align > align) align = payload->align;
        for (uint8_t k = 0; k < payload->flat_count && k < ABI_MAX_FLAT_PARAMS; k++)
            flat[k] = k < flat_count ? join(flat[k], payload->flat[k]) : payload->flat[k];
        if (payload->flat_count > flat_count) flat_count = payload->flat_count;
        inherit(type, payload);
    }
    type->tag_size = discriminant_size(type->count);
    type->align = align > type->tag_size ? align : type->tag_size;
    type->payload = align_up(type->tag_size, align);
    type->size = align_up(type->payload + size, type->align);
    add_flat(type, &tag, 1);
    add_flat(type, flat, flat_count);
}

static void finish_flags(struct abi_type *type) {
    static const uint8_t set = ABI_I32;
    type->tag_size = type->count <= 8 ? 1 : type->count <= 16 ? 2 : 4;
    type->size = type->align = type->tag_size;
    add_flat(type, &set, 1);
}

static void finish_list(struct abi_type *type) {
    static const uint8_t pointer_length[2] = {ABI_I32, ABI_I32};
    type->size = 8;
    type->align = 4;
    add_flat(type, pointer_length, 2);
    if (type->kind == ABI_LIST) inherit(type, type->types[0]);
    type->has_pointer = true;
}

static void finish_handle(struct abi_type *type) {
    static const uint8_t index = ABI_I32;
    type->size = type->align = 4;
    type->has_handle = true;
    type->has_borrow = type->kind == ABI_BORROW;
    add_flat(type, &index, 1);
}

static void finish_scalar(struct abi_type *type) {
    static const struct {
        uint8_t size, flat;
    } of[ABI_CHAR + 1] = {
        [ABI_BOOL] = {1, ABI_I32},     [ABI_S8] = {1, ABI_I32},       [ABI_U8] = {1, ABI_I32},
        [ABI_S16] = {2, ABI_I32},      [ABI_U16] = {2, ABI_I32},      [ABI_S32] = {4, ABI_I32},
        [ABI_U32] = {4, ABI_I32},      [ABI_S64] = {8, ABI_I64},      [ABI_U64] = {8, ABI_I64},
        [ABI_F32] = {4, ABI_CORE_F32}, [ABI_F64] = {8, ABI_CORE_F64}, [ABI_CHAR] = {4, ABI_I32},
    };
    type->size = type->align = of[type->kind].size;
    add_flat(type, &of[type->kind].flat, 1);
}

const char *abi_type_finish(struct abi_type *type, struct arena *arena) {
    const char *problem = NULL;
    type->depth = 1;
    type->align = 1;
    switch (type->kind) {
    case ABI_STRING:
    case ABI_LIST:
        finish_list(type);
        break;
    case ABI_RECORD:
    case ABI_TUPLE:
        problem = finish_record(type, arena);
        break;
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_OPTION:
    case ABI_RESULT:
        finish_variant(type);
        break;
    case ABI_FLAGS:
        finish_flags(type);
        break;
    case ABI_OWN:
    case ABI_BORROW:
        finish_handle(type);
        break;
    default:
        finish_scalar(type);
        break;
    }
    if (problem != NULL) return problem;
    if (type->depth > ABI_MAX_TYPE_DEPTH) return "types are nested too deeply";
    return type->size > ABI_MAX_TYPE_SIZE ? "a type is too large" : NULL;
}
