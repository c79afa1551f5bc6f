#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_compare(void **state) {
    (void)state;
    struct str none = {NULL, 0}, a = str_of("a"), ab = str_of("ab"), b = str_of("b");
    assert_true(str_equal(none, str_of("")));
    assert_true(str_is(ab, "ab"));
    assert_false(str_is(ab, "a"));
    assert_false(str_is(ab, "ac"));
    assert_int_equal(str_compare(none, none), 0);
    assert_int_equal(str_compare(ab, str_of("ab")), 0);
    assert_true(str_compare(none, a) < 0 && str_compare(a, none) > 0);
    assert_true(str_compare(a, ab) < 0 && str_compare(ab, a) > 0);
    assert_true(str_compare(ab, b) < 0);
    assert_true(str_compare(str_of("\x7f"), str_of("\x80")) < 0); /* bytes are unsigned */
}

static void test_find(void **state) {
    (void)state;
    struct str s = str_of("dev/name/x");
    assert_true(str_starts(s, "dev/") && str_starts(s, "") &&
                str_starts((struct str){NULL, 0}, ""));
    assert_false(str_starts(s, "name") || str_starts(str_of("de"), "dev"));
    assert_true(str_ends(s, "/x") && str_ends(s, "") && str_ends(s, "dev/name/x"));
    assert_false(str_ends(s, "/y") || str_ends(str_of("x"), "/x"));
    assert_int_equal(str_find(s, '/'), 3);
    assert_int_equal(str_find(s, 'q'), s.size);
    assert_int_equal(str_find((struct str){NULL, 0}, 'q'), 0);
}

static void test_hash(void **state) {
    (void)state;
    assert_int_equal(str_hash(str_of("sample")), str_hash((struct str){"sample_py", 6}));
    assert_int_not_equal(str_hash(str_of("sample")), str_hash(str_of("samplf")));
    assert_int_equal(str_hash((struct str){NULL, 0}), str_hash(str_of("")));
}

/* Every scalar value is encoded to a sequence that is valid, alone and as a prefix, and every other
 * number's form is not. */
static void test_every_scalar(void **state) {
    (void)state;
    size_t before = 1;
    for (uint32_t scalar = 0; scalar <= 0x10ffff; scalar++) {
        if (scalar >= 0xd800 && scalar <= 0xdfff) continue;
        uint8_t bytes[5] = {0};
        size_t size = utf8_encode(scalar, bytes);
        if (size < before || size > 4) fail_msg("U+%04X: %zu bytes", scalar, size);
        before = size;
        if (utf8_sequence(bytes, 5) != size) fail_msg("U+%04X is refused", scalar);
        for (size_t cut = 0; cut < size; cut++)
            if (utf8_sequence(bytes, cut) != 0) fail_msg("U+%04X cut is taken", scalar);
    }
    assert_int_equal(before, 4);
}

static uint32_t decode(const uint8_t *b, size_t size) {
    if (size == 1) return b[0];
    if (size == 2) return (b[0] & 31u) << 6 | (b[1] & 63u);
    return (b[0] & 15u) << 12 | (b[1] & 63u) << 6 | (b[2] & 63u);
}

/* Three arbitrary bytes: whatever is taken is the one encoding of its scalar value. */
static void test_every_triple(void **state) {
    (void)state;
    for (uint32_t i = 0; i <= 0xffffff; i++) {
        uint8_t bytes[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}, again[4];
        size_t size = utf8_sequence(bytes, 3);
        if (size == 0) continue;
        uint32_t scalar = decode(bytes, size);
        if (scalar >= 0xd800 && scalar <= 0xdfff) fail_msg("surrogate %06x", i);
        if (utf8_encode(scalar, again) != size || memcmp(bytes, again, size) != 0)
            fail_msg("%06x is not the shortest form", i);
    }
}

static void test_four_bytes(void **state) {
    (void)state;
    assert_int_equal(utf8_sequence("\xf0\x90\x80\x80", 4), 4);
    assert_int_equal(utf8_sequence("\xf4\x8f\xbf\xbf", 4), 4);
    assert_int_equal(utf8_sequence("\xf0\x8f\xbf\xbf", 4), 0); /* overlong */
    assert_int_equal(utf8_sequence("\xf4\x90\x80\x80", 4), 0); /* beyond U+10FFFF */
    assert_int_equal(utf8_sequence("\xf5\x80\x80\x80", 4), 0);
    assert_int_equal(utf8_sequence("\xf0\x90\x80\xc0", 4), 0);
}

/* Text of every length around the eight bytes that are taken at once, with the bad byte at every
 * place. */
static void test_valid(void **state) {
    (void)state;
    assert_true(utf8_valid(NULL, 0));
    for (size_t size = 1; size <= 40; size++) {
        char text[40];
        memset(text, 'x', size);
        assert_true(utf8_valid(text, size));
        for (size_t at = 0; at < size; at++) {
            text[at] = '\xff';
            assert_false(utf8_valid(text, size));
            text[at] = 'x';
            if (at + 2 > size) continue;
            memcpy(text + at, "\xc3\xa9", 2);
            assert_true(utf8_valid(text, size));
            assert_false(utf8_valid(text, at + 1));
            memset(text + at, 'x', 2);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),      cmocka_unit_test(test_find),
        cmocka_unit_test(test_hash),         cmocka_unit_test(test_every_scalar),
        cmocka_unit_test(test_every_triple), cmocka_unit_test(test_four_bytes),
        cmocka_unit_test(test_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
