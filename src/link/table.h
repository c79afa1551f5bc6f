/* A hash table from things that an array holds to their index, so that each is in the array once.
 * Keys stay in the array: the table keeps hashes and indices only. Memory comes from an arena;
 * nothing is freed by itself. */
#ifndef PK_LINK_TABLE_H
#define PK_LINK_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define TABLE_NONE UINT32_MAX

struct table_slot {
    uint32_t hash, next; /* index + 1; 0: free */
};

struct table {
    struct arena *arena;
    struct table_slot *slots;
    uint32_t mask, count;
};

/* Does the thing of this index equal the one that is looked for? */
typedef bool (*table_equal)(const void *context, uint32_t index);

/* False when there is no memory. */
bool table_init(struct table *table, struct arena *arena, uint32_t expected);
uint32_t table_find(const struct table *table, uint64_t hash, table_equal equal,
                    const void *context);
/* The caller has looked it up before. False when there is no memory. */
bool table_add(struct table *table, uint64_t hash, uint32_t index);

#endif
