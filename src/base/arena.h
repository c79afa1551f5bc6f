/* Memory that is freed all at once: blocks of malloc, a stated cap, no free of single pieces.
 * Not thread-safe. The owner calls arena_free; arena_reset keeps the first block for later. */
#ifndef PK_BASE_ARENA_H
#define PK_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    uint8_t *at, *end;          /* free part of the newest block */
    size_t used, cap;           /* bytes handed out, and the most that may be */
};

/* `cap`: the most bytes that may be handed out between two resets. Allocates nothing yet. */
void arena_init(struct arena *arena, size_t cap);
/* 16-byte aligned, not cleared; NULL when the cap or the system's memory is exhausted. Size 0 gives
 * a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
/* Cleared memory for `count` things of `size` bytes; NULL also on overflow of the product. */
void *arena_zalloc(struct arena *arena, size_t count, size_t size);
/* A copy with a NUL byte behind it. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size);
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
