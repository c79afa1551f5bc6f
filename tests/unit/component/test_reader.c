/* Reading the pieces that binaries are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bytes.h"
#include "component/reader.h"

static struct err err;

#define READER(...)                                                                                \
    __extension__({                                                                                \
        static const uint8_t bytes_[] = {__VA_ARGS__};                                             \
        struct reader reader_;                                                                     \
        reader_init(&reader_, (struct slice){bytes_, sizeof bytes_, 0x100}, &err);                 \
        reader_;                                                                                   \
    })

#define assert_failed(reader, expected_kind, part)                                                 \
    do {                                                                                           \
        assert_true((reader).failed);                                                              \
        assert_int_equal(err.kind, expected_kind);                                                 \
        if (strstr(err.text, part) == NULL) fail_msg("text is: %s", err.text);                     \
    } while (0)

static void unsigned_numbers(void **state) {
    (void)state;
    struct reader reader = READER(0x00, 0x7f, 0x80, 0x01, 0xe5, 0x8e, 0x26, 0xff, 0xff, 0xff, 0xff,
                                  0x0f, 0x80, 0x80, 0x80, 0x80, 0x00);
    assert_int_equal(reader_u32(&reader), 0);
    assert_int_equal(reader_u32(&reader), 127);
    assert_int_equal(reader_u32(&reader), 128);
    assert_int_equal(reader_u32(&reader), 624485);
    assert_int_equal(reader_u32(&reader), UINT32_MAX);
    assert_int_equal(reader_u32(&reader), 0); /* five bytes are allowed for any number */
    assert_true(reader_done(&reader));
    assert_false(reader.failed);
}

static void signed_numbers(void **state) {
    (void)state;
    struct reader reader = READER(0x7f, 0x3f, 0x40, 0x80, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x07, 0x80,
                                  0x80, 0x80, 0x80, 0x78);
    assert_int_equal(reader_s32(&reader), -1);
    assert_int_equal(reader_s32(&reader), 63);
    assert_int_equal(reader_s32(&reader), -64);
    assert_int_equal(reader_s32(&reader), -128);
    assert_int_equal(reader_s32(&reader), INT32_MAX);
    assert_int_equal(reader_s32(&reader), INT32_MIN);
    reader = READER(0xff, 0xff, 0xff, 0xff, 0x0f, 0x80, 0x80, 0x80, 0x80, 0x70, 0x40);
    assert_int_equal(reader_s33(&reader), UINT32_MAX);
    assert_int_equal(reader_s33(&reader), -((int64_t)1 << 32));
    assert_int_equal(reader_s33(&reader), -64);
    reader = READER(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x80, 0x80, 0x80,
                    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 0x7f);
    assert_true(reader_s64(&reader) == INT64_MAX);
    assert_true(reader_s64(&reader) == INT64_MIN);
    assert_true(reader_s64(&reader) == -1);
    assert_false(reader.failed);
}

static void numbers_too_large(void **state) {
    (void)state;
    struct reader reader = READER(0xff, 0xff, 0xff, 0xff, 0x1f);
    assert_int_equal(reader_u32(&reader), 0);
    assert_failed(reader, ERR_INVALID, "integer too large or too long at offset 0x100");
    reader = READER(0x80, 0x80, 0x80, 0x80, 0x80, 0x00);
    reader_u32(&reader);
    assert_failed(reader, ERR_INVALID, "too long");
    reader = READER(0xff, 0xff, 0xff, 0xff, 0x0f); /* as s32: the sign is 0, a bit above is 1 */
    reader_s32(&reader);
    assert_failed(reader, ERR_INVALID, "too large");
    reader = READER(0x80, 0x80, 0x80, 0x80, 0x10); /* as s33 */
    reader_s33(&reader);
    assert_failed(reader, ERR_INVALID, "too large");
    reader = READER(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    reader_s64(&reader);
    assert_failed(reader, ERR_INVALID, "too large");
    reader = READER(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00);
    reader_s64(&reader);
    assert_failed(reader, ERR_INVALID, "too long");
}

static void numbers_cut_short(void **state) {
    (void)state;
    struct reader reader = READER(0x80, 0x80);
    reader_u32(&reader);
    assert_failed(reader, ERR_INVALID, "unexpected end at offset 0x102");
    reader_init(&reader, (struct slice){0}, &err);
    assert_true(reader_done(&reader));
    assert_int_equal(reader_peek(&reader), 0);
    reader_byte(&reader);
    assert_failed(reader, ERR_INVALID, "unexpected end at offset 0x0");
}

static void first_failure_sticks(void **state) {
    (void)state;
    struct reader reader = READER(1, 2, 3);
    assert_int_equal(reader_byte(&reader), 1);
    assert_false(reader_fail(&reader, ERR_LIMIT, "too %s", "much"));
    assert_string_equal(err.text, "too much at offset 0x101");
    assert_int_equal(reader_byte(&reader), 0);
    assert_int_equal(reader_u32(&reader), 0);
    assert_int_equal(reader_bytes(&reader, 2).size, 0);
    assert_int_equal(reader_name(&reader).size, 0);
    assert_true(reader_done(&reader)); /* so that loops end */
    reader_fail(&reader, ERR_INVALID, "second");
    assert_failed(reader, ERR_LIMIT, "too much at offset 0x101");
}

static void bytes_and_names(void **state) {
    (void)state;
    struct reader reader = READER(4, 'a', 0xc3, 0xa4, 'b', 9, 8, 7, 2, 0xc3, 0x28);
    struct str name = reader_name(&reader);
    assert_true(str_is(name, "a\xc3\xa4"
                             "b"));
    const uint8_t *start = reader.at;
    struct slice slice = reader_bytes(&reader, 2);
    assert_int_equal(slice.size, 2);
    assert_int_equal(slice.offset, 0x105);
    assert_int_equal(slice.data[1], 8);
    reader_byte(&reader);
    slice = reader_since(&reader, start);
    assert_int_equal(slice.size, 3);
    assert_int_equal(slice.offset, 0x105);
    reader_name(&reader);
    assert_failed(reader, ERR_INVALID, "name that is not UTF-8 at offset 0x108");
    reader = READER(5, 'a', 'b');
    reader_name(&reader);
    assert_failed(reader, ERR_INVALID, "5 bytes wanted, 2 left at offset 0x101");
    reader = READER(0xff, 0xff, 0xff, 0xff, 0x0f, 'a');
    reader_name(&reader);
    assert_failed(reader, ERR_INVALID, "unexpected end");
}

static void counts(void **state) {
    (void)state;
    struct reader reader = READER(3, 1, 2, 3, 4, 5, 6);
    assert_int_equal(reader_count(&reader, 2, 10, "things"), 3);
    reader = READER(3, 1, 2, 3, 4, 5);
    assert_int_equal(reader_count(&reader, 2, 10, "things"), 0);
    assert_failed(reader, ERR_INVALID, "3 things announced, more than the bytes can hold");
    reader = READER(3, 1, 2, 3);
    assert_int_equal(reader_count(&reader, 1, 2, "things"), 0);
    assert_failed(reader, ERR_LIMIT, "3 things, at most 2 are taken at offset 0x100");
    /* The product must not wrap around. */
    reader = READER(0x80, 0x80, 0x80, 0x80, 0x08, 1, 2);
    assert_int_equal(reader_count(&reader, 2, UINT32_MAX, "things"), 0);
    assert_failed(reader, ERR_INVALID, "announced");
}

static void constant_expressions(void **state) {
    (void)state;
    struct reader reader =
        READER(0x23, 0x05, 0x41, 0x7f, 0x6a, 0x0b,                /* global.get 5, -1, add */
               0x42, 0x80, 0x01, 0x0b, 0x43, 1, 2, 3, 0x0b, 0x0b, /* f32 */
               0x44, 1, 2, 3, 4, 5, 6, 7, 0x0b, 0x0b, 0xd0, 0x70, 0x0b, 0xd2, 0x07, 0x0b, 0xfd,
               0x0c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0x0b, 0x0b);
    static const uint32_t sizes[] = {6, 4, 6, 10, 3, 3, 19};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct slice expr = reader_const_expr(&reader);
        assert_false(reader.failed);
        assert_int_equal(expr.size, sizes[i]);
        assert_int_equal(expr.data[expr.size - 1], 0x0b);
    }
    assert_true(reader_done(&reader));
}

static void constant_expressions_refused(void **state) {
    (void)state;
    struct reader reader = READER(0x0b);
    reader_const_expr(&reader);
    assert_failed(reader, ERR_INVALID, "empty constant expression");
    reader = READER(0x41, 0x00);
    reader_const_expr(&reader);
    assert_failed(reader, ERR_INVALID, "unexpected end");
    reader = READER(0x41, 0x00, 0x10, 0x00, 0x0b);
    reader_const_expr(&reader);
    assert_failed(reader, ERR_INVALID, "instruction 0x10 in a constant expression at offset 0x102");
    reader = READER(0xfb, 0x00, 0x00, 0x0b);
    reader_const_expr(&reader);
    assert_failed(reader, ERR_UNSUPPORTED, "instruction 0xfb (GC)");
    reader = READER(0xd0, 0x6e, 0x0b);
    reader_const_expr(&reader);
    assert_failed(reader, ERR_UNSUPPORTED, "ref.null of type 0x6e");
    reader = READER(0xfd, 0x0d, 0x0b);
    reader_const_expr(&reader);
    assert_failed(reader, ERR_INVALID, "instruction 0xfd");
    reader = READER(0x23, 0x03, 0x0b);
    reader_const_expr_within(&reader, 10, 3);
    assert_failed(reader, ERR_INVALID, "global.get of a global that is not there at offset 0x100");
    reader = READER(0xd2, 0x03, 0x0b);
    reader_const_expr_within(&reader, 3, 10);
    assert_failed(reader, ERR_INVALID, "ref.func of a function that is not there");
    reader = READER(0xd2, 0x02, 0x23, 0x09, 0x0b);
    reader_const_expr_within(&reader, 3, 10);
    assert_false(reader.failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(signed_numbers),
        cmocka_unit_test(numbers_too_large),
        cmocka_unit_test(numbers_cut_short),
        cmocka_unit_test(first_failure_sticks),
        cmocka_unit_test(bytes_and_names),
        cmocka_unit_test(counts),
        cmocka_unit_test(constant_expressions),
        cmocka_unit_test(constant_expressions_refused),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
