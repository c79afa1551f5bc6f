/* Lifting: from linear memory and core values to C values. Source: CanonicalABI.md, "Loading",
 * "Flat Lifting".
 *
 * The guest does not run while we lift, so a range is checked once, where its offset enters, and
 * read by pointer from then on. Recursion is as deep as the type (ABI_MAX_TYPE_DEPTH); work is
 * bounded by the call's budget. */
#include <math.h>
#include <string.h>

#include "abi/internal.h"

static bool charge(struct abi_lift *lift, uint64_t size) {
    if (size > lift->instance->budget)
        return abi_fail(lift->instance, "a call's values are larger than %d MiB",
                        ABI_CALL_BUDGET >> 20);
    lift->instance->budget -= size;
    return true;
}

static void *take(struct abi_lift *lift, uint64_t size) {
    if (!charge(lift, size)) return NULL;
    void *memory = arena_alloc(lift->instance->arena, size);
    if (memory == NULL) abi_fail(lift->instance, "no memory for a call's values");
    return memory;
}

static uint64_t read_bits(const uint8_t *at, uint32_t size) {
    uint64_t bits = 0;
    switch (size) {
    case 1:
        return at[0];
    case 2:
        memcpy(&bits, at, 2);
        return bits;
    case 4:
        memcpy(&bits, at, 4);
        return bits;
    default:
        memcpy(&bits, at, 8);
        return bits;
    }
}

/* ---- strings and lists: pointer and length */

static bool lift_bytes(struct abi_lift *lift, uint32_t pointer, uint32_t length,
                       struct abi_value *out) {
    const uint8_t *bytes = abi_memory_at(lift->instance, pointer, length, 1, "a list");
    *out = (struct abi_value){.n = length, .bytes = bytes};
    return bytes != NULL && charge(lift, length);
}

/* A result's long strings are checked piece by piece; a result of the worlds has one at most. */
static bool check_later(struct abi_instance *instance, const uint8_t *bytes, uint32_t length) {
    if (!instance->defers || instance->unchecked_count == ABI_UNCHECKED) return false;
    instance->unchecked[instance->unchecked_count++] = (struct abi_bytes){bytes, length};
    return true;
}

enum abi_step abi_check_strings(struct abi_instance *instance) {
    if (instance->unchecked_count == 0) return ABI_STEP_DONE;
    struct abi_bytes *bytes = &instance->unchecked[instance->unchecked_count - 1];
    uint32_t piece = bytes->left < ABI_PIECE ? bytes->left : ABI_PIECE;
    /* Up to the last character that is whole: a character has three continuation bytes at most. */
    for (int i = 0; i < 3 && piece < bytes->left && (bytes->at[piece] & 0xc0) == 0x80; i++) piece--;
    if (!utf8_valid(bytes->at, piece)) {
        abi_fail(instance, "a string is not UTF-8");
        return ABI_STEP_FAIL;
    }
    bytes->at += piece;
    bytes->left -= piece;
    if (bytes->left == 0) instance->unchecked_count--;
    return instance->unchecked_count ? ABI_STEP_MORE : ABI_STEP_DONE;
}

static bool lift_utf8(struct abi_lift *lift, uint32_t pointer, uint32_t length,
                      struct abi_value *out) {
    const uint8_t *bytes = abi_memory_at(lift->instance, pointer, length, 1, "a string");
    if (bytes == NULL || !charge(lift, length)) return false;
    *out = (struct abi_value){.n = length, .bytes = bytes};
    if (length > ABI_PIECE && check_later(lift->instance, bytes, length)) return true;
    return utf8_valid(bytes, length) || abi_fail(lift->instance, "a string is not UTF-8");
}

static bool lift_utf16(struct abi_lift *lift, uint32_t pointer, uint32_t count,
                       struct abi_value *out) {
    uint64_t size;
    const uint8_t *units =
        abi_memory_at(lift->instance, pointer, 2 * (uint64_t)count, 2, "a string");
    if (units == NULL || !charge(lift, ABI_TRANSCODE_COST * (uint64_t)count)) return false;
    if (!utf16_measure(units, count, &size))
        return abi_fail(lift->instance, "a string is not UTF-16");
    uint8_t *bytes = take(lift, size);
    if (bytes == NULL) return false;
    utf16_to_utf8(units, count, bytes);
    *out = (struct abi_value){.n = (uint32_t)size, .bytes = bytes};
    return true;
}

static bool lift_latin1(struct abi_lift *lift, uint32_t pointer, uint32_t count,
                        struct abi_value *out) {
    const uint8_t *units = abi_memory_at(lift->instance, pointer, count, 2, "a string");
    if (units == NULL || !charge(lift, ABI_TRANSCODE_COST * (uint64_t)count)) return false;
    uint64_t size = latin1_measure(units, count);
    uint8_t *bytes = take(lift, size);
    if (bytes == NULL) return false;
    latin1_to_utf8(units, count, bytes);
    *out = (struct abi_value){.n = (uint32_t)size, .bytes = bytes};
    return true;
}

static bool lift_string(struct abi_lift *lift, uint32_t pointer, uint32_t length,
                        struct abi_value *out) {
    const uint32_t utf16_tag = 1u << 31;
    switch (lift->encoding) {
    case ABI_UTF8:
        return lift_utf8(lift, pointer, length, out);
    case ABI_UTF16:
        return lift_utf16(lift, pointer, length, out);
    default:
        break;
    }
    if ((length & utf16_tag) != 0) return lift_utf16(lift, pointer, length ^ utf16_tag, out);
    return lift_latin1(lift, pointer, length, out);
}

static bool lift_list(struct abi_lift *lift, const struct abi_type *element, uint32_t pointer,
                      uint32_t length, struct abi_value *out) {
    if (element->kind == ABI_U8) return lift_bytes(lift, pointer, length, out);
    const uint8_t *at = abi_memory_at(lift->instance, pointer, (uint64_t)length * element->size,
                                      element->align, "a list");
    if (at == NULL) return false;
    struct abi_value *items = take(lift, (uint64_t)length * sizeof *items);
    if (items == NULL) return false;
    *out = (struct abi_value){.n = length, .items = items};
    for (uint32_t i = 0; i < length; i++, at += element->size)
        if (!abi_load(lift, element, at, &items[i])) return false;
    return true;
}

/* ---- scalars, flags, handles: from the bits in memory or of a core value, whose upper bits mean
 * nothing */

static double lift_f32(uint64_t bits) {
    float number;
    uint32_t low = (uint32_t)bits;
    memcpy(&number, &low, sizeof number);
    return isnan(number) ? (double)NAN : (double)number;
}

static double lift_f64(uint64_t bits) {
    double number;
    memcpy(&number, &bits, sizeof number);
    return isnan(number) ? (double)NAN : number;
}

static bool lift_char(struct abi_lift *lift, uint32_t bits, struct abi_value *out) {
    out->u = bits;
    if (bits < 0xd800 || (bits > 0xdfff && bits < 0x110000)) return true;
    return abi_fail(lift->instance, "%#x is no character", bits);
}

static bool lift_handle(struct abi_lift *lift, const struct abi_type *type, uint32_t index,
                        struct abi_value *out) {
    uint32_t rep;
    bool found = type->kind == ABI_OWN ? abi_take_own(lift->instance, type->resource, index, &rep)
                                       : abi_lend(lift->instance, type->resource, index, &rep);
    if (found) out->u = rep;
    return found;
}

static bool lift_integer(enum abi_kind kind, uint64_t bits, struct abi_value *out) {
    uint64_t value = bits;
    switch (kind) {
    case ABI_BOOL:
        value = (uint32_t)bits != 0;
        break;
    case ABI_S8:
        value = (uint64_t)(int8_t)bits;
        break;
    case ABI_U8:
        value = (uint8_t)bits;
        break;
    case ABI_S16:
        value = (uint64_t)(int16_t)bits;
        break;
    case ABI_U16:
        value = (uint16_t)bits;
        break;
    case ABI_S32:
        value = (uint64_t)(int32_t)bits;
        break;
    case ABI_U32:
        value = (uint32_t)bits;
        break;
    default:
        break; /* s64, u64 */
    }
    out->u = value;
    return true;
}

static bool lift_scalar(struct abi_lift *lift, const struct abi_type *type, uint64_t bits,
                        struct abi_value *out) {
    *out = (struct abi_value){0};
    if (type->kind < ABI_F32) return lift_integer(type->kind, bits, out);
    if (type->kind == ABI_CHAR) return lift_char(lift, (uint32_t)bits, out);
    if (type->kind == ABI_OWN || type->kind == ABI_BORROW)
        return lift_handle(lift, type, (uint32_t)bits, out);
    if (type->kind == ABI_FLAGS) out->u = bits & (UINT64_MAX >> (64 - type->count));
    if (type->kind == ABI_F32) out->f = lift_f32(bits);
    if (type->kind == ABI_F64) out->f = lift_f64(bits);
    return true;
}

/* ---- records and variants */

static struct abi_value *lift_fields(struct abi_lift *lift, const struct abi_type *type,
                                     struct abi_value *out) {
    struct abi_value *items = take(lift, type->count * sizeof *items);
    *out = (struct abi_value){.n = type->count, .items = items};
    return items;
}

/* The case and, if it has a payload, room for it: *payload, else NULL. */
static bool lift_case(struct abi_lift *lift, const struct abi_type *type, uint32_t number,
                      struct abi_value **payload, struct abi_value *out) {
    *payload = NULL;
    *out = (struct abi_value){.n = number};
    if (number >= type->count)
        return abi_fail(lift->instance, "discriminant %u is out of range", number);
    if (type->types == NULL || type->types[number] == NULL) return true;
    *payload = take(lift, sizeof **payload);
    out->items = *payload;
    return *payload != NULL;
}

static bool load_record(struct abi_lift *lift, const struct abi_type *type, const uint8_t *at,
                        struct abi_value *out) {
    struct abi_value *items = lift_fields(lift, type, out);
    if (items == NULL) return false;
    for (uint32_t i = 0; i < type->count; i++)
        if (!abi_load(lift, type->types[i], at + type->offsets[i], &items[i])) return false;
    return true;
}

static bool load_variant(struct abi_lift *lift, const struct abi_type *type, const uint8_t *at,
                         struct abi_value *out) {
    struct abi_value *payload;
    uint32_t number = (uint32_t)read_bits(at, type->tag_size);
    if (!lift_case(lift, type, number, &payload, out)) return false;
    return payload == NULL || abi_load(lift, type->types[number], at + type->payload, payload);
}

bool abi_load(struct abi_lift *lift, const struct abi_type *type, const uint8_t *at,
              struct abi_value *out) {
    switch (type->kind) {
    case ABI_STRING:
        return lift_string(lift, (uint32_t)read_bits(at, 4), (uint32_t)read_bits(at + 4, 4), out);
    case ABI_LIST:
        return lift_list(lift, type->types[0], (uint32_t)read_bits(at, 4),
                         (uint32_t)read_bits(at + 4, 4), out);
    case ABI_RECORD:
    case ABI_TUPLE:
        return load_record(lift, type, at, out);
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_OPTION:
    case ABI_RESULT:
        return load_variant(lift, type, at, out);
    default:
        return lift_scalar(lift, type, read_bits(at, type->size), out);
    }
}

static bool lift_flat_record(struct abi_lift *lift, const struct abi_type *type,
                             const uint64_t *core, struct abi_value *out) {
    struct abi_value *items = lift_fields(lift, type, out);
    if (items == NULL) return false;
    for (uint32_t i = 0; i < type->count; core += type->types[i++]->flat_count)
        if (!abi_lift_flat(lift, type->types[i], core, &items[i])) return false;
    return true;
}

static bool lift_flat_variant(struct abi_lift *lift, const struct abi_type *type,
                              const uint64_t *core, struct abi_value *out) {
    struct abi_value *payload;
    uint32_t number = (uint32_t)core[0];
    if (!lift_case(lift, type, number, &payload, out)) return false;
    return payload == NULL || abi_lift_flat(lift, type->types[number], core + 1, payload);
}

bool abi_lift_flat(struct abi_lift *lift, const struct abi_type *type, const uint64_t *core,
                   struct abi_value *out) {
    switch (type->kind) {
    case ABI_STRING:
        return lift_string(lift, (uint32_t)core[0], (uint32_t)core[1], out);
    case ABI_LIST:
        return lift_list(lift, type->types[0], (uint32_t)core[0], (uint32_t)core[1], out);
    case ABI_RECORD:
    case ABI_TUPLE:
        return lift_flat_record(lift, type, core, out);
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_OPTION:
    case ABI_RESULT:
        return lift_flat_variant(lift, type, core, out);
    default:
        return lift_scalar(lift, type, core[0], out);
    }
}
