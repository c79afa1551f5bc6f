/* Components that are refused, and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cases.h"

static struct arena arena;
static struct component component;
static struct err err;

static void layers(void **state) {
    (void)state;
    struct buf bytes = bytes_component();
    assert_int_equal(component_layer(bytes.data, 8), LAYER_COMPONENT);
    assert_int_equal(component_layer(bytes.data, 7), LAYER_NEITHER);
    bytes.data[4] = 0x0c; /* an older draft */
    assert_int_equal(component_layer(bytes.data, 8), LAYER_NEITHER);
    assert_false(cases_decode(bytes.data, 8, &arena, &component, &err));
    assert_string_equal(err.text, "not a WebAssembly component");
    buf_free(&bytes);
    bytes = bytes_module();
    assert_int_equal(component_layer(bytes.data, 8), LAYER_MODULE);
    assert_false(cases_decode(bytes.data, 8, &arena, &component, &err));
    assert_string_equal(err.text, "not a component, but a core module");
    assert_false(cases_decode(bytes.data, 0, &arena, &component, &err));
    buf_free(&bytes);
}

/* Nothing is read before the size is looked at, so no such memory is needed. */
static void too_large(void **state) {
    (void)state;
    struct buf bytes = bytes_component();
    assert_false(cases_decode(bytes.data, ((size_t)1 << 30) + 1, &arena, &component, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.text, "component of 1073741825 bytes"));
    buf_free(&bytes);
}

/* The text must hold the expected part and a place; all cases are tried before the test fails. */
static bool refused_well(const struct cases *cases) {
    if (cases_decode(cases->bytes, cases->size, &arena, &component, &err)) {
        print_error("refused.wat:%u was taken\n", cases->line);
        return false;
    }
    bool good = strcmp(err_kind_name(err.kind), cases->kind) == 0 &&
                strstr(err.text, cases->text) != NULL && strstr(err.text, " at offset 0x") != NULL;
    if (!good)
        print_error("refused.wat:%u: %s: %s\n", cases->line, err_kind_name(err.kind), err.text);
    return good;
}

static void refused(void **state) {
    (void)state;
    struct cases cases;
    unsigned count = 0, wrong = 0;
    for (cases_open(&cases, "refused"); cases_next(&cases); count++) wrong += !refused_well(&cases);
    assert_int_equal(wrong, 0);
    assert_true(count > 150);
}

#define assert_refused(expected_kind, part, ...)                                                   \
    do {                                                                                           \
        struct buf refused_ = bytes_component();                                                   \
        ADD(&refused_, __VA_ARGS__);                                                               \
        assert_false(cases_decode_buf(&refused_, &arena, &component, &err));                       \
        assert_int_equal(err.kind, expected_kind);                                                 \
        if (strstr(err.text, part) == NULL) fail_msg("text is: %s", err.text);                     \
    } while (0)

static void malformed(void **state) {
    (void)state;
    assert_refused(ERR_INVALID, "section of unknown kind 13 at offset 0x8", 13, 0);
    assert_refused(ERR_INVALID, "more bytes than types in a section", 7, 3, 1, 0x7f, 0x7f);
    assert_refused(ERR_UNSUPPORTED, "component start function at offset 0x8", 9, 3, 0, 0, 0);
    assert_refused(ERR_UNSUPPORTED, "value section at offset 0x8", 12, 1, 0);
    assert_refused(ERR_INVALID, "core module 0: no core module of version 1", 1, 1, 0);
    assert_refused(ERR_INVALID, "nested component that is none at offset 0xa", 4, 1, 0);
    assert_refused(ERR_INVALID, "core instance of form 0x02", 2, 3, 1, 2, 0);
    assert_refused(ERR_INVALID, "instance of form 0x02", 5, 3, 1, 2, 0);
    assert_refused(ERR_INVALID, "alias of kind 0x03", 6, 5, 1, 1, 3, 0, 0);
    assert_refused(ERR_INVALID, "alias of a core export as a function", 6, 5, 1, 1, 1, 0, 0);
    assert_refused(ERR_INVALID, "thing of sort 0x06", 6, 5, 1, 6, 0, 0, 0);
    assert_refused(ERR_INVALID, "canonical definition 0x7f", 8, 2, 1, 0x7f);
    assert_refused(ERR_UNSUPPORTED, "canonical built-in stream.new", 8, 3, 1, 0x0e, 0);
    assert_refused(ERR_INVALID, "lift of no function", 8, 6, 1, 0, 1, 0, 0, 0);
    assert_refused(ERR_INVALID, "lower of no function", 8, 6, 1, 1, 1, 0, 0, 0);
    assert_refused(ERR_INVALID, "type bound 0x02", 10, 6, 1, 0, 1, 'a', 3, 2);
    assert_refused(ERR_INVALID, "a core function where a type is described", 10, 7, 1, 0, 1, 'a', 0,
                   0, 0);
    assert_refused(ERR_UNSUPPORTED, "name of an import with a version suffix", 10, 6, 1, 2, 1, 'a',
                   1, 0);
    assert_refused(ERR_INVALID, "name of an import of form 0x03", 10, 6, 1, 3, 1, 'a', 1, 0);
    assert_refused(ERR_UNSUPPORTED, "export of a value", 11, 7, 1, 0, 1, 'a', 2, 0, 0);
    assert_refused(ERR_INVALID, "name that is not UTF-8", 0, 2, 1, 0xff);
    assert_refused(ERR_INVALID, "unexpected end", 7, 0x80);
    assert_refused(ERR_INVALID, "integer too large or too long", 7, 0xff, 0xff, 0xff, 0xff, 0xff);
    assert_refused(ERR_INVALID, "argument of sort 0x11 to a core module", 1, 8, 0, 'a', 's', 'm', 1,
                   0, 0, 0, 2, 7, 1, 0, 0, 1, 0, 0x11, 0);
    assert_refused(ERR_UNSUPPORTED, "core instance made of a core tag", 2, 6, 1, 1, 1, 0, 4, 0);
    assert_refused(ERR_UNSUPPORTED, "nested component that exports an instance", 4, 17, 0, 'a', 's',
                   'm', 0x0d, 0, 1, 0, 11, 7, 1, 0, 1, 'a', 5, 0, 0);
    assert_refused(ERR_INVALID, "more bytes than items in a section", 4, 13, 0, 'a', 's', 'm', 0x0d,
                   0, 1, 0, 7, 3, 1, 0x7f, 0x7f);
    assert_refused(ERR_UNSUPPORTED, "nested component that has a section of unknown kind", 4, 10, 0,
                   'a', 's', 'm', 0x0d, 0, 1, 0, 99, 0);
    assert_refused(ERR_UNSUPPORTED, "alias of a core tag", 6, 6, 1, 0, 4, 1, 0, 0);
}

static void options_and_exports_malformed(void **state) {
    (void)state;
    /* A type func(), an import of it, and a lower with this option; then exports of it. */
#define IMPORT 7, 5, 1, 0x40, 0, 1, 0, 10, 6, 1, 0, 1, 'a', 1, 0
    assert_refused(ERR_INVALID, "canonical option 0x0a", IMPORT, 8, 6, 1, 1, 0, 0, 1, 0x0a);
    assert_refused(ERR_LIMIT, "11 canonical options", IMPORT, 8, 16, 1, 1, 0, 0, 11, 0, 0, 0, 0, 0,
                   0, 0, 0, 0, 0, 0);
    assert_refused(ERR_UNSUPPORTED, "lower to a core type", IMPORT, 8, 7, 1, 1, 0, 0, 1, 8, 0);
    assert_refused(ERR_INVALID, "export of a function as a type", IMPORT, 11, 9, 1, 0, 1, 'b', 1, 0,
                   1, 3, 1);
    assert_refused(ERR_INVALID, "0x02 where 0 or 1 must be", IMPORT, 11, 7, 1, 0, 1, 'b', 1, 0, 2);
    /* Names of form 1, as written before 2023-10, are those of today. */
    struct buf bytes = bytes_component();
    ADD(&bytes, 7, 5, 1, 0x40, 0, 1, 0, 10, 6, 1, 1, 1, 'a', 1, 0);
    assert_true(cases_decode(bytes.data, bytes.size, &arena, &component, &err));
    assert_true(str_is(component.funcs[0].name, "a"));
    buf_free(&bytes);
#undef IMPORT
}

static void counts_too_large(void **state) {
    (void)state;
    static const uint8_t ids[] = {2, 5, 6, 7, 8, 10, 11};
    for (size_t i = 0; i < sizeof ids; i++)
        assert_refused(ERR_INVALID, "announced, more than the bytes can hold", ids[i], 5, 0xff,
                       0xff, 0xff, 0xff, 0x0f);
    assert_refused(ERR_INVALID, "arguments announced", 1, 8, 0, 'a', 's', 'm', 1, 0, 0, 0, 2, 8, 1,
                   0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f);
    assert_refused(ERR_INVALID, "items announced", 2, 7, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f);
    assert_refused(ERR_INVALID, "declarations announced", 7, 7, 1, 0x42, 0xff, 0xff, 0xff, 0xff,
                   0x0f);
}

static void lengths_of_names(void **state) {
    (void)state;
    for (uint32_t size = COMPONENT_MAX_NAME; size <= COMPONENT_MAX_NAME + 1; size++) {
        struct buf bytes = bytes_component(), items = bytes_new();
        ADD(&bytes, 7, 5, 1, 0x40, 0, 1, 0);
        ADD(&items, 0);
        bytes_leb(&items, size);
        for (uint32_t i = 0; i < size; i++) ADD(&items, 'a');
        ADD(&items, 1, 0);
        bytes_vector(&bytes, 10, 1, &items);
        assert_int_equal(cases_decode_buf(&bytes, &arena, &component, &err),
                         size == COMPONENT_MAX_NAME);
    }
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.text, "name of an import of 513 bytes, at most 512 are taken"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers),
        cmocka_unit_test(too_large),
        cmocka_unit_test(refused),
        cmocka_unit_test(malformed),
        cmocka_unit_test(options_and_exports_malformed),
        cmocka_unit_test(counts_too_large),
        cmocka_unit_test(lengths_of_names),
    };
    int failed = cmocka_run_group_tests_name("refused", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
