#include "shell/failure.h"

#include <string.h>

#include "test.h"

static void contains(enum failure failure, unsigned status, unsigned status_2024,
                     const char *wanted) {
    struct buf out;
    buf_init(&out, 10000);
    assert_int_equal(failure_text(&out, failure, str_of("my-ns"), str_of("my skill"), "THE CAUSE"),
                     status);
    assert_int_equal(failure_status_2024(failure), status_2024);
    if (!strstr(buf_cstr(&out), wanted)) fail_msg("\"%s\" is not in: %s", wanted, buf_cstr(&out));
    buf_free(&out);
}

/* The parts that clients of the existing Kernel look for. */
static void has_the_quoted_parts(void **state) {
    (void)state;
    contains(FAILURE_NAMESPACE_NAME, 400, 400, "Invalid namespace");
    contains(FAILURE_UNKNOWN, 400, 400, "could not find the skill \"my-ns/my skill\"");
    contains(FAILURE_MISCONFIGURED, 500, 500, "\"my-ns\"");
    contains(FAILURE_MISCONFIGURED, 500, 500, "Original Syntax error:\n\nTHE CAUSE");
    contains(FAILURE_LOAD, 503, 500, "Error loading skill: \"my-ns/my skill\": THE CAUSE");
    contains(FAILURE_STREAM_SKILL, 400, 500, "/message-stream");
    contains(FAILURE_USER, 400, 500, "responded with an error");
    contains(FAILURE_USER, 400, 500, "\n\nTHE CAUSE");
    contains(FAILURE_INPUT, 400, 500, "had trouble interpreting the input");
    contains(FAILURE_OUTPUT, 500, 500, "could not interpret");
    contains(FAILURE_SCHEMA, 400, 500, "THE CAUSE");
    contains(FAILURE_RUNTIME, 503, 500, "in our runtime");
    contains(FAILURE_RUNTIME, 503, 500, "Original error:\n\nTHE CAUSE");
}

static void ends_with_the_cause_and_names_the_skill(void **state) {
    (void)state;
    for (int failure = FAILURE_LOAD; failure < FAILURE_COUNT; failure++) {
        if (failure == FAILURE_STREAM_SKILL) continue;
        struct buf out;
        buf_init(&out, 10000);
        failure_text(&out, (enum failure)failure, str_of("ns"), str_of("name"), "THE CAUSE");
        assert_true(str_ends((struct str){(char *)out.data, out.size}, "THE CAUSE"));
        assert_non_null(strstr(buf_cstr(&out), "\"ns/name\""));
        buf_free(&out);
    }
}

static void shows_any_name(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 10000);
    failure_text(&out, FAILURE_UNKNOWN, str_of("ns"), (struct str){"a\0%s\u202e\x1b\u00fc", 10},
                 NULL);
    assert_non_null(strstr(buf_cstr(&out), "ns/a\\x00%s\\xe2\\x80\\xae\\x1b\u00fc\""));
    buf_free(&out);
}

static void maps_outcomes(void **state) {
    (void)state;
    assert_int_equal(failure_of(INVOCATION_USER_ERROR), FAILURE_USER);
    assert_int_equal(failure_of(INVOCATION_INVALID_INPUT), FAILURE_INPUT);
    assert_int_equal(failure_of(INVOCATION_INVALID_OUTPUT), FAILURE_OUTPUT);
    assert_int_equal(failure_of(INVOCATION_TRAP), FAILURE_RUNTIME);
    assert_int_equal(failure_of(INVOCATION_TIMEOUT), FAILURE_RUNTIME);
    assert_int_equal(failure_of(INVOCATION_CANCELLED), FAILURE_RUNTIME);
    assert_int_equal(failure_of(INVOCATION_REFUSED), FAILURE_RUNTIME);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_quoted_parts),
        cmocka_unit_test(ends_with_the_cause_and_names_the_skill),
        cmocka_unit_test(shows_any_name),
        cmocka_unit_test(maps_outcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
