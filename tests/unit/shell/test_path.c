#include "shell/path.h"

#include "test.h"

static int split(const char *url, struct str segments[PATH_MAX_SEGMENTS]) {
    return path_split(str_of(url), segments);
}

static void splits_at_slashes_before_decoding(void **state) {
    (void)state;
    struct str segments[PATH_MAX_SEGMENTS];
    assert_int_equal(split("/a/b%2Fc/", segments), 3);
    assert_true(str_is(segments[0], "a"));
    assert_true(str_is(segments[1], "b%2Fc"));
    assert_true(str_is(segments[2], ""));
    assert_int_equal(split("/", segments), 1);
    assert_int_equal(split("//", segments), 2);
}

static void takes_the_absolute_form(void **state) {
    (void)state;
    struct str segments[PATH_MAX_SEGMENTS];
    assert_int_equal(split("http://host:1/v1/skills", segments), 2);
    assert_true(str_is(segments[1], "skills"));
    assert_int_equal(split("http://host", segments), 1);
}

static void refuses_what_is_no_path(void **state) {
    (void)state;
    struct str segments[PATH_MAX_SEGMENTS];
    assert_int_equal(split("", segments), -1);
    assert_int_equal(split("*", segments), -1);
    assert_int_equal(split("host:80", segments), -1);
    assert_int_equal(split("/1/2/3/4/5/6/7/8", segments), 8);
    assert_int_equal(split("/1/2/3/4/5/6/7/8/9", segments), -1);
}

static void decodes(const char *segment, const char *wanted, size_t size) {
    struct buf out;
    buf_init(&out, 1000);
    assert_true(path_decode(str_of(segment), &out));
    assert_int_equal(out.size, size);
    if (size) assert_memory_equal(out.data, wanted, size);
    buf_free(&out);
}

static void decodes_percents(void **state) {
    (void)state;
    decodes("", "", 0);
    decodes("plain+text", "plain+text", 10); /* a plus is a plus in a path */
    decodes("dev%2FNAME", "dev/NAME", 8);
    decodes("%c3%A4", "\xc3\xa4", 2);
    decodes("a%00b", "a\0b", 3);
    decodes("%25zz", "%zz", 3);
}

static void refuses_broken_percents(void **state) {
    (void)state;
    static const char *const broken[] = {"%",   "a%4", "%4g",       "%g4",   "%%20",
                                         "%ff", "%c3", "%ed%a0%80", "%c0%af"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct buf out;
        buf_init(&out, 1000);
        assert_false(path_decode(str_of(broken[i]), &out));
        buf_free(&out);
    }
}

static void keeps_to_the_cap(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 3);
    assert_false(path_decode(str_of("four"), &out));
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_at_slashes_before_decoding),
        cmocka_unit_test(takes_the_absolute_form),
        cmocka_unit_test(refuses_what_is_no_path),
        cmocka_unit_test(decodes_percents),
        cmocka_unit_test(refuses_broken_percents),
        cmocka_unit_test(keeps_to_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
