/* The source itself is included, with an allocator that can fail. */
#include <stdbool.h>
#include <stdlib.h>

static bool no_memory;

static void *test_realloc(void *old, size_t size) {
    return no_memory ? NULL : realloc(old, size);
}
#define realloc test_realloc
#include "base/buf.c"
#undef realloc

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_add(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 1 << 20);
    assert_null(buf.data);
    for (int i = 0; i < 1000; i++) {
        assert_true(buf_add(&buf, "abc", 3));
        assert_true(buf_byte(&buf, (uint8_t)i));
        assert_true(buf_text(&buf, "de"));
        assert_true(buf_add(&buf, NULL, 0));
    }
    assert_int_equal(buf.size, 6000);
    for (int i = 0; i < 1000; i++) {
        assert_memory_equal(buf.data + 6 * i, "abc", 3);
        assert_int_equal(buf.data[6 * i + 3], (uint8_t)i);
    }
    buf_clear(&buf);
    assert_int_equal(buf.size, 0);
    assert_true(buf.room >= 6000);
    buf_free(&buf);
    assert_null(buf.data);
    assert_true(buf_text(&buf, "again")); /* usable after free */
    buf_free(&buf);
}

static void test_cap(void **state) {
    (void)state;
    for (size_t cap = 0; cap < 300; cap++) {
        struct buf buf;
        buf_init(&buf, cap);
        for (size_t i = 0; i < cap; i++) assert_true(buf_byte(&buf, 'x'));
        assert_int_equal(strlen(buf_cstr(&buf)), cap); /* the NUL needs no room */
        assert_false(buf.failed);
        assert_false(buf_byte(&buf, 'y'));
        assert_true(buf.failed);
        assert_false(buf_add(&buf, NULL, 0)); /* remembered */
        assert_null(buf_cstr(&buf));
        assert_int_equal(buf.size, cap);
        buf_clear(&buf);
        assert_int_equal(buf_byte(&buf, 'z'), cap > 0);
        buf_free(&buf);
    }
}

static void test_reserve(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, SIZE_MAX);
    memcpy(buf_reserve(&buf, 100), "hello", 5);
    buf.size += 5;
    assert_string_equal(buf_cstr(&buf), "hello");
    assert_non_null(buf_reserve(&buf, 0));
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_free(&buf);
}

static void test_format(void **state) {
    (void)state;
    char longer[1000];
    struct buf buf;
    memset(longer, 'l', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    buf_init(&buf, 2000);
    assert_true(buf_format(&buf, "%s", ""));
    assert_true(buf_format(&buf, "%d-%s;", 42, "x"));
    assert_true(buf_format(&buf, "%s", longer));
    assert_int_equal(buf.size, 5 + 999);
    assert_memory_equal(buf.data, "42-x;lll", 8);
    assert_false(buf_format(&buf, "%s", longer));
    assert_true(buf.failed);
    buf_free(&buf);
    for (size_t cap = 0; cap < 200; cap++) { /* exactly up to the cap */
        buf_init(&buf, cap);
        assert_true(buf_format(&buf, "%.*s", (int)cap, longer));
        assert_int_equal(buf.size, cap);
        assert_memory_equal(buf.data, longer, cap);
        assert_false(buf_format(&buf, "x"));
        buf_free(&buf);
    }
}

static void check_json(const char *bytes, size_t size, const char *expected) {
    struct buf buf;
    buf_init(&buf, 1000);
    assert_true(buf_json_string(&buf, bytes, size));
    assert_string_equal(buf_cstr(&buf), expected);
    buf_free(&buf);
}
#define CHECK_JSON(literal, expected) check_json(literal, sizeof literal - 1, expected)

static void test_json_string(void **state) {
    (void)state;
    check_json(NULL, 0, "\"\"");
    CHECK_JSON("plain", "\"plain\"");
    CHECK_JSON("\"\\/", "\"\\\"\\\\/\"");
    CHECK_JSON("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
    CHECK_JSON("\0\x01\x1f\x7f", "\"\\u0000\\u0001\\u001f\x7f\"");
    CHECK_JSON("\u00e9\u20ac\U0001f600", "\"\u00e9\u20ac\U0001f600\"");
    CHECK_JSON("a\xff"
               "b",
               "\"a\ufffd"
               "b\"");
    CHECK_JSON("\xed\xa0\x80", "\"\ufffd\ufffd\ufffd\""); /* a surrogate */
    CHECK_JSON("\xe2\x82", "\"\ufffd\ufffd\"");           /* cut short */
    CHECK_JSON("\xc0\xaf.", "\"\ufffd\ufffd.\"");         /* overlong */
    struct buf buf;
    buf_init(&buf, 6);
    assert_true(buf_json_string(&buf, "1234", 4));
    buf_clear(&buf);
    assert_false(buf_json_string(&buf, "12345", 5));
    buf_clear(&buf);
    assert_false(buf_json_string(&buf, "\x01", 1));
    buf_free(&buf);
}

static void test_no_memory(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    no_memory = true;
    assert_false(buf_text(&buf, "x"));
    no_memory = false;
    assert_false(buf_text(&buf, "x")); /* remembered */
    buf_clear(&buf);
    assert_true(buf_text(&buf, "kept"));
    no_memory = true;
    assert_false(buf_format(&buf, "%500s", ""));
    no_memory = false;
    assert_memory_equal(buf.data, "kept", 4);
    buf_free(&buf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),         cmocka_unit_test(test_cap),
        cmocka_unit_test(test_reserve),     cmocka_unit_test(test_format),
        cmocka_unit_test(test_json_string), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
