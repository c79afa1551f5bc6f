/* A growing array of equal items for the time of decoding. Index spaces grow item by item, and
 * growing inside an arena would leave the old copies behind; so they grow here, in malloc's memory,
 * and what stays is copied once, at its exact size. Internal to src/component. The owner calls
 * vec_free. */
#ifndef PK_COMPONENT_VEC_H
#define PK_COMPONENT_VEC_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct vec {
    void *items;
    uint32_t count, room, item_size;
};

/* `vec` must be zero but for item_size. Cleared memory for `count` more items, the first of them,
 * or NULL. */
static inline void *vec_extend(struct vec *vec, uint32_t count) {
    if (vec->items == NULL || count > vec->room - vec->count) {
        uint64_t room = (uint64_t)vec->count + count;
        if (room < 2 * (uint64_t)vec->room) room = 2 * (uint64_t)vec->room;
        if (room < 8) room = 8;
        if (room > UINT32_MAX) return NULL;
        void *items = realloc(vec->items, room * vec->item_size);
        if (items == NULL) return NULL;
        vec->items = items;
        vec->room = (uint32_t)room;
    }
    uint8_t *first = (uint8_t *)vec->items + (size_t)vec->count * vec->item_size;
    vec->count += count;
    return memset(first, 0, (size_t)count * vec->item_size);
}

static inline void *vec_add(struct vec *vec) {
    return vec_extend(vec, 1);
}

/* The items as an array in the arena, or NULL. */
static inline void *vec_copy(const struct vec *vec, struct arena *arena) {
    size_t size = (size_t)vec->count * vec->item_size;
    void *copy = arena_alloc(arena, size);
    return copy == NULL || size == 0 ? copy : memcpy(copy, vec->items, size);
}

static inline void vec_free(struct vec *vec) {
    free(vec->items);
    vec->items = NULL;
    vec->count = vec->room = 0;
}

#endif
