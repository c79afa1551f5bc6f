#include "link/table.h"

#include <string.h>

static struct table_slot *slots_new(struct arena *arena, uint32_t size) {
    return arena_zalloc(arena, size, sizeof(struct table_slot));
}

bool table_init(struct table *table, struct arena *arena, uint32_t expected) {
    uint32_t size = 16;
    while (size / 2 < expected && size < UINT32_C(1) << 30) size *= 2;
    *table = (struct table){.arena = arena, .slots = slots_new(arena, size), .mask = size - 1};
    return table->slots != NULL;
}

/* 64 to 32 bits, all of which matter: the mask takes the low ones. */
static uint32_t fold(uint64_t hash) {
    return (uint32_t)(hash ^ (hash >> 32));
}

uint32_t table_find(const struct table *table, uint64_t hash, table_equal equal,
                    const void *context) {
    uint32_t folded = fold(hash);
    for (uint32_t at = folded & table->mask;; at = (at + 1) & table->mask) {
        const struct table_slot *slot = &table->slots[at];
        if (slot->next == 0) return TABLE_NONE;
        if (slot->hash == folded && equal(context, slot->next - 1)) return slot->next - 1;
    }
}

static void place_slot(struct table *table, struct table_slot slot) {
    uint32_t at = slot.hash & table->mask;
    while (table->slots[at].next != 0) at = (at + 1) & table->mask;
    table->slots[at] = slot;
}

static bool grow(struct table *table) {
    uint32_t old_size = table->mask + 1;
    struct table_slot *old = table->slots, *slots = slots_new(table->arena, old_size * 2);
    if (slots == NULL) return false;
    table->slots = slots;
    table->mask = old_size * 2 - 1;
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].next != 0) place_slot(table, old[i]);
    return true;
}

bool table_add(struct table *table, uint64_t hash, uint32_t index) {
    if (table->count > table->mask / 2 && !grow(table)) return false;
    place_slot(table, (struct table_slot){fold(hash), index + 1});
    table->count++;
    return true;
}
