/* Rewritten bodies, run: bulk instructions in steps, growing memory and tables (wat/good.wat).
 * argv[1]: the cases. */
#include "cases.h"
#include "link/bulk.h"
#include "run.h"

enum {
    FILL,
    COPY,
    COPY_RAW,
    INIT,
    INIT_DROPPED,
    INIT_ACTIVE,
    TABLE_FILL,
    TABLE_COPY,
    TABLE_INIT,
    TABLE_GROW,
    SMALL,
    EXTERN,
    ELEM_DROPPED
};
enum { GROW, TWICE, TOUCH };
enum { MIB = 1 << 20, STEP = BULK_MEMORY_STEP, MEMORY = 1024 * 65536, TABLE = 200000 };

#define TRAP_MEMORY "out of bounds memory access"
#define TRAP_TABLE  "out of bounds table access"

static struct cases cases;
static wasm_engine_t *engine;
static struct linked bulk, grow, strict;

static int make_all(void **state) {
    (void)state;
    struct err err;
    const struct test_case *one = cases_find(&cases, "bulk"), *two = cases_find(&cases, "grow");
    return !linked_make(&bulk, one->bytes, one->size, false, &err) ||
           !linked_make(&grow, two->bytes, two->size, false, &err) ||
           !linked_make(&strict, two->bytes, two->size, true, &err);
}

static int free_all(void **state) {
    (void)state;
    linked_free(&bulk);
    linked_free(&grow);
    linked_free(&strict);
    return 0;
}

/* The result of one call in a new instance. */
static uint32_t call(const struct linked *linked, int entry, uint32_t a, uint32_t b) {
    char log[4000];
    const char *trap = run_once(engine, &linked->result, entry, a, b, log);
    if (trap != NULL) fail_msg("entry %d (%u, %u): %s", entry, a, b, trap);
    const char *result = strstr(log, "result-");
    assert_non_null(result);
    return (uint32_t)strtoll(strchr(result, '(') + 1, NULL, 10);
}

static void expect_trap(int entry, uint32_t a, uint32_t b, const char *text) {
    char log[4000];
    const char *trap = run_once(engine, &bulk.result, entry, a, b, log);
    if (trap == NULL || strstr(trap, text) == NULL)
        fail_msg("entry %d (%u, %u): %s instead of %s", entry, a, b, trap == NULL ? log : trap,
                 text);
    assert_null(strstr(log, "result-"));
}

/* As the guest's $sum. */
static uint32_t sum(const uint8_t *bytes, size_t size) {
    uint32_t s = 0;
    for (size_t i = 0; i < size; i++) s = (s << 1 | s >> 31) + bytes[i];
    return s;
}

static void fill_in_steps(void **state) {
    (void)state;
    const uint8_t edge[] = {0, 7, 7, 7, 7};
    static const uint32_t lengths[] = {4,        STEP - 1,    STEP,    STEP + 1,
                                       2 * STEP, 3 * MIB + 5, 60 * MIB};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        assert_int_equal(call(&bulk, FILL, 1001, lengths[i]), sum(edge, 5));
    assert_int_equal(call(&bulk, FILL, 1001, 0), 0);
    /* What lies behind is untouched: the last byte filled is the memory's last but one, then the
     * last. */
    assert_int_equal(call(&bulk, FILL, MEMORY - 3 * MIB, 3 * MIB), sum(edge, 5));
}

static void fill_reaches_its_end_and_no_further(void **state) {
    (void)state;
    struct run run;
    run_open(&run, engine, &bulk.result);
    run.args[0] = 5000;
    run.args[1] = 2 * MIB + 77;
    assert_null(run_entry(&run, FILL));
    const uint8_t *memory = wasmtime_memory_data(wasmtime_store_context(run.store), &run.memory);
    for (uint32_t i = 4000; i < 3 * MIB; i++)
        assert_int_equal(memory[i], i >= 5000 && i < 5000 + 2 * MIB + 77 ? 7 : 0);
    run_close(&run);
}

static void fill_out_of_bounds(void **state) {
    (void)state;
    expect_trap(FILL, MEMORY - 3 * MIB, 3 * MIB + 1, TRAP_MEMORY);
    expect_trap(FILL, MEMORY, 2 * MIB, TRAP_MEMORY);
    expect_trap(FILL, UINT32_MAX, UINT32_MAX, TRAP_MEMORY);
    expect_trap(FILL, 1, UINT32_MAX, TRAP_MEMORY); /* ends at 2^32 */
    expect_trap(FILL, MEMORY + 1, 0, TRAP_MEMORY);
    /* Nothing at the very end is in bounds; the guest's sum then reads the last byte and traps on
     * the next. */
    expect_trap(FILL, MEMORY, 0, TRAP_MEMORY);
}

static void copies_that_overlap(void **state) {
    (void)state;
    uint32_t words = 0x240000, length = 0x380001;
    uint8_t *pattern = malloc(words * (size_t)4 + 16 * (size_t)MIB);
    static const uint32_t moves[][2] = {
        {0, 1},       {1, 0},       {0, MIB},       {MIB, 0},      {0, MIB + 3}, {MIB + 3, 0},
        {0, STEP},    {STEP, 0},    {0, STEP + 3},  {STEP + 3, 0}, {0, 3 * MIB}, {3 * MIB, 0},
        {0, 5 * MIB}, {5 * MIB, 0}, {4 * MIB, 100}, {100, 101},    {7, 7}};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        for (uint32_t word = 0; word < words; word++) {
            uint32_t value = word * UINT32_C(0x9e3779b1);
            memcpy(pattern + 4 * (size_t)word, &value, 4);
        }
        memmove(pattern + moves[i][1], pattern + moves[i][0], length);
        assert_int_equal(call(&bulk, COPY, moves[i][0], moves[i][1]),
                         sum(pattern + moves[i][1], length));
    }
    free(pattern);
}

static void copy_out_of_bounds(void **state) {
    (void)state;
    assert_int_equal(call(&bulk, COPY_RAW, MEMORY - 2 * MIB, 2 * MIB), 1);
    assert_int_equal(call(&bulk, COPY_RAW, MEMORY, 0), 1);
    assert_int_equal(call(&bulk, COPY_RAW, 0, MEMORY), 1);
    expect_trap(COPY_RAW, MEMORY - 2 * MIB, 2 * MIB + 1, TRAP_MEMORY);
    expect_trap(COPY_RAW, 0, MEMORY + 1, TRAP_MEMORY);
    expect_trap(COPY_RAW, UINT32_MAX, UINT32_MAX, TRAP_MEMORY);
    expect_trap(COPY_RAW, MEMORY + 1, 0, TRAP_MEMORY);
}

static void init_from_segments(void **state) {
    (void)state;
    const uint8_t part[10] = "3456", none[10] = {0};
    assert_int_equal(call(&bulk, INIT, 3, 4), sum(part, 10));
    assert_int_equal(call(&bulk, INIT, 10, 0), sum(none, 10));
    expect_trap(INIT, 3, 8, TRAP_MEMORY);
    expect_trap(INIT, 11, 0, TRAP_MEMORY);
    expect_trap(INIT, 0, 2 * MIB, TRAP_MEMORY);
    expect_trap(INIT, UINT32_MAX, 2 * MIB, TRAP_MEMORY);
    assert_int_equal(call(&bulk, INIT_DROPPED, 0, 0), 1);
    expect_trap(INIT_DROPPED, 0, 1, TRAP_MEMORY);
}

/* An active segment is empty once it was applied. */
static void applied_segments_are_empty(void **state) {
    (void)state;
    assert_int_equal(call(&bulk, INIT_ACTIVE, 0, 0), sum((const uint8_t *)"active", 6));
    expect_trap(INIT_ACTIVE, 0, 1, TRAP_MEMORY);
}

static void tables_in_steps(void **state) {
    (void)state;
    assert_int_equal(call(&bulk, TABLE_FILL, 10, 5), 44);
    assert_int_equal(call(&bulk, TABLE_FILL, 10, TABLE - 10), 44);
    expect_trap(TABLE_FILL, 10, TABLE - 9, TRAP_TABLE);
    expect_trap(TABLE_FILL, UINT32_MAX, UINT32_MAX, TRAP_TABLE);
    assert_int_equal(call(&bulk, TABLE_COPY, 5, 100000), 2211);
    assert_int_equal(call(&bulk, TABLE_COPY, 1, 100000), 2211);
    assert_int_equal(call(&bulk, TABLE_COPY, 70000, 100000), 2211);
    expect_trap(TABLE_COPY, 5, TABLE - 4, TRAP_TABLE);
    assert_int_equal(call(&bulk, TABLE_INIT, 0, 2), 1122);
    assert_int_equal(call(&bulk, TABLE_INIT, 1, 2), 2211);
    assert_int_equal(call(&bulk, TABLE_INIT, 3, 0), 0);
    expect_trap(TABLE_INIT, 2, 2, TRAP_TABLE);
    expect_trap(TABLE_INIT, 2, TABLE - 50, TRAP_TABLE);
    expect_trap(TABLE_INIT, UINT32_MAX, 70000, TRAP_TABLE);
    expect_trap(ELEM_DROPPED, 0, 1, TRAP_TABLE);
    assert_int_equal(call(&bulk, ELEM_DROPPED, 0, 0), 1);
    assert_int_equal(call(&bulk, EXTERN, 0, 10), 10);
}

static void tables_grow_all_or_not(void **state) {
    (void)state;
    assert_int_equal(call(&bulk, TABLE_GROW, 1, 0), TABLE + TABLE + 1);
    assert_int_equal(call(&bulk, TABLE_GROW, BULK_TABLE_STEP, 0), 2 * TABLE + BULK_TABLE_STEP);
    assert_int_equal(call(&bulk, TABLE_GROW, BULK_TABLE_STEP + 1, 0),
                     2 * TABLE + BULK_TABLE_STEP + 1);
    assert_int_equal(call(&bulk, TABLE_GROW, TABLE, 0), TABLE + 2 * TABLE); /* to its maximum */
    assert_int_equal(call(&bulk, TABLE_GROW, TABLE + 1, 0), TABLE - 1);     /* -1 + the old size */
    assert_int_equal(call(&bulk, TABLE_GROW, UINT32_MAX, 0), TABLE - 1);
}

static bool contains(const struct buf *code, const char *bytes, size_t size) {
    return memmem(code->data, code->size, bytes, size) != NULL;
}

/* A constant length that one step can do needs no helper. */
static void short_constant_lengths_stay(void **state) {
    (void)state;
    assert_true(contains(&bulk.result.code, "\x41\x04\xfc\x0b\x00", 5));
    assert_true(contains(&bulk.result.code, "\x41\x80\x80\x04\xfc\x0a\x00\x00", 8));
    assert_true(contains(&bulk.result.code, "\x41\x03\xfc\x0e\x00\x00", 6));
    assert_int_equal(call(&bulk, SMALL, 3, 0), sum((const uint8_t *)"\1\1\1\1", 5));
}

static void memory_grows_to_its_maximum(void **state) {
    (void)state;
    const struct linked *both[] = {&grow, &strict};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(call(both[i], GROW, 0, 0), 2000002);
        assert_int_equal(call(both[i], GROW, 1, 0), 2000003);
        assert_int_equal(call(both[i], GROW, 8, 0), 2000010);
        assert_int_equal(call(both[i], GROW, 9, 0), (uint32_t)-1000000 + 2);
        assert_int_equal(call(both[i], GROW, 65536, 0), (uint32_t)-1000000 + 2);
        assert_int_equal(call(both[i], GROW, UINT32_MAX, 0), (uint32_t)-1000000 + 2);
        assert_int_equal(call(both[i], GROW, UINT32_MAX - 1, 0), (uint32_t)-1000000 + 2);
        assert_int_equal(call(both[i], TWICE, 3, 4), 2005009);
        assert_int_equal(call(both[i], TWICE, 3, 6), 2000000 - 1000 + 5);
        assert_int_equal(call(both[i], TOUCH, 1, 2 * 65536), 9);
    }
}

/* The size that the guest sees, the limit, and the real memory that never shrinks are three things.
 */
static void memory_grows_within_its_real_size(void **state) {
    (void)state;
    struct run run;
    run_open(&run, engine, &grow.result);
    wasmtime_context_t *context = wasmtime_store_context(run.store);
    uint64_t old;
    run_fail(wasmtime_memory_grow(context, &run.memory, 4, &old)); /* an earlier call's: 6 pages */
    run.args[0] = 3;
    run.args[1] = 2;
    assert_null(run_entry(&run, TWICE));
    assert_non_null(strstr(run.log, "result-1(2005007)"));
    assert_int_equal(wasmtime_memory_size(context, &run.memory), 7);
    run_close(&run);
}

static void memory_limit_holds_within_the_real_size(void **state) {
    (void)state;
    struct run run;
    run_open(&run, engine, &grow.result);
    wasmtime_context_t *context = wasmtime_store_context(run.store);
    uint64_t old;
    run_fail(wasmtime_memory_grow(context, &run.memory, 8, &old));
    run.limit = 4;
    run.args[0] = 2;
    run.args[1] = 1;
    assert_null(run_entry(&run, TWICE));
    assert_non_null(strstr(run.log, "result-1(1999004)")); /* 2, then -1, then 4 */
    run_close(&run);
}

static wasmtime_error_t *count_check(const wasmtime_context_t *context, void *data, uint64_t *delta,
                                     wasmtime_update_deadline_kind_t *kind) {
    (void)context;
    ++*(uint32_t *)data;
    *delta = 0; /* passed again at the next check */
    *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
    return NULL;
}

/* How many epoch checks a call passes. */
static uint32_t checks(int entry, uint32_t a, uint32_t b) {
    struct run run;
    uint32_t count = 0;
    run_open(&run, engine, &bulk.result);
    wasmtime_store_epoch_deadline_callback(run.store, count_check, &count, NULL);
    wasmtime_context_set_epoch_deadline(wasmtime_store_context(run.store), 0);
    run.args[0] = a;
    run.args[1] = b;
    assert_null(run_entry(&run, entry));
    run_close(&run);
    return count;
}

/* The engine asks the callback several times at one check; how often is its own business. */
static void long_instructions_pass_epoch_checks(void **state) {
    (void)state;
    uint32_t each = checks(FILL, 1, STEP + 1) - checks(FILL, 1, STEP);
    uint32_t more = 60 * MIB / STEP - 1;
    assert_true(each > 0);
    assert_int_equal(checks(FILL, 1, 60 * MIB) - checks(FILL, 1, STEP), more * each);
    assert_int_equal(checks(COPY_RAW, 1, 60 * MIB) - checks(COPY_RAW, 1, STEP), more * each);
    assert_int_equal(checks(COPY_RAW, 0, 60 * MIB) - checks(COPY_RAW, 0, STEP), more * each);
    uint32_t step = BULK_TABLE_STEP;
    assert_int_equal(checks(TABLE_FILL, 0, 9 * step) - checks(TABLE_FILL, 0, step), 8 * each);
    assert_int_equal(checks(TABLE_COPY, 3, 17 * step) - checks(TABLE_COPY, 3, 13 * step), 4 * each);
    assert_int_equal(checks(TABLE_GROW, 9 * step, 0) - checks(TABLE_GROW, step, 0), 8 * each);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    cases = cases_read(argv[1]);
    engine = run_engine();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_in_steps),
        cmocka_unit_test(fill_reaches_its_end_and_no_further),
        cmocka_unit_test(fill_out_of_bounds),
        cmocka_unit_test(copies_that_overlap),
        cmocka_unit_test(copy_out_of_bounds),
        cmocka_unit_test(init_from_segments),
        cmocka_unit_test(applied_segments_are_empty),
        cmocka_unit_test(tables_in_steps),
        cmocka_unit_test(tables_grow_all_or_not),
        cmocka_unit_test(short_constant_lengths_stay),
        cmocka_unit_test(memory_grows_to_its_maximum),
        cmocka_unit_test(memory_grows_within_its_real_size),
        cmocka_unit_test(memory_limit_holds_within_the_real_size),
        cmocka_unit_test(long_instructions_pass_epoch_checks),
    };
    int failed = cmocka_run_group_tests(tests, make_all, free_all);
    wasm_engine_delete(engine);
    cases_free(&cases);
    return failed;
}
