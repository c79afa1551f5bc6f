#include "shell/span.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_check.h"
#include "test.h"

static const char *const keys[] = {"skill", "input"};

/* In memory of exactly its size, so that a sanitizer sees a read beyond it. NULL for "not there".
 */
static void finds(const char *json, const char *skill, const char *input) {
    const char *wanted[] = {skill, input};
    struct str values[2];
    size_t size = strlen(json);
    char *copy = malloc(size ? size : 1);
    memcpy(copy, json, size);
    assert_true(json_valid(copy, size, NULL, NULL));
    assert_true(span_members((struct str){copy, size}, keys, values, 2));
    for (int i = 0; i < 2; i++) {
        if (!wanted[i])
            assert_null(values[i].data);
        else if (!values[i].data || !str_is(values[i], wanted[i]))
            fail_msg("%s: %s is %.*s, not %s", json, keys[i], STR_ARG(values[i]), wanted[i]);
    }
    free(copy);
}

static void finds_members(void **state) {
    (void)state;
    finds("{}", NULL, NULL);
    finds("{\"skill\":\"dev/a\",\"input\":{\"a\":[1,2]}}", "\"dev/a\"", "{\"a\":[1,2]}");
    finds(" {\n\"input\" : 1e-7 , \"skill\"\t:\"x\" } ", "\"x\"", "1e-7");
    finds("{\"input\":null}", NULL, "null");
    finds("{\"input\":[],\"other\":{\"skill\":1,\"input\":2}}", NULL, "[]");
    finds("{\"input\":\"}\\\"]{\\\\\"}", NULL, "\"}\\\"]{\\\\\"");
    finds("{\"input\":true,\"skill\":-0.50}", "-0.50", "true");
    finds("{\"inputs\":1,\"inpu\":2,\"\":3}", NULL, NULL);
    finds("{\"input\":[[[[{\"a\":{}}]]],{}]}", NULL, "[[[[{\"a\":{}}]]],{}]");
    finds("{\"input\":{}}", NULL, "{}");
    finds("{\"input\":\"\"}", NULL, "\"\"");
}

static void the_last_of_equal_keys_counts(void **state) {
    (void)state;
    finds("{\"input\":1,\"input\":[2],\"skill\":\"a\",\"skill\":\"b\"}", "\"b\"", "[2]");
    finds("{\"input\":1,\"\\u0069nput\":2}", NULL, "2");
    finds("{\"\\u0073\\u006bill\":\"a\"}", "\"a\"", NULL);
}

static void wants_an_object(void **state) {
    (void)state;
    struct str values[2];
    static const char *const others[] = {"[]", "1", "\"{\"", "null", "", " "};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(span_members(str_of(others[i]), keys, values, 2));
}

static void numbers_are_not_touched(void **state) {
    (void)state;
    finds("{\"input\":{\"b\":0.1,\"a\":18446744073709551616,\"a\":\"\\u0000\"}}", NULL,
          "{\"b\":0.1,\"a\":18446744073709551616,\"a\":\"\\u0000\"}");
}

/* Text that is not JSON gives nonsense, but no read outside of it and no endless loop. */
static void survives_nonsense(void **state) {
    (void)state;
    static const char bytes[] = "{}[]\",:\\ \"skillinput1u";
    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t size = (size_t)(rand() % 24);
        char *text = malloc(size ? size : 1);
        for (size_t i = 0; i < size; i++) text[i] = bytes[(size_t)rand() % (sizeof bytes - 1)];
        struct str values[2];
        span_members((struct str){text, size}, keys, values, 2);
        free(text);
    }
}

static void decodes(const char *json, const char *wanted, size_t size) {
    struct buf out;
    struct str text;
    buf_init(&out, 1000);
    buf_text(&out, "before");
    assert_true(span_string(str_of(json), &out, &text));
    assert_int_equal(text.size, size);
    assert_memory_equal(text.data, wanted, size);
    buf_free(&out);
}

static void decodes_strings(void **state) {
    (void)state;
    decodes("\"\"", "", 0);
    decodes("\"dev/a\"", "dev/a", 5);
    decodes("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
    decodes("\"\\u00e4\\u20AC\\ud83d\\ude00\"", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9);
    decodes("\"a\\u0000b\"", "a\0b", 3);
}

static void refuses_lone_surrogates_and_others(void **state) {
    (void)state;
    static const char *const bad[] = {
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"",
        "1",           "null",        "[\"a\"]",        "\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf out;
        struct str text;
        buf_init(&out, 1000);
        assert_false(span_string(str_of(bad[i]), &out, &text));
        buf_free(&out);
    }
}

static void knows_blanks(void **state) {
    (void)state;
    assert_true(span_blank(str_of("")));
    assert_true(span_blank(str_of(" \t\n")));
    assert_false(span_blank(str_of(" a")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_members),
        cmocka_unit_test(the_last_of_equal_keys_counts),
        cmocka_unit_test(wants_an_object),
        cmocka_unit_test(numbers_are_not_touched),
        cmocka_unit_test(survives_nonsense),
        cmocka_unit_test(decodes_strings),
        cmocka_unit_test(refuses_lone_surrogates_and_others),
        cmocka_unit_test(knows_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
