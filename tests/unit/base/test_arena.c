/* The source itself is included, with an allocator that can fail. */
#include <stdlib.h>

static int allocations, fail_at; /* the number of the allocation that fails, 0 for none */

static void *counted_malloc(size_t size) {
    return ++allocations == fail_at ? NULL : malloc(size);
}
#define malloc counted_malloc
#include "base/arena.c"
#undef malloc

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a block says it has is really there. */
static void check_blocks(const struct arena *arena) {
    for (struct arena_block *block = arena->blocks; block != NULL; block = block->older) {
        uint8_t *end = (uint8_t *)block + malloc_usable_size(block);
        assert_true(block->bytes + block->size <= end);
    }
    assert_true(arena->end <= arena->blocks->bytes + arena->blocks->size);
}

static void test_alignment_and_contents(void **state) {
    (void)state;
    struct arena arena;
    uint8_t *pieces[3000];
    arena_init(&arena, 64 << 20);
    for (size_t i = 0; i < 3000; i++) {
        size_t size = i * 7 % 5000 + 1;
        pieces[i] = arena_alloc(&arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i % 251), size);
    }
    check_blocks(&arena);
    for (size_t i = 0; i < 3000; i++) /* nothing overlaps */
        for (size_t j = 0; j < i * 7 % 5000 + 1; j++)
            if (pieces[i][j] != i % 251) fail_msg("piece %zu was overwritten at %zu", i, j);
    arena_free(&arena);
}

static void test_cap(void **state) {
    (void)state;
    struct arena arena;
    for (size_t cap = 0; cap < 20000; cap += 16) {
        arena_init(&arena, cap);
        size_t got = 0;
        while (arena_alloc(&arena, 1) != NULL) got += 16;
        assert_int_equal(got, cap);
        assert_int_equal(arena.used, cap);
        arena_reset(&arena);
        assert_int_equal(arena_alloc(&arena, cap) != NULL, true);
        assert_null(arena_alloc(&arena, 1));
        assert_non_null(arena_alloc(&arena, 0));
        arena_free(&arena);
    }
}

/* Big pieces get blocks of their own; the cap holds for them and for what is allocated after them
 * in the older block. */
static void test_cap_with_big_pieces(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000000);
    assert_non_null(arena_alloc(&arena, 100));
    struct arena_block *newest = arena.blocks;
    assert_non_null(arena_alloc(&arena, 999000));
    assert_ptr_equal(arena.blocks, newest); /* its free part is still in use */
    size_t got = 112 + 999008;
    while (arena_alloc(&arena, 16) != NULL) got += 16;
    assert_int_equal(got, 1000000);
    arena_free(&arena);
}

static void test_huge(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 15));
    assert_null(arena_zalloc(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_zalloc(&arena, (size_t)1 << 32, (size_t)1 << 32));
    assert_null(arena_copy(&arena, NULL, SIZE_MAX));
    assert_int_equal(arena.used, 0);
    arena_free(&arena);
}

static void test_zalloc_and_copy(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 100000);
    memset(arena_alloc(&arena, 3000), 0xff, 3000);
    arena_reset(&arena);
    uint8_t *zero = arena_zalloc(&arena, 100, 30);
    for (size_t i = 0; i < 3000; i++) assert_int_equal(zero[i], 0);
    assert_non_null(arena_zalloc(&arena, 0, 8));
    char *copy = arena_copy(&arena, "ab\0c", 4);
    assert_memory_equal(copy, "ab\0c", 5);
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    arena_free(&arena);
}

static void test_reset(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 10 << 20);
    void *first = arena_alloc(&arena, 10);
    while (arena.used < 5 << 20) assert_non_null(arena_alloc(&arena, 1000));
    arena_reset(&arena);
    int before = allocations;
    assert_ptr_equal(arena_alloc(&arena, 10), first);
    assert_int_equal(allocations, before); /* the first block was kept */
    assert_int_equal(arena.used, 16);
    arena_free(&arena);
    arena_reset(&arena); /* empty is fine */
    assert_non_null(arena_alloc(&arena, 1 << 20));
    arena_reset(&arena);
    assert_null(arena.blocks); /* a huge first block is not kept */
    arena_free(&arena);
}

static void test_linear_blocks(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 64 << 20);
    int before = allocations;
    for (size_t i = 0; i < 1 << 20; i++) assert_non_null(arena_alloc(&arena, 60));
    for (size_t i = 0; i < 1 << 20; i++) assert_non_null(arena_alloc(&arena, 0)); /* free */
    /* 64 MiB, and 16 of gaps under AddressSanitizer, in blocks of 256 KiB */
    assert_true(allocations - before < 350);
    arena_free(&arena);
}

#if defined(UNDER_ASAN)
/* Pieces of whole 16 bytes too: what reads beyond one must not be in the next. */
static void test_gaps(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    for (size_t size = 1; size < 40; size++) {
        uint8_t *piece = arena_alloc(&arena, size), *next = arena_alloc(&arena, 1);
        assert_null(__asan_region_is_poisoned(piece, size));
        assert_true(__asan_address_is_poisoned(piece + size));
        assert_true(__asan_address_is_poisoned(next - 1));
        arena_reset(&arena);
        assert_true(__asan_address_is_poisoned(piece));
    }
    arena_free(&arena);
}
#endif

static void test_no_memory(void **state) {
    (void)state;
    for (int nth = 1; nth <= 5; nth++) {
        struct arena arena;
        arena_init(&arena, 10 << 20);
        allocations = 0, fail_at = nth;
        size_t failed = 0;
        for (size_t i = 0; i < 200; i++) {
            size_t used = arena.used, size = i % 20 == 19 ? 20000 : 300;
            uint8_t *bytes = arena_alloc(&arena, size);
            if (bytes != NULL)
                memset(bytes, 1, size);
            else
                failed++, assert_int_equal(arena.used, used);
        }
        assert_int_equal(failed, 1);
        fail_at = 0;
        arena_free(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_contents),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_cap_with_big_pieces),
        cmocka_unit_test(test_huge),
        cmocka_unit_test(test_zalloc_and_copy),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_linear_blocks),
        cmocka_unit_test(test_no_memory),
#if defined(UNDER_ASAN)
        cmocka_unit_test(test_gaps),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
