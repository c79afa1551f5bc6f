/* Transcoding: every scalar value there and back, and what is not well-formed. */
#include "guest.h"

#include "abi/internal.h"

static void every_scalar_value_there_and_back(void **state) {
    (void)state;
    for (uint32_t scalar = 0; scalar < 0x110000; scalar++) {
        uint8_t text[6] = {'a'}, units[6], back[6];
        uint64_t measured;
        uint32_t count;
        if (scalar >= 0xd800 && scalar < 0xe000) continue;
        uint32_t size = 1 + (uint32_t)utf8_encode(scalar, text + 1),
                 expected = scalar < 0x10000 ? 2 : 3;
        assert_int_equal(utf8_count_utf16(text, size), expected);
        utf8_to_utf16(text, size, units);
        assert_true(utf16_measure(units, expected, &measured));
        assert_int_equal(measured, size);
        utf16_to_utf8(units, expected, back);
        assert_memory_equal(text, back, size);
        assert_int_equal(utf8_fits_latin1(text, size, &count), scalar < 0x100);
        if (scalar >= 0x100) continue;
        assert_int_equal(count, 2);
        utf8_to_latin1(text, size, units);
        assert_true(units[0] == 'a' && units[1] == scalar);
        assert_int_equal(latin1_measure(units, 2), size);
        latin1_to_utf8(units, 2, back);
        assert_memory_equal(text, back, size);
    }
}

static bool is_utf16(uint16_t a, uint16_t b) {
    uint16_t units[2] = {a, b};
    uint64_t size;
    return utf16_measure((const uint8_t *)units, 2, &size);
}

static void lone_surrogates(void **state) {
    (void)state;
    assert_true(is_utf16(0xd800, 0xdc00));
    assert_true(is_utf16(0xdbff, 0xdfff));
    assert_true(is_utf16(0xd7ff, 0xe000));
    assert_false(is_utf16(0xd800, 'a'));
    assert_false(is_utf16('a', 0xd800));
    assert_false(is_utf16('a', 0xdc00));
    assert_false(is_utf16(0xdc00, 0xd800));
    assert_false(is_utf16(0xd800, 0xd800));
    assert_false(is_utf16(0xd800, 0xe000));
}

/* Whatever the bytes, what is written is what was counted. */
static void counts_hold_for_any_bytes(void **state) {
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[8], *out;
        uint64_t measured;
        for (int i = 0; i < 8; i++)
            bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
        uint32_t size = 1 + round % 8, count = utf8_count_utf16(bytes, size);
        out = malloc(2 * count); /* exactly: a sanitizer sees the rest */
        utf8_to_utf16(bytes, size, out);
        assert_true(utf16_measure(out, count, &measured));
        free(out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_value_there_and_back),
        cmocka_unit_test(lone_surrogates),
        cmocka_unit_test(counts_hold_for_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
