/* Requests of both generations of routes, and lists of skills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "eval/routes.h"

static const struct routes now = {"127.0.0.1:8081", false}, then = {"localhost:1", true};

static struct buf out;

static int setup(void **state) {
    (void)state;
    buf_init(&out, 1 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    buf_free(&out);
    return 0;
}

static void is(bool made, const char *expected) {
    assert_true(made);
    assert_string_equal(buf_cstr(&out), expected);
    buf_clear(&out);
}

#define HEAD_NOW  " HTTP/1.1\r\nHost: 127.0.0.1:8081\r\n"
#define HEAD_THEN " HTTP/1.1\r\nHost: localhost:1\r\nAuthorization: Bearer resource-eval\r\n"

static void lists(void **state) {
    (void)state;
    is(routes_skills(&now, &out), "GET /v1/skills" HEAD_NOW "\r\n");
    is(routes_skills(&then, &out), "GET /skills" HEAD_THEN "\r\n");
    is(routes_cached(&now, &out), "GET /cached_skills" HEAD_NOW "\r\n");
    is(routes_cached(&then, &out), "GET /cached_skills" HEAD_THEN "\r\n");
    assert_string_equal(routes_ready(&now), "/ready");
    assert_string_equal(routes_ready(&then), "/skills");
}

static void drops(void **state) {
    (void)state;
    is(routes_drop(&now, "sample_c1", &out), "DELETE /cached_skills/dev/sample_c1" HEAD_NOW "\r\n");
    is(routes_drop(&then, "sample_c1", &out),
       "DELETE /cached_skills/dev%2Fsample_c1" HEAD_THEN "\r\n");
    is(routes_drop(&now, "a b%c?d#e/f\n~.-_\xc3\xbc\xff", &out),
       "DELETE /cached_skills/dev/a%20b%25c%3Fd%23e%2Ff%0A~.-_%C3%BC%FF" HEAD_NOW "\r\n");
}

static void calls(void **state) {
    (void)state;
    struct script_entry entry = {.topic = "Ada", .kb = 10, .ms = 20};
    is(routes_execute(&now, "x y", &entry, &out),
       "POST /v1/skills/dev/x%20y/run" HEAD_NOW
       "Content-Type: application/json\r\nContent-Length: 42\r\n\r\n"
       "{\"topic\":\"Ada\",\"memory\":10,\"wait_time\":20}");
    is(routes_execute(&then, "x\"y", &entry, &out),
       "POST /execute_skill" HEAD_THEN
       "Content-Type: application/json\r\nContent-Length: 71\r\n\r\n"
       "{\"skill\":\"dev/x\\\"y\",\"input\":{\"topic\":\"Ada\",\"memory\":10,\"wait_time\":20}}");
    entry = (struct script_entry){.topic = "\"\\\x01\xc3\xbc\xff", .kb = 4194304, .chunks = 3};
    is(routes_execute(&now, "a", &entry, &out),
       "POST /v1/skills/dev/a/run" HEAD_NOW
       "Content-Type: application/json\r\nContent-Length: 69\r\n\r\n"
       "{\"topic\":\"\\\"\\\\\\u0001\xc3\xbc\xef\xbf\xbd\",\"memory\":4194304,\"wait_time\":0,"
       "\"chunks\":3}");
}

/* The longest name and topic that a script may have, every byte escaped. */
static void the_longest(void **state) {
    (void)state;
    char name[SCRIPT_MAX_NAME + 1], topic[SCRIPT_MAX_LINE + 1];
    memset(name, '\x01', SCRIPT_MAX_NAME);
    memset(topic, '\x01', SCRIPT_MAX_LINE);
    name[SCRIPT_MAX_NAME] = topic[SCRIPT_MAX_LINE] = '\0';
    struct script_entry entry = {.topic = topic};
    const struct routes *both[] = {&now, &then};
    for (int i = 0; i < 2; i++) {
        buf_clear(&out);
        assert_true(routes_execute(both[i], name, &entry, &out));
        assert_true(out.size > 6 * SCRIPT_MAX_LINE);
        assert_true(routes_drop(both[i], name, &out));
    }
}

static int parse(const char *json, size_t size) {
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_add(&text, json, size);
    buf_clear(&out);
    int count = routes_parse_names(&text, &out);
    buf_free(&text);
    return count;
}

static void names(void **state) {
    (void)state;
    static const char list[] = "[\"dev/b\", \"x/c\",\"dev/a10\",\"dev/a2\",\"devil/q\",\"dev\", "
                               "\"dev/a/b\",\"dev/\\u00fc\"]\n";
    assert_int_equal(parse(list, sizeof list - 1), 5);
    static const char expected[] = "a/b\0a10\0a2\0b\0\xc3\xbc";
    assert_int_equal(out.size, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    assert_int_equal(parse("[]", 2), 0);
    assert_int_equal(parse("[\"x/y\"]", 7), 0);
}

static void no_lists(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "{}",
                                      "null",
                                      "\"dev/a\"",
                                      "[1]",
                                      "[null]",
                                      "[\"dev/a\"",
                                      "[\"dev/a\"] x",
                                      "<html>",
                                      "[[\"dev/a\"]]",
                                      "{\"dev/a\":1}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(bad[i], strlen(bad[i])), -1);
    assert_int_equal(parse("[\"dev/a\\u0000b\"]", 16), -1); /* a name ends nowhere inside */
    assert_int_equal(parse("[\"dev/\xff\"]", 9), -1);
    assert_int_equal(parse("[\"dev/a\"]\0", 10), -1);
}

static void names_beyond_the_buffer(void **state) {
    (void)state;
    struct buf text, few;
    buf_init(&text, 100);
    buf_init(&few, 4);
    buf_text(&text, "[\"dev/abc\",\"dev/def\"]");
    assert_int_equal(routes_parse_names(&text, &few), -1);
    buf_free(&text);
    buf_free(&few);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(lists),
        TEST(drops),
        TEST(calls),
        TEST(the_longest),
        TEST(names),
        TEST(no_lists),
        TEST(names_beyond_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
