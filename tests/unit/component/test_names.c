/* Tables of names, also of names that were chosen to collide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "component/names.h"

static struct str numbered(char *text, size_t size, unsigned number) {
    snprintf(text, size, "name-%u", number);
    return str_of(text);
}

static void many_names(void **state) {
    (void)state;
    enum { COUNT = 50000 };
    static char texts[COUNT][16];
    struct names names = {0};
    assert_int_equal(names_find(&names, 0, str_of("a")), UINT32_MAX);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(names_add(&names, i % 3, numbered(texts[i], 16, i), i), NAMES_ADDED);
    for (unsigned i = 0; i < COUNT; i++) {
        char text[16];
        assert_int_equal(names_find(&names, i % 3, numbered(text, 16, i)), i);
        assert_int_equal(names_find(&names, (i + 1) % 3, numbered(text, 16, i)), UINT32_MAX);
        assert_int_equal(names_add(&names, i % 3, numbered(text, 16, i), 0), NAMES_DUPLICATE);
    }
    names_free(&names);
    assert_int_equal(names_find(&names, 0, str_of("name-0")), UINT32_MAX);
}

/* The table's own function (names.c), by which an attacker would choose. */
static uint32_t hash_of(struct str name) {
    return (uint32_t)(str_hash(name) * UINT64_C(0xff51afd7ed558ccd) >> 32);
}

static void names_made_to_collide(void **state) {
    (void)state;
    enum { SAME = 257, PLACES = 1024 }; /* more than the longest search; a table of so many names */
    static char texts[SAME][16];
    struct names names = {0};
    unsigned added = 0;
    for (unsigned i = 0; added < SAME; i++) {
        struct str name = numbered(texts[added], 16, i);
        if (hash_of(name) % PLACES != 7) continue;
        enum names_result result = names_add(&names, 0, name, i);
        added++;
        assert_int_equal(result, added < SAME ? NAMES_ADDED : NAMES_CROWDED);
    }
    assert_int_equal(names_find(&names, 0, str_of(texts[SAME - 2])), atoi(texts[SAME - 2] + 5));
    assert_int_equal(names_find(&names, 0, str_of(texts[SAME - 1])), UINT32_MAX);
    names_free(&names);
}

/* One name in so many scopes that some of the hashes are equal. */
static void many_scopes(void **state) {
    (void)state;
    enum { COUNT = 300000 };
    struct names names = {0};
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(names_add(&names, i, str_of("name"), i), NAMES_ADDED);
    for (uint32_t i = 0; i < COUNT; i++) assert_int_equal(names_find(&names, i, str_of("name")), i);
    names_free(&names);
}

static void sorting(void **state) {
    (void)state;
    struct str names[] = {str_of("b"), str_of("ab"), str_of(""), str_of("a"), str_of("\xc3\xa4")};
    static const char *const sorted[] = {"", "a", "ab", "b", "\xc3\xa4"};
    assert_null(names_sort(names, 5, sizeof *names));
    for (int i = 0; i < 5; i++) {
        assert_true(str_is(names[i], sorted[i]));
        assert_ptr_equal(names_search(names, 5, sizeof *names, str_of(sorted[i])), &names[i]);
    }
    assert_null(names_search(names, 5, sizeof *names, str_of("aa")));
    assert_null(names_search(NULL, 0, sizeof *names, str_of("aa")));
    names[1] = str_of("b");
    assert_true(str_is(*names_sort(names, 5, sizeof *names), "b"));
    assert_null(names_sort(names, 1, sizeof *names));
    assert_null(names_sort(NULL, 0, sizeof *names));
}

/* Is a name of this one byte taken? */
static bool takes(uint8_t byte, enum names_class names_class) {
    uint8_t bytes[] = {1, byte};
    struct reader reader;
    struct err err;
    reader_init(&reader, (struct slice){.data = bytes, .size = 2}, &err);
    return names_read(&reader, names_class, "name").size == 1 && !reader.failed;
}

static bool contains(const char *set, unsigned byte) {
    return byte != 0 && byte < 0x80 && strchr(set, (int)byte) != NULL;
}

static void classes_of_names(void **state) {
    (void)state;
    static const char label[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    for (unsigned byte = 0; byte < 256; byte++) {
        bool plain = contains(label, byte) || contains(".[]", byte);
        assert_int_equal(takes((uint8_t)byte, NAMES_LABEL), contains(label, byte));
        assert_int_equal(takes((uint8_t)byte, NAMES_PLAIN), plain);
        assert_int_equal(takes((uint8_t)byte, NAMES_EXTERN), plain || contains(":/@+", byte));
    }
}

static void real_names(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum names_class names_class;
    } real[] = {
        {"max-tokens", NAMES_LABEL},
        {"TCP", NAMES_LABEL},
        {"[method]input-stream.blocking-read", NAMES_PLAIN},
        {"[constructor]fields", NAMES_PLAIN},
        {"wasi:io/poll@0.2.0", NAMES_EXTERN},
        {"a:b/c@1.0.0-rc.1+build.5", NAMES_EXTERN},
        {"import-type-error0", NAMES_EXTERN},
    };
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        struct buf buf = bytes_new();
        struct reader reader;
        struct err err;
        bytes_name(&buf, real[i].name);
        reader_init(&reader, bytes_slice(&buf), &err);
        assert_true(str_is(names_read(&reader, real[i].names_class, "name"), real[i].name));
        assert_false(reader.failed);
        buf_free(&buf);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_names),       cmocka_unit_test(names_made_to_collide),
        cmocka_unit_test(many_scopes),      cmocka_unit_test(sorting),
        cmocka_unit_test(classes_of_names), cmocka_unit_test(real_names),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
