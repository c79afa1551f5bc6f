/* Constant expressions, one by one: bytes in, value out, and the value written back. */
#include "cases.h"

#include "link/encode.h"
#include "link/merge.h"

/* A module with two globals (an immutable i32 of value 7, a mutable one) and two functions, which
 * are functions 100 and 101 of the merged module. */
static struct core_module module = {.count = {[CORE_FUNC] = 2, [CORE_GLOBAL] = 2}};
static struct core_instance source;
static uint32_t funcs[] = {100, 101}, globals[] = {1, 0};
static struct merged instance = {
    .module = &module, .source = &source, .map = {[CORE_FUNC] = funcs, [CORE_GLOBAL] = globals}};
static struct core_global merged_globals[] = {{.valtype = VALTYPE_I32, .mutable = true},
                                              {.valtype = VALTYPE_I32}};
static struct constant values[] = {{.valtype = VALTYPE_I32, .known = true, .bits = 9},
                                   {.valtype = VALTYPE_I32, .known = true, .bits = 7}};
static uint8_t declared[200];
static struct err err;
static struct merge merge = {
    .globals = merged_globals, .values = values, .declared = declared, .err = &err};

static bool eval(const char *bytes, size_t size, uint8_t valtype, struct constant *value) {
    struct slice slice = {(const uint8_t *)bytes, (uint32_t)size, 0};
    err = (struct err){0};
    memset(value, 0, sizeof *value);
    return const_eval(&merge, &instance, slice, valtype, "it", value);
}

#define EVAL(bytes, valtype, value) eval(bytes, sizeof bytes - 1, valtype, value)

static void expect_bits(const char *bytes, size_t size, uint8_t valtype, uint64_t bits) {
    struct constant value;
    if (!eval(bytes, size, valtype, &value)) fail_msg("%s", err.text);
    assert_true(value.known && !value.null && value.valtype == valtype);
    assert_true(value.bits == bits);
}

#define EXPECT(bytes, valtype, bits) expect_bits(bytes, sizeof bytes - 1, valtype, bits)

static void numbers(void **state) {
    (void)state;
    EXPECT("\x41\x05\x0b", VALTYPE_I32, 5);
    EXPECT("\x41\x7f\x0b", VALTYPE_I32, UINT32_MAX);
    EXPECT("\x41\x80\x80\x80\x80\x78\x0b", VALTYPE_I32, 0x80000000);
    EXPECT("\x42\x7f\x0b", VALTYPE_I64, UINT64_MAX);
    EXPECT("\x43\0\0\x80\x3f\x0b", VALTYPE_F32, 0x3f800000);
    EXPECT("\x44\1\0\0\0\0\0\xf0\x7f\x0b", VALTYPE_F64,
           UINT64_C(0x7ff0000000000001)); /* a NaN keeps its bits */
    EXPECT("\x23\0\x0b", VALTYPE_I32, 7);
}

static void extended_arithmetic_wraps(void **state) {
    (void)state;
    EXPECT("\x23\0\x41\x03\x6a\x0b", VALTYPE_I32, 10);
    EXPECT("\x23\0\x41\x08\x6b\x0b", VALTYPE_I32, UINT32_MAX);
    EXPECT("\x41\x7f\x41\x02\x6a\x0b", VALTYPE_I32, 1);
    EXPECT("\x41\x80\x80\x80\x80\x78\x41\x03\x6c\x0b", VALTYPE_I32, 0x80000000);
    EXPECT("\x42\x7f\x42\x7f\x7e\x0b", VALTYPE_I64, 1);
    EXPECT("\x42\0\x42\x01\x7d\x42\x02\x7c\x0b", VALTYPE_I64, 1);
}

static void references_and_vectors(void **state) {
    (void)state;
    struct constant value;
    memset(declared, 0, sizeof declared);
    EXPECT("\xd2\1\x0b", VALTYPE_FUNCREF, 101);
    assert_true(declared[101] && !declared[100]);
    assert_true(EVAL("\xd0\x70\x0b", VALTYPE_FUNCREF, &value) && value.null);
    assert_true(EVAL("\xd0\x6f\x0b", VALTYPE_EXTERNREF, &value) && value.null);
    assert_true(EVAL("\xfd\x0c"
                     "0123456789abcdef"
                     "\x0b",
                     VALTYPE_V128, &value));
    assert_memory_equal(value.v128, "0123456789abcdef", 16);
}

static void refusals(void **state) {
    (void)state;
    struct constant value;
    assert_false(EVAL("\x41\x05\x0b", VALTYPE_I64, &value));
    assert_false(EVAL("\x0b", VALTYPE_I32, &value));
    assert_false(EVAL("\x41\x05", VALTYPE_I32, &value));
    assert_false(EVAL("\x41\x05\x41\x05\x0b", VALTYPE_I32, &value));
    assert_false(EVAL("\x23\1\x0b", VALTYPE_I32, &value));
    assert_non_null(strstr(err.text, "mutable"));
    assert_false(EVAL("\x23\5\x0b", VALTYPE_I32, &value));
    assert_false(EVAL("\xd2\5\x0b", VALTYPE_FUNCREF, &value));
    assert_false(EVAL("\x41\1\x42\1\x6a\x0b", VALTYPE_I32, &value));
    assert_false(EVAL("\x6a\x0b", VALTYPE_I32, &value));
    assert_false(EVAL("\x41\1\x41\1\x6d\x0b", VALTYPE_I32, &value)); /* i32.div_s */
    assert_non_null(strstr(err.text, "0x6d"));
    assert_false(EVAL("\xd0\x6e\x0b", VALTYPE_FUNCREF, &value));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

static void depth_is_bounded(void **state) {
    (void)state;
    struct buf bytes;
    struct constant value;
    buf_init(&bytes, 1 << 20);
    for (int i = 0; i < 257; i++) put_i32(&bytes, 1);
    for (int i = 0; i < 256; i++) put_op(&bytes, OP_I32_ADD);
    put_op(&bytes, OP_END);
    assert_false(eval((const char *)bytes.data, bytes.size, VALTYPE_I32, &value));
    assert_int_equal(err.kind, ERR_LIMIT);
    buf_free(&bytes);
}

/* What is written is read as the same value. */
static void written_values_come_back(void **state) {
    (void)state;
    static const struct constant all[] = {
        {.valtype = VALTYPE_I32, .bits = 0},
        {.valtype = VALTYPE_I32, .bits = 63},
        {.valtype = VALTYPE_I32, .bits = 64},
        {.valtype = VALTYPE_I32, .bits = 0xffffffc0},
        {.valtype = VALTYPE_I32, .bits = 0x7fffffff},
        {.valtype = VALTYPE_I32, .bits = 0x80000000},
        {.valtype = VALTYPE_I64, .bits = INT64_MAX},
        {.valtype = VALTYPE_I64, .bits = (uint64_t)INT64_MIN},
        {.valtype = VALTYPE_F32, .bits = 0x7fa00001},
        {.valtype = VALTYPE_F64, .bits = UINT64_C(0xfff0000000000001)},
        {.valtype = VALTYPE_V128, .v128 = "wwwwxxxxyyyyzzz"},
        {.valtype = VALTYPE_FUNCREF, .null = true}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct buf bytes;
        struct constant value;
        buf_init(&bytes, 100);
        const_write(&bytes, &all[i]);
        if (!eval((const char *)bytes.data, bytes.size, all[i].valtype, &value))
            fail_msg("%zu: %s", i, err.text);
        assert_true(value.bits == all[i].bits && value.null == all[i].null);
        assert_memory_equal(value.v128, all[i].v128, 16);
        buf_free(&bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(extended_arithmetic_wraps),
        cmocka_unit_test(references_and_vectors),
        cmocka_unit_test(refusals),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(written_values_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
