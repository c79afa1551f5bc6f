#include "shell/header.h"

#include "test.h"

static void knows_json(void **state) {
    (void)state;
    static const char *const good[] = {
        "application/json",   "Application/JSON",         "application/json; charset=utf-8",
        "application/json;x", "application/problem+json", " application/json "};
    static const char *const bad[] = {"",
                                      "text/json",
                                      "application/jsonx",
                                      "application/xjson",
                                      "application",
                                      "application/",
                                      "json",
                                      "text/plain; application/json",
                                      "application/json/x"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(header_is_json(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(header_is_json(bad[i]));
    assert_false(header_is_json(NULL));
}

static void knows_bearers(void **state) {
    (void)state;
    assert_true(header_is_bearer("Bearer x"));
    assert_true(header_is_bearer("bearer  token"));
    assert_false(header_is_bearer("Bearer"));
    assert_false(header_is_bearer("Bearer "));
    assert_false(header_is_bearer("Basic x"));
    assert_false(header_is_bearer(""));
}

static void reads_lengths(void **state) {
    (void)state;
    uint64_t length;
    assert_true(header_length("0", &length) && length == 0);
    assert_true(header_length("52428801", &length) && length == 52428801);
    assert_true(header_length("99999999999999999999999", &length) && length == UINT64_MAX);
    static const char *const bad[] = {"", "-1", "+1", "1 ", "0x10", "1,1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(header_length(bad[i], &length));
        assert_int_equal(length, 0);
    }
    assert_false(header_length(NULL, &length));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(knows_json),
                                       cmocka_unit_test(knows_bearers),
                                       cmocka_unit_test(reads_lengths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
