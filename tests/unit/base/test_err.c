#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void test_set(void **state) {
    (void)state;
    struct err err;
    assert_false(err_set(&err, ERR_LIMIT, "skill %s has %d imports", "dev/x", 7));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.text, "skill dev/x has 7 imports");
    assert_false(err_errno(&err, ENOENT, "open '%s'", "a.wasm"));
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.text, "open 'a.wasm': No such file or directory");
}

static void test_prefix(void **state) {
    (void)state;
    struct err err;
    err_set(&err, ERR_NOT_FOUND, "no export");
    assert_false(err_prefix(&err, "skill %s", "dev/x"));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.text, "skill dev/x: no export");
}

/* An error's own text may be an argument. */
static void test_alias(void **state) {
    (void)state;
    struct err err;
    err_set(&err, ERR_IO, "inner");
    err_set(&err, ERR_INVALID, "outer (%s)", err.text);
    assert_string_equal(err.text, "outer (inner)");
    err_prefix(&err, "%s again", err.text);
    assert_string_equal(err.text, "outer (inner) again: outer (inner)");
}

/* Whatever is cut, and where: the text is UTF-8 and as long as it can be. */
static void check_cut(const char *character, size_t offset) {
    char text[3000] = "";
    memset(text, 'x', offset);
    for (size_t size = strlen(character); offset + size < sizeof text; offset += size)
        memcpy(text + offset, character, size + 1);
    struct err err;
    err_set(&err, ERR_INVALID, "%s", text);
    size_t size = strlen(err.text);
    assert_true(size < sizeof err.text && size >= sizeof err.text - strlen(character));
    assert_true(utf8_valid(err.text, size));
    assert_memory_equal(err.text, text, size);
    err_prefix(&err, "y");
    assert_true(utf8_valid(err.text, strlen(err.text)));
    err_set(&err, ERR_INVALID, "z");
    err_prefix(&err, "%s", text);
    assert_true(utf8_valid(err.text, strlen(err.text)));
}

static void test_cut(void **state) {
    (void)state;
    for (size_t offset = 0; offset < 5; offset++) {
        check_cut("a", offset);
        check_cut("\u00e9", offset);
        check_cut("\u20ac", offset);
        check_cut("\U0001f600", offset);
    }
    struct err err; /* one byte too many, in the middle of the last character */
    char one_more[sizeof err.text + 1];
    memset(one_more, 'x', sizeof one_more);
    strcpy(one_more + sizeof err.text - 2, "\u00e9");
    err_set(&err, ERR_INVALID, "%s", one_more);
    assert_int_equal(strlen(err.text), sizeof err.text - 2);
    /* a text that just fits loses nothing */
    char text[sizeof err.text + 1];
    for (size_t size = sizeof err.text - 3; size < sizeof err.text; size++) {
        memset(text, 'x', size);
        strcpy(text + size - 2, "\u00e9");
        err_set(&err, ERR_INVALID, "%s", text);
        assert_string_equal(err.text, text);
    }
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(err_kind_name(ERR_NONE), "none");
    assert_string_equal(err_kind_name(ERR_NOT_FOUND), "not-found");
    assert_string_equal(err_kind_name(ERR_INTERNAL), "internal");
    assert_string_equal(err_kind_name((enum err_kind)99), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set), cmocka_unit_test(test_prefix), cmocka_unit_test(test_alias),
        cmocka_unit_test(test_cut), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
