/* Core modules: tables of their sections, and what no module may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cases.h"

static struct arena arena;
static struct component component;
static struct core_module module;
static struct err err;

static struct slice load(void) {
    struct slice bytes = cases_find("taken", "module");
    if (!cases_decode(bytes.data, bytes.size, &arena, &component, &err)) fail_msg("%s", err.text);
    assert_int_equal(component.module_count, 1);
    module = component.modules[0];
    return bytes;
}

static void unload(struct slice bytes) {
    arena_free(&arena);
    free((void *)(uintptr_t)bytes.data);
}

static void assert_import(uint32_t i, const char *from, const char *name, enum core_kind kind,
                          uint32_t index) {
    const struct core_import *import = &module.imports[i];
    assert_true(str_is(import->module, from));
    assert_true(str_is(import->name, name));
    assert_int_equal(import->kind, kind);
    assert_int_equal(import->index, index);
}

static void types_and_imports(void **state) {
    (void)state;
    struct slice bytes = load();
    assert_int_equal(module.type_count, 2);
    assert_int_equal(module.types[0].param_count, 7);
    assert_memory_equal(module.types[0].params, "\x7f\x7e\x7d\x7c\x7b\x70\x6f", 7);
    assert_int_equal(module.types[0].result_count, 2);
    assert_int_equal(module.types[1].param_count, 0);
    assert_int_equal(module.import_count, 6);
    assert_import(0, "b", "f", CORE_FUNC, 0);
    assert_import(1, "a", "g", CORE_GLOBAL, 0);
    assert_import(2, "a", "m", CORE_MEMORY, 0);
    assert_import(3, "a", "t", CORE_TABLE, 0);
    assert_import(4, "a", "h", CORE_GLOBAL, 1);
    assert_import(5, "a", "f2", CORE_FUNC, 1);
    assert_int_equal(module.imported[CORE_FUNC], 2);
    assert_int_equal(module.imported[CORE_GLOBAL], 2);
    assert_int_equal(module.imported[CORE_MEMORY], 1);
    assert_int_equal(module.imported[CORE_TABLE], 1);
    unload(bytes);
}

static void index_spaces(void **state) {
    (void)state;
    struct slice bytes = load();
    static const uint32_t funcs[] = {0, 1, 1, 1};
    assert_int_equal(module.count[CORE_FUNC], 4);
    assert_memory_equal(module.funcs, funcs, sizeof funcs);
    assert_int_equal(module.count[CORE_TABLE], 2);
    assert_int_equal(module.tables[0].reftype, VALTYPE_EXTERNREF);
    assert_int_equal(module.tables[0].limits.min, 3);
    assert_false(module.tables[0].limits.has_max);
    assert_int_equal(module.tables[1].reftype, VALTYPE_FUNCREF);
    assert_int_equal(module.tables[1].limits.max, 10);
    assert_int_equal(module.count[CORE_MEMORY], 2);
    assert_int_equal(module.memories[0].max, 65536);
    assert_true(module.memories[0].has_max);
    assert_int_equal(module.memories[1].min, 2);
    assert_int_equal(module.count[CORE_GLOBAL], 5);
    assert_int_equal(module.globals[0].valtype, VALTYPE_I64);
    assert_int_equal(module.globals[0].init.size, 0);
    assert_true(module.globals[1].mutable);
    assert_int_equal(module.globals[2].valtype, VALTYPE_I32);
    assert_memory_equal(module.globals[2].init.data, "\x41\x7f\x0b", 3);
    assert_false(module.globals[2].mutable);
    assert_true(module.globals[3].mutable);
    assert_int_equal(module.globals[3].init.size, 6);
    unload(bytes);
}

static void exports(void **state) {
    (void)state;
    struct slice bytes = load();
    static const char *const sorted[] = {"", "ab", "b", "x"};
    assert_int_equal(module.export_count, 4);
    for (uint32_t i = 0; i < 4; i++) assert_true(str_is(module.exports[i].name, sorted[i]));
    const struct core_export *export = module_export(&module, str_of("ab"));
    assert_int_equal(export->kind, CORE_TABLE);
    assert_int_equal(export->index, 1);
    assert_int_equal(module_export(&module, str_of("x"))->index, 3);
    assert_int_equal(module_export(&module, str_of(""))->kind, CORE_MEMORY);
    assert_null(module_export(&module, str_of("a")));
    assert_null(module_export(&module, str_of("y")));
    assert_null(module_export(&(struct core_module){0}, str_of("a")));
    unload(bytes);
}

static void segments(void **state) {
    (void)state;
    struct slice bytes = load();
    const struct core_element *element = module.elements;
    assert_int_equal(module.element_count, 5);
    assert_int_equal(element[0].mode, SEGMENT_ACTIVE);
    assert_int_equal(element[0].table, 1);
    assert_int_equal(element[0].count, 2);
    assert_false(element[0].expressions);
    assert_memory_equal(element[0].items.data, "\x02\x03", 2);
    assert_int_equal(element[1].mode, SEGMENT_PASSIVE);
    assert_int_equal(element[2].mode, SEGMENT_DECLARATIVE);
    assert_true(element[3].expressions);
    assert_int_equal(element[3].offset.size, 6);
    assert_memory_equal(element[3].items.data, "\xd2\x02\x0b\xd0\x70\x0b", 6);
    assert_int_equal(element[4].reftype, VALTYPE_EXTERNREF);
    assert_int_equal(module.data_count, 3);
    assert_int_equal(module.datas[0].mode, SEGMENT_ACTIVE);
    assert_memory_equal(module.datas[0].offset.data, "\x41\x08\x0b", 3);
    assert_memory_equal(module.datas[0].bytes.data, "hello", 5);
    assert_int_equal(module.datas[1].mode, SEGMENT_PASSIVE);
    assert_int_equal(module.datas[1].bytes.size, 7);
    assert_int_equal(module.datas[2].memory, 1);
    assert_int_equal(module.datas[2].bytes.size, 0);
    assert_false(module.has_data_count);
    unload(bytes);
}

static void bodies_start_and_names(void **state) {
    (void)state;
    struct slice bytes = load();
    assert_int_equal(module.body_count, 2);
    assert_memory_equal(module.bodies[0].data, "\x01\x01\x7f\x01\x0b", 5);
    assert_int_equal(module.bodies[1].size, 2);
    assert_true(module.has_start);
    assert_int_equal(module.start, 2);
    struct str names[4];
    assert_true(module_function_names(&module, names));
    assert_true(str_is(names[0], ""));
    assert_true(str_is(names[2], "one"));
    assert_true(str_is(names[3], "two"));
    unload(bytes);
}

/* ---- modules made by the byte ---- */

static bool decode(struct buf *bytes) {
    arena_free(&arena);
    arena_init(&arena, bytes->size * MODULE_ARENA_FACTOR + MODULE_ARENA_BASE);
    bool good = module_decode(bytes_slice(bytes), &arena, &module, &err);
    if (good) check_module(&module);
    return good;
}

/* A module of these sections (number, size, contents …) is refused so. */
#define assert_refused(expected_kind, part, ...)                                                   \
    do {                                                                                           \
        struct buf refused_ = bytes_module();                                                      \
        ADD(&refused_, __VA_ARGS__);                                                               \
        assert_false(decode(&refused_));                                                           \
        buf_free(&refused_);                                                                       \
        assert_int_equal(err.kind, expected_kind);                                                 \
        if (strstr(err.text, part) == NULL) fail_msg("text is: %s", err.text);                     \
        arena_free(&arena);                                                                        \
    } while (0)

static void not_a_module(void **state) {
    (void)state;
    struct buf bytes = bytes_component();
    assert_false(decode(&bytes));
    assert_string_equal(err.text, "no core module of version 1 at offset 0x0");
    bytes.size = 7;
    assert_false(decode(&bytes));
    buf_free(&bytes);
    bytes = bytes_module();
    assert_true(decode(&bytes)); /* nothing in it */
    assert_null(module_export(&module, str_of("a")));
    buf_free(&bytes);
}

static void sections_out_of_order(void **state) {
    (void)state;
    assert_refused(ERR_INVALID, "type section out of order or twice at offset 0xb", 1, 1, 0, 1, 1,
                   0);
    assert_refused(ERR_INVALID, "import section out of order", 3, 1, 0, 2, 1, 0);
    assert_refused(ERR_INVALID, "code section out of order", 11, 1, 0, 10, 1, 0);
    assert_refused(ERR_INVALID, "element section out of order", 12, 1, 0, 9, 1, 0);
    assert_refused(ERR_INVALID, "data count section out of order", 10, 1, 0, 12, 1, 0);
    assert_refused(ERR_INVALID, "module section of unknown kind 14", 14, 0);
    struct buf bytes = bytes_module(); /* the order that is right, with custom sections between */
    ADD(&bytes, 1, 1, 0, 0, 2, 1, 'a', 2, 1, 0, 3, 1, 0, 4, 1, 0, 5, 1, 0, 6, 1, 0, 7, 1, 0);
    ADD(&bytes, 9, 1, 0, 12, 1, 0, 0, 1, 0, 10, 1, 0, 11, 1, 0);
    assert_true(decode(&bytes));
    buf_free(&bytes);
}

static void sections_of_wrong_size(void **state) {
    (void)state;
    assert_refused(ERR_INVALID, "more bytes than things in the type section", 1, 2, 0, 0);
    assert_refused(ERR_INVALID, "unexpected end: 3 bytes wanted, 1 left", 1, 3, 0);
    assert_refused(ERR_INVALID, "unexpected end", 1);
    assert_refused(ERR_INVALID, "unexpected end", 1, 0);
    assert_refused(ERR_INVALID, "unexpected end", 0, 1, 5);
    assert_refused(ERR_INVALID, "name that is not UTF-8", 0, 2, 1, 0xff);
}

static void counts_too_large(void **state) {
    (void)state;
    for (uint8_t id = 1; id <= 12; id++) {
        if (id == 8 || id == 12) continue; /* no vectors */
        assert_refused(ERR_INVALID, "announced, more than the bytes can hold", id, 5, 0xff, 0xff,
                       0xff, 0xff, 0x0f);
    }
    assert_refused(ERR_INVALID, "parameters announced", 1, 5, 1, 0x60, 0x7f, 0x7f, 0);
    assert_refused(ERR_INVALID, "elements announced", 9, 5, 1, 1, 0, 0x7f, 0);
}

static void bodies(void **state) {
    (void)state;
    assert_refused(ERR_INVALID, "1 functions declared, but 0 bodies", 1, 4, 1, 0x60, 0, 0, 3, 2, 1,
                   0);
    assert_refused(ERR_INVALID, "0 functions declared, but 1 bodies", 10, 4, 1, 2, 0, 0x0b);
    assert_refused(ERR_INVALID, "function body without an end", 10, 4, 1, 2, 0, 0x01);
    assert_refused(ERR_INVALID, "function body without an end", 10, 5, 1, 1, 0x0b, 0, 0);
    assert_refused(ERR_INVALID, "unexpected end: 9 bytes wanted", 10, 4, 1, 9, 0, 0x0b);
    struct buf bytes = bytes_module(), code = bytes_new();
    ADD(&bytes, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0);
    bytes_leb(&code, 7654322);
    for (uint32_t i = 0; i < 7654322; i++) ADD(&code, i + 1 < 7654322 ? 0x01 : 0x0b);
    bytes_vector(&bytes, 10, 1, &code);
    assert_false(decode(&bytes));
    assert_int_equal(err.kind, ERR_LIMIT);
    buf_free(&bytes);
}

static void data_counts(void **state) {
    (void)state;
    assert_refused(ERR_INVALID, "2 data segments announced, but 1 there", 12, 1, 2, 11, 3, 1, 1, 0);
    assert_refused(ERR_INVALID, "1 data segments announced, but 0 there", 12, 1, 1);
    assert_refused(ERR_INVALID, "data segment with flags 0x3", 11, 3, 1, 3, 0);
    assert_refused(ERR_INVALID, "element segment with flags 0x8", 9, 4, 1, 8, 0, 0);
    assert_refused(ERR_INVALID, "element segment of kind 0x01", 9, 4, 1, 1, 1, 0);
    struct buf bytes = bytes_module(); /* a count that nothing asked for (componentize-js) */
    ADD(&bytes, 12, 1, 1, 11, 3, 1, 1, 0);
    assert_true(decode(&bytes));
    assert_true(module.has_data_count);
    assert_int_equal(module.data_count, 1);
    buf_free(&bytes);
}

static void kinds_and_flags(void **state) {
    (void)state;
    assert_refused(ERR_INVALID, "type of form 0x40", 1, 4, 1, 0x40, 0, 0);
    assert_refused(ERR_INVALID, "value type 0x20", 1, 5, 1, 0x60, 1, 0x20, 0);
    assert_refused(ERR_UNSUPPORTED, "import of form 0x7f", 2, 5, 1, 0, 0, 0x7f, 0);
    assert_refused(ERR_UNSUPPORTED, "import of form 0x20", 2, 5, 1, 0, 0, 0x20, 0);
    assert_refused(ERR_INVALID, "import of kind 0x05", 2, 5, 1, 0, 0, 5, 0);
    assert_refused(ERR_UNSUPPORTED, "export of a tag (exceptions)", 7, 4, 1, 0, 4, 0);
    assert_refused(ERR_INVALID, "memory with flags 0x10", 5, 3, 1, 0x10, 0);
    assert_refused(ERR_INVALID, "global with flags 0x04", 6, 6, 1, 0x7f, 4, 0x41, 0, 0x0b);
    assert_refused(ERR_INVALID, "0x7f where a reference type must be", 4, 4, 1, 0x7f, 0, 0);
    assert_refused(ERR_INVALID, "integer too large", 5, 7, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f);
}

/* Sections that hold as many and as small things as can be: what they take must stay in proportion.
 */
static void memory_in_proportion(void **state) {
    (void)state;
    enum { COUNT = 90000 };
    static const struct {
        uint8_t section, size, item[5];
        bool taken;
    } bombs[] = {
        {1, 3, {0x60, 0, 0}, true},
        {2, 4, {0, 0, 0, 0}, true},       /* imported functions */
        {2, 5, {0, 0, 3, 0x7f, 0}, true}, /* imported globals */
        {6, 5, {0x7f, 0, 0x41, 0, 0x0b}, true},
        {9, 3, {1, 0, 0}, true},
        {11, 2, {1, 0}, true},
        {7, 3, {0, 2, 0}, false}, /* all of one name */
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        struct buf bytes = bytes_module(), items = bytes_new();
        for (int j = 0; j < COUNT; j++) must(buf_add(&items, bombs[i].item, bombs[i].size));
        if (bombs[i].section != 1) ADD(&bytes, 1, 4, 1, 0x60, 0, 0);
        bytes_vector(&bytes, bombs[i].section, COUNT, &items);
        bool taken = decode(&bytes);
        if (taken != bombs[i].taken) fail_msg("bomb %zu: %s", i, err.text);
        assert_int_not_equal(err.kind, ERR_MEMORY);
        buf_free(&bytes);
    }
    arena_free(&arena);
}

static void names_that_mean_no_good(void **state) {
    (void)state;
    struct str names[1];
    struct core_module one = {.count = {1}};
    static const uint8_t twice[] = {1, 9, 3, 0, 1, 'a', 7, 1, 'b', 0, 0}; /* index 7: not there */
    one.name_section = (struct slice){.data = twice, .size = sizeof twice};
    assert_true(module_function_names(&one, names));
    assert_true(str_is(names[0], "")); /* the last one counts */
    static const uint8_t bad[][6] = {
        {1, 9, 1, 0, 1, 'a'},  /* longer than what is there */
        {1, 4, 9, 0, 1, 'a'},  /* more names than bytes */
        {1, 4, 1, 0, 9, 'a'},  /* a name that goes on */
        {1, 4, 1, 0, 1, 0xff}, /* not UTF-8 */
        {0, 0x80, 0x80, 0x80, 0x80, 0x80},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        one.name_section = (struct slice){.data = bad[i], .size = sizeof bad[i]};
        assert_false(module_function_names(&one, names));
    }
    one.name_section = (struct slice){0};
    assert_true(module_function_names(&one, names));
    assert_int_equal(names[0].size, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_imports),
        cmocka_unit_test(index_spaces),
        cmocka_unit_test(exports),
        cmocka_unit_test(segments),
        cmocka_unit_test(bodies_start_and_names),
        cmocka_unit_test(not_a_module),
        cmocka_unit_test(sections_out_of_order),
        cmocka_unit_test(sections_of_wrong_size),
        cmocka_unit_test(counts_too_large),
        cmocka_unit_test(bodies),
        cmocka_unit_test(data_counts),
        cmocka_unit_test(kinds_and_flags),
        cmocka_unit_test(memory_in_proportion),
        cmocka_unit_test(names_that_mean_no_good),
    };
    return cmocka_run_group_tests_name("module", tests, NULL, NULL);
}
