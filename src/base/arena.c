#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* gcc defines a macro, clang has a feature. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN
#endif
#if defined(UNDER_ASAN)
#include <sanitizer/asan_interface.h>
#define HIDE(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define SHOW(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#define GAP            16 /* hidden bytes between two pieces; the cap does not count them */
#else
#define HIDE(at, size) ((void)(at), (void)(size))
#define SHOW(at, size) ((void)(at), (void)(size))
#define GAP            0
#endif

#define ALIGN     16
#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)256 * 1024) /* blocks double up to here; what is larger gets its own */

struct arena_block {
    struct arena_block *older;
    size_t size; /* of `bytes`, a multiple of ALIGN */
    alignas(ALIGN) uint8_t bytes[];
};

void arena_init(struct arena *arena, size_t cap) {
    /* A multiple of ALIGN, so that one allocation of exactly the cap succeeds. */
    cap = cap > SIZE_MAX / 2 ? SIZE_MAX / 2 : cap;
    *arena = (struct arena){.cap = (cap + ALIGN - 1) & ~(size_t)(ALIGN - 1)};
}

/* [at, end) never exceeds what the cap leaves, so the fast path has one comparison to make. */
static void limit_end(struct arena *arena) {
    size_t left = arena->cap - arena->used;
    if ((size_t)(arena->end - arena->at) > left) arena->end = arena->at + left;
}

static void use_block(struct arena *arena, struct arena_block *block) {
    arena->blocks = block;
    arena->at = block->bytes;
    arena->end = block->bytes + block->size;
    limit_end(arena);
}

static struct arena_block *block_new(size_t size) {
    struct arena_block *block = malloc(sizeof *block + size);
    if (block == NULL) return NULL;
    block->size = size;
    HIDE(block->bytes, size);
    return block;
}

/* A block of its own, listed behind the newest one, whose free part stays in use. */
static void *alloc_alone(struct arena *arena, size_t size) {
    struct arena_block *block = block_new(size);
    if (block == NULL) return NULL;
    block->older = arena->blocks->older;
    arena->blocks->older = block;
    arena->used += size;
    limit_end(arena);
    return block->bytes;
}

static void *alloc_slowly(struct arena *arena, size_t size) {
    static alignas(ALIGN) uint8_t nothing[ALIGN];
    if (size == 0) return nothing;
    if (size > arena->cap - arena->used) return NULL;
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    size_t next =
        arena->blocks == NULL ? BLOCK_MIN - sizeof(struct arena_block) : 2 * arena->blocks->size;
    if (next > BLOCK_MAX) next = BLOCK_MAX;
    if (size > next / 2 && arena->blocks != NULL) return alloc_alone(arena, size);
    struct arena_block *block = block_new(size > next ? size : next);
    if (block == NULL) return NULL;
    block->older = arena->blocks;
    use_block(arena, block);
    arena->at += size;
    arena->used += size;
    return block->bytes;
}

void *arena_alloc(struct arena *arena, size_t size) {
    size_t room = (size_t)(arena->end - arena->at); /* a multiple of ALIGN */
    void *result = arena->at;
    if (__builtin_expect(size - 1 < room, true)) { /* 0 wraps round and goes the slow way */
        size_t taken = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
        arena->at += taken;
        arena->used += taken;
    } else {
        result = alloc_slowly(arena, size);
    }
    if (result != NULL) SHOW(result, size);
    if (GAP > 0 && size > 0 && arena->end - arena->at >= GAP) arena->at += GAP;
    return result;
}

void *arena_zalloc(struct arena *arena, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    void *result = arena_alloc(arena, total);
    return result == NULL ? NULL : memset(result, 0, total);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size) {
    char *copy = size == SIZE_MAX ? NULL : arena_alloc(arena, size + 1);
    if (copy == NULL) return NULL;
    if (size > 0) memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

/* Frees the blocks up to and without `last`. */
static void free_until(struct arena_block *block, const struct arena_block *last) {
    while (block != last) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_reset(struct arena *arena) {
    struct arena_block *first = arena->blocks;
    while (first != NULL && first->older != NULL) first = first->older;
    /* A first allocation that was huge made a huge first block: not worth keeping. */
    if (first == NULL || first->size > BLOCK_MAX) {
        arena_free(arena);
        return;
    }
    free_until(arena->blocks, first);
    arena->used = 0;
    HIDE(first->bytes, first->size);
    use_block(arena, first);
}

void arena_free(struct arena *arena) {
    free_until(arena->blocks, NULL);
    *arena = (struct arena){.cap = arena->cap};
}
