#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void check(const char *text, const char *shown) {
    struct buf once, twice;
    buf_init(&once, 1000);
    buf_init(&twice, 1000);
    assert_true(escape_add(&once, str_of(text)));
    assert_string_equal(buf_cstr(&once), shown);
    assert_true(escape_add(&twice, (struct str){(const char *)once.data, once.size}));
    assert_string_equal(buf_cstr(&twice), shown); /* as it is already */
    buf_free(&once);
    buf_free(&twice);
}

static void test_texts(void **state) {
    (void)state;
    check("plain \u00e9\u20ac\U0001f600 \\n \\ \"", "plain \u00e9\u20ac\U0001f600 \\n \\ \"");
    check("a\nb\tc\rd\x1b[31m\x7f", "a\\nb\\tc\\x0dd\\x1b[31m\\x7f");
    check("\xff \xc3 \xe2\x80", "\\xff \\xc3 \\xe2\\x80"); /* not UTF-8 */
    check("\xc2\x85\xc2\x9b", "\\xc2\\x85\\xc2\\x9b");     /* C1 controls */
}

/* Each boundary of the hidden ranges, and its neighbours. */
static void test_ranges(void **state) {
    (void)state;
    static const uint32_t hidden[] = {0x80,    0x9f,    0xad,    0x61c,   0x180e,  0x200b,
                                      0x200f,  0x2028,  0x202e,  0x2060,  0x206f,  0xfeff,
                                      0xfff9,  0xfffb,  0x13430, 0x1345f, 0x1bca0, 0x1bca3,
                                      0x1d173, 0x1d17a, 0xe0000, 0xe0001, 0xe007f},
                          shown[] = {0x20,    0x7e,    0xa0,    0xac,    0xae,    0x61b,
                                     0x61d,   0x180d,  0x180f,  0x200a,  0x2010,  0x2027,
                                     0x202f,  0x205f,  0x2070,  0xfefe,  0xff00,  0xfff8,
                                     0xfffc,  0x1342f, 0x13460, 0x1bc9f, 0x1bca4, 0x1d172,
                                     0x1d17b, 0xdffff, 0xe0080, 0x10ffff};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden + sizeof shown / sizeof *shown; i++) {
        size_t count = sizeof hidden / sizeof *hidden, out_size;
        bool is_hidden = i < count;
        uint8_t bytes[4];
        char out[ESCAPE_MAX];
        size_t size = utf8_encode(is_hidden ? hidden[i] : shown[i - count], bytes);
        size_t used = escape_next(bytes, size, out, &out_size);
        if ((used != size || memcmp(out, bytes, size) != 0) != is_hidden)
            fail_msg("U+%04X is %s", is_hidden ? hidden[i] : shown[i - count],
                     is_hidden ? "shown" : "hidden");
    }
}

/* Whatever a name is, an error's text with it is harmless, however often it is put into another. */
static void test_errors(void **state) {
    (void)state;
    struct err err;
    err_set(&err, ERR_INVALID, "no import \"%s\"", "a\u202eb\n\x1b[2J");
    assert_string_equal(err.text, "no import \"a\\xe2\\x80\\xaeb\\n\\x1b[2J\"");
    err_prefix(&err, "%s", "module \u200b");
    assert_string_equal(err.text,
                        "module \\xe2\\x80\\x8b: no import \"a\\xe2\\x80\\xaeb\\n\\x1b[2J\"");
    char long_name[3000];
    for (size_t offset = 0; offset < 6; offset++) { /* no escape is cut in its middle */
        memset(long_name, 'x', offset);
        for (size_t at = offset; at + 3 < sizeof long_name; at += 3)
            memcpy(long_name + at, "\u202e", 4);
        err_set(&err, ERR_INVALID, "%s", long_name);
        size_t size = strlen(err.text);
        assert_in_range(size, sizeof err.text - 4, sizeof err.text - 1);
        assert_true(err.text[size - 4] == '\\' && err.text[size - 3] == 'x');
    }
}

static void test_caps(void **state) {
    (void)state;
    struct buf small;
    buf_init(&small, 3);
    assert_true(escape_add(&small, str_of("abc")));
    assert_false(escape_add(&small, str_of("\n")));
    buf_free(&small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
