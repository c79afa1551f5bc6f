/* ffi: what the two crates answer, and that their texts come across. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pk_ffi.h"

static void toml_becomes_json(void **state) {
    (void)state;
    const char text[] = "kernel-address = \"127.0.0.1:1\"\n[namespaces.dev]\ndirectory = \"skills\"\nn = 3\n";
    char problem[200] = "";
    char *json = pk_toml_to_json(text, sizeof text - 1, problem, sizeof problem);
    assert_non_null(json);
    assert_non_null(strstr(json, "\"directory\":\"skills\""));
    assert_non_null(strstr(json, "\"n\":3"));
    pk_text_free(json);
    pk_text_free(NULL);
}

static void bad_toml_names_the_line(void **state) {
    (void)state;
    const char text[] = "a = 1\nb = \n";
    char problem[200];
    assert_null(pk_toml_to_json(text, sizeof text - 1, problem, sizeof problem));
    assert_non_null(strstr(problem, "line 2"));
    assert_null(pk_toml_to_json("\xff", 1, problem, sizeof problem));
    assert_non_null(strstr(problem, "UTF-8"));
    char little[6];
    assert_null(pk_toml_to_json(text, sizeof text - 1, little, sizeof little));
    assert_int_equal(strlen(little), 5);
}

static bool schema(const char *text) {
    char problem[300] = "";
    bool good = pk_schema_check(text, strlen(text), problem, sizeof problem);
    assert_true(good || problem[0]);
    return good;
}

static void schemas(void **state) {
    (void)state;
    assert_true(schema("{}"));
    assert_true(schema("true"));
    assert_true(schema("{\"type\":\"object\",\"properties\":{\"topic\":{\"type\":\"string\"}},\"required\":[\"topic\"]}"));
    assert_false(schema("{\"type\":\"strin\"}"));
    assert_false(schema("{\"properties\":3}"));
    assert_false(schema("[]"));
    assert_false(schema("\"object\""));
    assert_false(schema("{"));
    assert_false(schema(""));
}

static void deep_nesting_is_an_error(void **state) {
    (void)state;
    enum { DEPTH = 100000 };
    char *text = malloc(DEPTH * 8 + 16);
    size_t size = 0;
    for (int i = 0; i < DEPTH; i++) size += (size_t)sprintf(text + size, "{\"not\":");
    char problem[300];
    assert_false(pk_schema_check(text, size, problem, sizeof problem));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(toml_becomes_json), cmocka_unit_test(bad_toml_names_the_line),
                                       cmocka_unit_test(schemas), cmocka_unit_test(deep_nesting_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
