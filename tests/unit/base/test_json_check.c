#include "base/json_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../fuzz/json_slow.h"

struct text {
    const char *bytes;
    size_t size;
};
#define T(literal)                                                                                 \
    { literal, sizeof literal - 1 }

static const struct text valid[] = {
    T("0"),
    T("-0"),
    T("1"),
    T("-1"),
    T("10"),
    T("1234567890123456789012345678901234567890"),
    T("0.0"),
    T("-0.10"),
    T("1.5e3"),
    T("0e1"),
    T("0E+1"),
    T("1e-0007"),
    T("123e65"),
    T("0e0000"),
    T("1E22"),
    T("-1.0e-10"),
    T("true"),
    T("false"),
    T("null"),
    T(" true"),
    T("true "),
    T("\t\r\n true \n\r\t"),
    T("\"\""),
    T("\"a\""),
    T(" \"a\" "),
    T("[]"),
    T("[ ]"),
    T("{}"),
    T("{ \n }"),
    T("[1]"),
    T("[ 1 , 2 ]"),
    T("[1,\n2\n]"),
    T("[[],[[]],{}]"),
    T("[null,true,false]"),
    T("{\"a\":1}"),
    T("{ \"a\" : 1 , \"b\" : [ ] }"),
    T("{\"a\":1,\"a\":2}"),
    T("{\"\":0}"),
    T("{\"a\":{\"b\":{\"c\":[{}]}}}"),
    T("[0,-1,2.5,3e4]"),
    T("[1]\n"),
    T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    T("\"\\u0000\""),
    T("\"\\uABCD\\uabcd\\u1234\""),
    T("\"\\uD83D\\uDE00\""),
    T("\"\\uD800\""),
    T("\"\\uDC00\\uD800x\""),
    T("{\"\\u0061\\n\":\"\\\\\"}"),
    T("\"\x7f\""),
    T("\"\xc2\x80\""),
    T("\"\xdf\xbf\""),
    T("\"\xe0\xa0\x80\""),
    T("\"\xed\x9f\xbf\""),
    T("\"\xee\x80\x80\""),
    T("\"\xef\xbf\xbf\""),
    T("\"\xf0\x90\x80\x80\""),
    T("\"\xf4\x8f\xbf\xbf\""),
    T("\"\xef\xbb\xbf\""),
    T("\"\xe2\x80\xa8\xe2\x80\xa9\""),
    T("{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}"),
    T("\"0123456789abcdef0123456789abcdef\""),
    T("[\"0123456\",\"01234567\",\"012345678\"]"),
    T("\"0123456\xc3\xa9"
      "0123456\xc3\xa9\""),
    T("\"0123456\\n01234567\\n\""),
};

/* What stands at `offset` is the first byte with which no JSON text can go on; SIZE_MAX: the end.
 */
static const struct refused {
    struct text text;
    size_t offset;
} refused[] = {
    {T(""), SIZE_MAX},
    {T(" \n"), SIZE_MAX},
    {T("\xef\xbb\xbf{}"), 0},
    {T("\xef\xbb\xbf"), 0},
    {T("\xff\xfe[\0]\0"), 0},
    {T("\0"), 0},
    {T("1\0"), 1},
    {T("\f1"), 0},
    {T("1\v"), 1},
    {T("\xc2\xa0"
       "1"),
     0},
    {T("x"), 0},
    {T("\xc3\xa9"), 0},
    /* numbers */
    {T("-"), SIZE_MAX},
    {T("+1"), 0},
    {T("01"), 1},
    {T("-01"), 2},
    {T("00"), 1},
    {T(".5"), 0},
    {T("1."), SIZE_MAX},
    {T("1.e3"), 2},
    {T("1..2"), 2},
    {T("1.2.3"), 3},
    {T("-.5"), 1},
    {T("1e"), SIZE_MAX},
    {T("1e+"), SIZE_MAX},
    {T("1e+-2"), 3},
    {T("1e5.5"), 3},
    {T("1ee5"), 2},
    {T("1e5e5"), 3},
    {T("--1"), 1},
    {T("1-2"), 1},
    {T("1+2"), 1},
    {T("0x10"), 1},
    {T("1 000"), 2},
    {T("NaN"), 0},
    {T("nan"), 1},
    {T("Infinity"), 0},
    {T("-Infinity"), 1},
    {T("1_0"), 1},
    {T("1f"), 1},
    {T("0.e1"), 2},
    {T("2.e+3"), 2},
    {T("[-]"), 2},
    {T("[1.]"), 3},
    {T("[1e]"), 3},
    {T("[01]"), 2},
    {T("[-01]"), 3},
    {T("\xef\xbc\x91"), 0},
    /* literals */
    {T("tru"), SIZE_MAX},
    {T("truE"), 3},
    {T("True"), 0},
    {T("truee"), 4},
    {T("fals"), SIZE_MAX},
    {T("nul"), SIZE_MAX},
    {T("nulll"), 4},
    {T("[tru]"), 4},
    {T("truefalse"), 4},
    {T("true false"), 5},
    {T("t rue"), 1},
    {T("fasle"), 2},
    /* strings */
    {T("\""), SIZE_MAX},
    {T("\"a"), SIZE_MAX},
    {T("\"\\"), SIZE_MAX},
    {T("\"\\\""), SIZE_MAX},
    {T("'a'"), 0},
    {T("\"a\"b"), 3},
    {T("\"\n\""), 1},
    {T("\"\t\""), 1},
    {T("\"\0\""), 1},
    {T("\"\x1f\""), 1},
    {T("\"1234567\x1f\""), 8},
    {T("\"12345678\x01\""), 9},
    {T("\"\\x41\""), 2},
    {T("\"\\a\""), 2},
    {T("\"\\0\""), 2},
    {T("\"\\\0\""), 2},
    {T("\"\\'\""), 2},
    {T("\"\\U0041\""), 2},
    {T("\"\\u\""), 3},
    {T("\"\\u1\""), 4},
    {T("\"\\u12\""), 5},
    {T("\"\\u123\""), 6},
    {T("\"\\u123g\""), 6},
    {T("\"\\u 123\""), 3},
    {T("\"\\u00A\\\""), 6},
    {T("\"\\uD800\\\""), SIZE_MAX},
    {T("\"\\\xc3\xa9\""), 2},
    {T("\"\\u00\xc3\xa9\""), 5},
    {T("a\""), 0},
    /* UTF-8 */
    {T("\"\x80\""), 1},
    {T("\"\xbf\""), 1},
    {T("\"\xc0\x80\""), 1},
    {T("\"\xc1\xbf\""), 1},
    {T("\"\xc3\""), 2},
    {T("\"\xc3"), SIZE_MAX},
    {T("\"\xc3\xc3\""), 2},
    {T("\"\xe0\x9f\xbf\""), 2},
    {T("\"\xe2\x82\""), 3},
    {T("\"\xed\xa0\x80\""), 2},
    {T("\"\xed\xbf\xbf\""), 2},
    {T("\"\xf0\x8f\xbf\xbf\""), 2},
    {T("\"\xf0\x9f\x98\""), 4},
    {T("\"\xf4\x90\x80\x80\""), 2},
    {T("\"\xf5\x80\x80\x80\""), 1},
    {T("\"\xf8\x88\x80\x80\x80\""), 1},
    {T("\"\xff\""), 1},
    {T("\"\xfe\""), 1},
    {T("{\"\xff\":0}"), 2},
    {T("\"1234567\xff\""), 8},
    {T("[\xff]"), 1},
    {T("\"\xe9\""), 2},
    /* structure */
    {T("["), SIZE_MAX},
    {T("{"), SIZE_MAX},
    {T("]"), 0},
    {T("}"), 0},
    {T("[1"), SIZE_MAX},
    {T("[1,"), SIZE_MAX},
    {T("[1,]"), 3},
    {T("[,1]"), 1},
    {T("[1,,2]"), 3},
    {T("[1 2]"), 3},
    {T("[\"a\" \"b\"]"), 5},
    {T("[1}"), 2},
    {T("[]]"), 2},
    {T("[]["), 2},
    {T("[1:2]"), 2},
    {T("{]"), 1},
    {T("{,}"), 1},
    {T("{1:2}"), 1},
    {T("{a:1}"), 1},
    {T("{'a':1}"), 1},
    {T("{\"a\"}"), 4},
    {T("{\"a\":}"), 5},
    {T("{\"a\" 1}"), 5},
    {T("{\"a\":1,}"), 7},
    {T("{\"a\":1,,}"), 7},
    {T("{\"a\":1 \"b\"}"), 7},
    {T("{\"a\":1]"), 6},
    {T("{\"a\"::1}"), 5},
    {T("{\"a\","), 4},
    {T("{\"a\":1,2}"), 7},
    {T("{}}"), 2},
    {T("{} []"), 3},
    {T("1 2"), 2},
    {T("1,2"), 1},
    {T("\"a\":1"), 3},
    {T("{[]:1}"), 1},
    {T("{null:1}"), 1},
    {T("[1] x"), 4},
    {T("// c\n1"), 0},
    {T("1 // c"), 2},
    {T("/**/1"), 0},
    {T("[1]#"), 3},
    {T("{\"a\":[}"), 6},
    {T("[{]}"), 2},
    {T("{\"a\":tru}"), 8},
    {T("*"), 0},
    {T("[[[[["), SIZE_MAX},
};

/* The text in one piece, byte by byte, and in two pieces cut everywhere: always the same answer. */
static bool check_all_ways(const char *bytes, size_t size, size_t *offset) {
    const char *problem = NULL;
    uint64_t where = 0;
    bool is_valid = json_valid(bytes, size, &problem, &where);
    assert_int_equal(problem == NULL, is_valid);
    for (size_t cut = 0; cut <= size + 1; cut++) {
        struct json_check check;
        json_check_init(&check);
        bool fits = true;
        if (cut <= size) {
            fits = json_check_add(&check, bytes, cut) &&
                   json_check_add(&check, bytes + cut, size - cut);
        } else {
            for (size_t i = 0; i < size && fits; i++) fits = json_check_add(&check, bytes + i, 1);
        }
        if ((fits && json_check_end(&check)) != is_valid) fail_msg("'%s' cut at %zu", bytes, cut);
        if (!is_valid) {
            assert_string_equal(check.problem, problem);
            assert_int_equal(check.offset, where);
            assert_false(json_check_add(&check, "1", 1)); /* it stays refused */
            assert_false(json_check_end(&check));
        }
    }
    *offset = where;
    return is_valid;
}

static void test_valid(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        size_t offset;
        if (!check_all_ways(valid[i].bytes, valid[i].size, &offset))
            fail_msg("'%s' was refused at %zu", valid[i].bytes, offset);
        if (!slow_json(valid[i].bytes, valid[i].size)) fail_msg("slow: '%s'", valid[i].bytes);
    }
}

static void test_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct text text = refused[i].text;
        size_t offset, expected = refused[i].offset == SIZE_MAX ? text.size : refused[i].offset;
        if (check_all_ways(text.bytes, text.size, &offset)) fail_msg("'%s' was taken", text.bytes);
        if (offset != expected) fail_msg("'%s' at %zu, not %zu", text.bytes, offset, expected);
        if (slow_json(text.bytes, text.size)) fail_msg("slow: '%s'", text.bytes);
    }
}

static void check_depth(size_t levels, const char *open, const char *close, bool expected) {
    char text[2000] = "";
    for (size_t i = 0; i < levels; i++) strcat(text, open);
    strcat(text, "0");
    for (size_t i = 0; i < levels; i++) strcat(text, close);
    const char *problem;
    uint64_t offset;
    assert_int_equal(json_valid(text, strlen(text), &problem, &offset), expected);
    if (expected) return;
    assert_string_equal(problem, "nested deeper than 128 levels");
    assert_int_equal(offset, 128 * strlen(open));
}

static void test_depth(void **state) {
    (void)state;
    check_depth(127, "[", "]", true);
    check_depth(128, "[", "]", true);
    check_depth(129, "[", "]", false);
    check_depth(128, "{\"\":", "}", true);
    check_depth(129, "{\"\":", "}", false);
    check_depth(64, "[{\"\":", "}]", true);
    char mixed[1500]; /* the kind of each level is remembered while others come and go above it */
    size_t size = 0;
    for (int i = 0; i < 128; i++) size += (size_t)sprintf(mixed + size, i % 3 ? "[" : "{\"\":");
    for (int i = 127; i >= 0; i--)
        size += (size_t)sprintf(mixed + size, i == 127 ? "0]" : i % 3 ? ",[]]" : "}");
    assert_true(json_valid(mixed, size, NULL, NULL));
    for (size_t at = 0; at < size; at++) {
        if (mixed[at] != ']' && mixed[at] != '}') continue;
        mixed[at] ^= ']' ^ '}';
        assert_false(json_valid(mixed, size, NULL, NULL));
        mixed[at] ^= ']' ^ '}';
    }
}

/* Every byte at every place of a string around the eight that are scanned at once. */
static void test_string_bytes(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 1; at < 19; at++) {
            char text[20];
            memset(text, 'x', sizeof text);
            text[0] = text[19] = '"';
            text[at] = (char)byte;
            bool expected = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            if (json_valid(text, sizeof text, NULL, NULL) != expected)
                fail_msg("byte %02x at %zu", byte, at);
        }
}

static uint32_t next_random(uint32_t *seed) {
    return *seed = *seed * 1664525 + 1013904223;
}

/* One to four small changes: bytes put in, taken out, replaced, most of them from JSON's own set.
 */
static size_t mutate(uint8_t *bytes, size_t size, uint32_t *seed) {
    static const char set[] =
        "{}[]:,\"\\0123456789-+.eEtruefalsn \n\t\x80\xbf\xc3\xe2\xed\xf0\xa0u/b";
    for (uint32_t changes = next_random(seed) >> 30; changes < 4; changes++) {
        size_t at = (next_random(seed) >> 8) % (size + 1);
        uint8_t byte = (uint8_t)set[(next_random(seed) >> 8) % (sizeof set - 1)];
        uint32_t what = next_random(seed) >> 30;
        if (what == 0 && at < size) {
            memmove(bytes + at, bytes + at + 1, --size - at);
        } else if (what == 1 && at < size) {
            bytes[at] = byte;
        } else {
            memmove(bytes + at + 1, bytes + at, size++ - at);
            bytes[at] = byte;
        }
    }
    return size;
}

static void test_against_slow(void **state) {
    (void)state;
    uint32_t seed = 1, taken = 0;
    for (int round = 0; round < 400000; round++) {
        struct text text = valid[(next_random(&seed) >> 8) % (sizeof valid / sizeof *valid)];
        uint8_t bytes[200];
        memcpy(bytes, text.bytes, text.size);
        size_t size = mutate(bytes, text.size, &seed);
        bool expected = slow_json(bytes, size);
        taken += expected;
        if (json_valid(bytes, size, NULL, NULL) != expected)
            fail_msg("'%.*s' should be %s", (int)size, (char *)bytes,
                     expected ? "taken" : "refused");
    }
    assert_in_range(taken, 40000, 360000); /* both answers occur often */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),        cmocka_unit_test(test_string_bytes),
        cmocka_unit_test(test_against_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
