#include "shell/header.h"

#include "test.h"

static void knows_json(void **state) {
    (void)state;
    static const char *const good[] = {
        "application/json",   "Application/JSON",         "application/json; charset=utf-8",
        "application/json;x", "application/problem+json", "application/json "};
    static const char *const bad[] = {"",
                                      "text/json",
                                      "application/jsonx",
                                      "application/xjson",
                                      "application",
                                      "application/",
                                      "json",
                                      "text/plain; application/json",
                                      "application/json/x"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(header_is_json(str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(header_is_json(str_of(bad[i])));
    assert_false(header_is_json((struct str){0}));
}

static void knows_bearers(void **state) {
    (void)state;
    assert_true(header_is_bearer(str_of("Bearer x")));
    assert_true(header_is_bearer(str_of("bearer  token")));
    assert_false(header_is_bearer(str_of("Bearer")));
    assert_false(header_is_bearer(str_of("Bearer ")));
    assert_false(header_is_bearer(str_of("Basic x")));
    assert_false(header_is_bearer(str_of("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(knows_json),
                                       cmocka_unit_test(knows_bearers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
