/* Input that means no good: cut, changed, blown up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cases.h"
#include "component/reader.h"

static struct arena arena;
static struct component component;
static struct err err;

/* Where a section ends, and so a shorter component: there alone may a cut be taken. */
static bool is_boundary(struct slice bytes, uint32_t at) {
    struct reader reader;
    struct err ignored;
    reader_init(&reader, bytes, &ignored);
    reader_bytes(&reader, 8);
    while (!reader.failed && reader_offset(&reader) < at) {
        reader_byte(&reader);
        reader_bytes(&reader, reader_u32(&reader));
    }
    return reader_offset(&reader) == at;
}

/* A copy of just that size, so that ASan sees every byte read beyond it. */
static bool decode_cut(struct slice bytes, uint32_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (size > 0) memcpy(copy, bytes.data, size);
    bool good = cases_decode(copy, size, &arena, &component, &err);
    free(copy);
    return good;
}

static void every_cut(void **state) {
    (void)state;
    struct cases cases;
    for (cases_open(&cases, "taken"); cases_next(&cases);) {
        struct slice bytes = {.data = cases.bytes, .size = (uint32_t)cases.size};
        for (uint32_t size = 0; size < bytes.size; size++) {
            bool taken = decode_cut(bytes, size);
            if (taken && !is_boundary(bytes, size))
                fail_msg("%s: cut at %u and taken", cases.text, size);
            assert_true(taken || err.kind == ERR_INVALID);
        }
    }
}

static void every_byte_changed(void **state) {
    (void)state;
    struct slice bytes = cases_find("taken", "small");
    uint8_t *copy = malloc(bytes.size);
    memcpy(copy, bytes.data, bytes.size);
    unsigned taken = 0;
    for (uint32_t at = 0; at < bytes.size; at++)
        for (unsigned change = 1; change < 256; change++) {
            copy[at] = bytes.data[at] ^ (uint8_t)change;
            if (cases_decode(copy, bytes.size, &arena, &component, &err))
                taken++;
            else if (err.kind == ERR_MEMORY || err.kind == ERR_INTERNAL)
                fail_msg("byte %u: %s", at, err.text);
            copy[at] = bytes.data[at];
        }
    assert_true(taken > 1000); /* names and bodies: most of what is changed there is as good */
    free(copy);
    free((void *)(uintptr_t)bytes.data);
}

/* With every arena that is too small: an error, whatever it was that found no place. */
static void no_memory(void **state) {
    (void)state;
    struct cases cases;
    for (cases_open(&cases, "taken"); cases_next(&cases);) {
        assert_true(cases_decode(cases.bytes, cases.size, &arena, &component, &err));
        for (size_t cap = 0, enough = arena.used; cap < enough; cap += 16) {
            arena_free(&arena);
            arena_init(&arena, cap);
            assert_false(component_decode(cases.bytes, cases.size, &arena, &component, &err));
            assert_int_equal(err.kind, ERR_MEMORY);
        }
    }
}

/* Sections full of the smallest things: within the arena that the header promises, whatever comes
 * of it. */
static void memory_in_proportion(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    static const struct {
        uint8_t section, size, item[8];
        bool taken;
    } bombs[] = {
        {2, 2, {1, 0}, true},              /* empty bags */
        {5, 2, {1, 0}, true},              /* empty instances */
        {6, 4, {3, 2, 0, 0}, true},        /* second indices of a type */
        {7, 4, {0x40, 0, 1, 0}, true},     /* function types */
        {7, 2, {0x42, 0}, true},           /* instance types */
        {7, 3, {0x6f, 1, 0x7f}, true},     /* the same type again and again */
        {8, 2, {3, 1}, true},              /* drops of a resource */
        {8, 4, {1, 0, 0, 0}, true},        /* lowers of a function */
        {10, 5, {0, 1, 'a', 1, 0}, false}, /* imports of one name */
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        struct buf bytes = bytes_component(), items = bytes_new();
        ADD(&bytes, 7, 5, 1, 0x40, 0, 1, 0);                      /* type 0: func() */
        ADD(&bytes, 10, 11, 2, 0, 1, 'r', 3, 1, 0, 1, 'f', 1, 0); /* type 1: resource */
        for (int j = 0; j < COUNT; j++) must(buf_add(&items, bombs[i].item, bombs[i].size));
        bytes_vector(&bytes, bombs[i].section, COUNT, &items);
        bool taken = cases_decode_buf(&bytes, &arena, &component, &err);
        if (taken != bombs[i].taken) fail_msg("bomb %zu: %s", i, err.text);
        assert_true(taken || err.kind != ERR_MEMORY);
    }
}

/* `count` items that differ in a name of six characters, between `before` and `after`. */
static void add_named(struct buf *items, uint32_t count, const uint8_t *before, size_t before_size,
                      const uint8_t *after, size_t after_size) {
    for (uint32_t i = 0; i < count; i++) {
        must(buf_add(items, before, before_size));
        ADD(items, 6);
        for (unsigned shift = 0; shift < 24; shift += 4)
            ADD(items, (uint8_t)('a' + (i >> shift) % 16));
        must(buf_add(items, after, after_size));
    }
}

/* A type of many exports, imported many times: the product is not made. */
static void types_over_and_over(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static const uint8_t export_before[] = {4, 0}, export_after[] = {3, 1};
    static const uint8_t import_before[] = {0}, import_after[] = {5, 0};
    struct buf bytes = bytes_component(), items = bytes_new(), type = bytes_new();
    ADD(&type, 0x42);
    bytes_leb(&type, COUNT);
    add_named(&type, COUNT, export_before, 2, export_after, 2);
    bytes_vector(&bytes, 7, 1, &type);
    add_named(&items, COUNT, import_before, 1, import_after, 2);
    bytes_vector(&bytes, 10, COUNT, &items);
    assert_false(cases_decode_buf(&bytes, &arena, &component, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.text, "used over and over"));
}

/* Behind a component of one lifted function comes an instance of many exports, made by a nested
 * component that is instantiated many times, or exported many times itself. */
static struct buf one_lifted_function(void) {
    struct buf bytes = bytes_component(), module = bytes_module();
    ADD(&module, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 'f', 0, 0, 10, 4, 1, 2, 0, 0x0b);
    bytes_section(&bytes, 1, &module);
    ADD(&bytes, 2, 4, 1, 0, 0, 0);            /* an instance of the module */
    ADD(&bytes, 6, 7, 1, 0, 0, 1, 0, 1, 'f'); /* its function */
    ADD(&bytes, 7, 5, 1, 0x40, 0, 1, 0);      /* type func() */
    ADD(&bytes, 8, 6, 1, 0, 0, 0, 0, 0);      /* lift */
    return bytes;
}

static void instances_over_and_over(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static const uint8_t before[] = {0}, func[] = {1, 0, 0}, instance[] = {5, 0, 0};
    for (int round = 0; round < 2; round++) {
        struct buf bytes = one_lifted_function(), inner = bytes_component(), items = bytes_new();
        ADD(&inner, 7, 5, 1, 0x40, 0, 1, 0, 10, 6, 1, 0, 1, 'i', 1, 0);
        add_named(&items, COUNT, before, 1, func, 3);
        bytes_vector(&inner, 11, COUNT, &items);
        bytes_section(&bytes, 4, &inner);
        uint32_t instances = round == 0 ? COUNT : 1;
        items = bytes_new();
        for (uint32_t i = 0; i < instances; i++) ADD(&items, 0, 0, 1, 1, 'i', 1, 0);
        bytes_vector(&bytes, 5, instances, &items);
        items = bytes_new();
        uint32_t exports = round == 0 ? 1 : COUNT;
        add_named(&items, exports, before, 1, instance, 3);
        bytes_vector(&bytes, 11, exports, &items);
        assert_false(cases_decode_buf(&bytes, &arena, &component, &err));
        assert_int_equal(err.kind, ERR_LIMIT);
        if (strstr(err.text, "used over and over") == NULL) fail_msg("%s", err.text);
    }
}

/* Limits that only a file of some size reaches. */
static void too_many(void **state) {
    (void)state;
    struct buf bytes = bytes_component(), items = bytes_new();
    for (int i = 0; i < COMPONENT_MAX_ITEMS / 2 + 1; i++) ADD(&items, 0x7f);
    for (int i = 0; i < 2; i++) { /* two sections, each of them short enough */
        struct buf types = bytes_new();
        must(buf_add(&types, items.data, items.size));
        bytes_vector(&bytes, 7, COMPONENT_MAX_ITEMS / 2 + 1, &types);
    }
    buf_free(&items);
    assert_false(cases_decode_buf(&bytes, &arena, &component, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.text, "more than 1000000 types"));
    bytes = bytes_component();
    for (int i = 0; i <= COMPONENT_MAX_MODULES; i++) {
        struct buf module = bytes_module();
        bytes_section(&bytes, 1, &module);
    }
    assert_false(cases_decode_buf(&bytes, &arena, &component, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.text, "more than 1000 core modules"));
}

/* Enums of one case each whose hashes, by the table's own function (types_intern.c), have one place
 * in it. */
static uint32_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(hash >> 32);
}

static uint32_t hash_of_enum(struct str label) {
    return mix(mix(mix(VT_ENUM, UINT64_MAX), str_hash(label)), COMPONENT_NONE);
}

static uint32_t hash_of_import(struct str name) {
    return (uint32_t)(str_hash(name) * UINT64_C(0xff51afd7ed558ccd) >> 32);
}

/* `count` items with names of one place in a table of 1024. */
static struct buf colliding(uint32_t count, uint32_t (*hash)(struct str), struct str before,
                            struct str after) {
    struct buf items = bytes_new();
    for (unsigned i = 0; count > 0; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", i);
        if (hash(str_of(name)) % 1024 != 99) continue;
        must(buf_add(&items, before.data, before.size));
        bytes_name(&items, name);
        must(buf_add(&items, after.data, after.size));
        count--;
    }
    return items;
}

static void made_to_collide(void **state) {
    (void)state;
    for (uint32_t extra = 0; extra < 2; extra++) {
        struct buf bytes = bytes_component();
        struct buf items =
            colliding(64 + extra, hash_of_enum, (struct str){"\x6d\x01", 2}, (struct str){"", 0});
        bytes_vector(&bytes, 7, 64 + extra, &items);
        assert_int_equal(cases_decode_buf(&bytes, &arena, &component, &err), extra == 0);
        bytes = bytes_component();
        ADD(&bytes, 7, 5, 1, 0x40, 0, 1, 0);
        items = colliding(256 + extra, hash_of_import, (struct str){"", 1},
                          (struct str){"\x01\x00", 2});
        bytes_vector(&bytes, 10, 256 + extra, &items);
        assert_int_equal(cases_decode_buf(&bytes, &arena, &component, &err), extra == 0);
    }
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.text, "names made to collide at offset"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut),
        cmocka_unit_test(every_byte_changed),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(memory_in_proportion),
        cmocka_unit_test(types_over_and_over),
        cmocka_unit_test(instances_over_and_over),
        cmocka_unit_test(too_many),
        cmocka_unit_test(made_to_collide),
    };
    int failed = cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
