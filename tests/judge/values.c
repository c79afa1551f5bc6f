#include "values.h"

#include <math.h>
#include <string.h>

uint32_t random_below(struct random *random, uint32_t bound) { /* xorshift64* */
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * 2685821657736338717ull) >> 32) % bound;
}

static uint64_t random_bits(struct random *random) {
    uint64_t high = random_below(random, UINT32_MAX);
    return high << 32 | random_below(random, UINT32_MAX);
}

/* Edges as often as anything else. */
static int64_t random_integer(struct random *random, int bits, bool is_signed) {
    uint64_t mask = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
    uint64_t edges[] = {0, 1, mask, mask >> 1, (mask >> 1) + 1};
    uint64_t value =
        random_below(random, 2) ? edges[random_below(random, 5)] : random_bits(random) & mask;
    if (is_signed && bits < 64 && value > mask >> 1) value |= ~mask;
    return (int64_t)value;
}

static double random_float(struct random *random, bool single) {
    const double edges[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1.5, single ? 1e-45f : 5e-324};
    if (random_below(random, 2)) return edges[random_below(random, 7)];
    double value = ((double)random_below(random, 2000000) - 1e6) / 7;
    return single ? (double)(float)value : value;
}

static const uint32_t scalars[] = {'a',    'Z',    '"',    '\\',    0xe9,     0xff, 0x20ac,
                                   0x4e00, 0xd7ff, 0xe000, 0x1f438, 0x10ffff, 0};

static bool random_text(struct random *random, struct arena *arena, struct abi_value *out) {
    const uint32_t lengths[] = {0, 0, 1, 3, 20, 100};
    uint32_t count = lengths[random_below(random, 6)];
    bool latin = random_below(random, 3) == 0; /* latin1+utf16 takes two ways */
    uint8_t *bytes = arena_alloc(arena, count * 4 + 1);
    if (!bytes) return false;
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size += utf8_encode(scalars[random_below(random, latin ? 6 : 13)], bytes + size);
    *out = (struct abi_value){.n = (uint32_t)size, .bytes = bytes};
    return true;
}

static bool random_list(struct random *random, struct arena *arena, const struct abi_type *type,
                        uint32_t depth, struct abi_value *out) {
    const uint32_t lengths[] = {0, 0, 1, 2, 5, 40};
    const struct abi_type *element = type->types[0];
    uint32_t count = lengths[random_below(random, depth ? 4 : 6)];
    out->n = count;
    if (element->kind == ABI_U8) {
        uint8_t *bytes = arena_alloc(arena, count);
        for (uint32_t i = 0; bytes && i < count; i++) bytes[i] = (uint8_t)random_below(random, 256);
        out->bytes = bytes;
        return bytes;
    }
    struct abi_value *items = abi_values(arena, count);
    bool good = items;
    for (uint32_t i = 0; good && i < count; i++)
        good = value_random(random, arena, element, depth + 1, &items[i]);
    out->items = items;
    return good;
}

static bool random_fields(struct random *random, struct arena *arena, const struct abi_type *type,
                          uint32_t depth, struct abi_value *out) {
    struct abi_value *items = abi_values(arena, type->count);
    bool good = items;
    for (uint32_t i = 0; good && i < type->count; i++)
        good = value_random(random, arena, type->types[i], depth + 1, &items[i]);
    out->n = type->count;
    out->items = items;
    return good;
}

static bool random_case(struct random *random, struct arena *arena, const struct abi_type *type,
                        uint32_t depth, struct abi_value *out) {
    out->n = random_below(random, type->count);
    out->items = NULL;
    const struct abi_type *payload = type->kind == ABI_ENUM ? NULL : type->types[out->n];
    if (!payload) return true;
    struct abi_value *item = abi_values(arena, 1);
    out->items = item;
    return item && value_random(random, arena, payload, depth + 1, item);
}

bool value_random(struct random *random, struct arena *arena, const struct abi_type *type,
                  uint32_t depth, struct abi_value *out) {
    *out = (struct abi_value){0};
    switch (type->kind) {
    case ABI_BOOL:
        out->u = random_below(random, 2);
        return true;
    case ABI_S8:
    case ABI_U8:
        out->u = (uint64_t)random_integer(random, 8, type->kind == ABI_S8);
        return true;
    case ABI_S16:
    case ABI_U16:
        out->u = (uint64_t)random_integer(random, 16, type->kind == ABI_S16);
        return true;
    case ABI_S32:
    case ABI_U32:
        out->u = (uint64_t)random_integer(random, 32, type->kind == ABI_S32);
        return true;
    case ABI_S64:
    case ABI_U64:
        out->u = (uint64_t)random_integer(random, 64, true);
        return true;
    case ABI_F32:
    case ABI_F64:
        out->f = random_float(random, type->kind == ABI_F32);
        return true;
    case ABI_CHAR:
        out->u = scalars[random_below(random, 13)];
        return true;
    case ABI_FLAGS:
        out->u = random_bits(random) & (type->count >= 64 ? UINT64_MAX : (1ull << type->count) - 1);
        return true;
    case ABI_STRING:
        return random_text(random, arena, out);
    case ABI_LIST:
        return random_list(random, arena, type, depth, out);
    case ABI_RECORD:
    case ABI_TUPLE:
        return random_fields(random, arena, type, depth, out);
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_OPTION:
    case ABI_RESULT:
        return random_case(random, arena, type, depth, out);
    default:
        return false; /* handles are not random: tests/judge/handles */
    }
}

static bool floats_equal(double a, double b) {
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static bool items_equal(const struct abi_type *type, const struct abi_value *a,
                        const struct abi_value *b) {
    bool equal = a->n == b->n;
    bool list = type->kind == ABI_LIST;
    for (uint32_t i = 0; equal && i < a->n; i++)
        equal = value_equal(type->types[list ? 0 : i], &a->items[i], &b->items[i]);
    return equal;
}

bool value_equal(const struct abi_type *type, const struct abi_value *a,
                 const struct abi_value *b) {
    switch (type->kind) {
    case ABI_F32:
    case ABI_F64:
        return floats_equal(a->f, b->f);
    case ABI_STRING:
        return a->n == b->n && (a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0);
    case ABI_LIST:
        if (type->types[0]->kind == ABI_U8)
            return a->n == b->n && (a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0);
        return items_equal(type, a, b);
    case ABI_RECORD:
    case ABI_TUPLE:
        return items_equal(type, a, b);
    case ABI_VARIANT:
    case ABI_OPTION:
    case ABI_RESULT:
        if (a->n != b->n) return false;
        return !type->types[a->n] || value_equal(type->types[a->n], a->items, b->items);
    case ABI_ENUM:
        return a->n == b->n;
    default:
        return a->u == b->u;
    }
}

static void show_items(const struct abi_type *type, const struct abi_value *value,
                       struct buf *out) {
    buf_byte(out, '[');
    for (uint32_t i = 0; i < value->n; i++) {
        if (i) buf_byte(out, ',');
        value_show(type->types[type->kind == ABI_LIST ? 0 : i], &value->items[i], out);
    }
    buf_byte(out, ']');
}

void value_show(const struct abi_type *type, const struct abi_value *value, struct buf *out) {
    switch (type->kind) {
    case ABI_F32:
    case ABI_F64:
        buf_format(out, "%.17g", value->f);
        break;
    case ABI_STRING:
        buf_json_string(out, value->bytes, value->n);
        break;
    case ABI_LIST:
        if (type->types[0]->kind == ABI_U8) {
            buf_text(out, "0x");
            for (uint32_t i = 0; i < value->n; i++) buf_format(out, "%02x", value->bytes[i]);
            break;
        }
        show_items(type, value, out);
        break;
    case ABI_RECORD:
    case ABI_TUPLE:
        show_items(type, value, out);
        break;
    case ABI_VARIANT:
    case ABI_OPTION:
    case ABI_RESULT:
        buf_format(out, "#%u", value->n);
        if (!type->types[value->n]) break;
        buf_byte(out, '(');
        value_show(type->types[value->n], value->items, out);
        buf_byte(out, ')');
        break;
    case ABI_ENUM:
        buf_format(out, "#%u", value->n);
        break;
    default:
        buf_format(out, "%lld", (long long)value->u);
    }
}
