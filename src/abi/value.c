#include "abi/value.h"

#include <string.h>

#include "abi/internal.h"

struct abi_value *abi_values(struct arena *arena, uint32_t count) {
    return arena_zalloc(arena, count, sizeof(struct abi_value));
}

static bool copy_bytes(struct arena *arena, const struct abi_value *from, struct abi_value *to) {
    uint8_t *bytes = arena_alloc(arena, from->n);
    if (bytes == NULL) return false;
    if (from->n > 0) memcpy(bytes, from->bytes, from->n);
    *to = (struct abi_value){.n = from->n, .bytes = bytes};
    return true;
}

/* Items of the types types[0], types[stride], …: stride 0 for a list. `n` is kept: of a variant it
 * is the case, and there is one item. */
static bool copy_items(struct arena *arena, const struct abi_type *const *types, uint32_t stride,
                       uint32_t count, const struct abi_value *from, struct abi_value *to) {
    struct abi_value *items = abi_values(arena, count);
    if (items == NULL) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!abi_value_copy(arena, types[(size_t)i * stride], &from->items[i], &items[i]))
            return false;
    *to = (struct abi_value){.n = from->n, .items = items};
    return true;
}

bool abi_value_copy(struct arena *arena, const struct abi_type *type, const struct abi_value *from,
                    struct abi_value *to) {
    switch (type->kind) {
    case ABI_STRING:
        return copy_bytes(arena, from, to);
    case ABI_LIST:
        if (abi_is_bytes(type)) return copy_bytes(arena, from, to);
        return copy_items(arena, type->types, 0, from->n, from, to);
    case ABI_RECORD:
    case ABI_TUPLE:
        return copy_items(arena, type->types, 1, type->count, from, to);
    case ABI_VARIANT:
    case ABI_OPTION:
    case ABI_RESULT:
        if (type->types[from->n] != NULL)
            return copy_items(arena, &type->types[from->n], 0, 1, from, to);
        *to = (struct abi_value){.n = from->n};
        return true;
    default:
        *to = *from;
        return true;
    }
}
