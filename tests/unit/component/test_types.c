/* Value types, function types, resources: what the declarations of a component come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cases.h"

static struct arena arena;
static struct component component;
static struct err err;

static struct slice load(const char *name) {
    struct slice bytes = cases_find("taken", name);
    if (!cases_decode(bytes.data, bytes.size, &arena, &component, &err)) fail_msg("%s", err.text);
    return bytes;
}

static void unload(struct slice bytes) {
    arena_free(&arena);
    free((void *)(uintptr_t)bytes.data);
}

static const struct component_functype *functype_of(const char *import) {
    for (uint32_t i = 0; i < component.func_count; i++)
        if (str_is(component.funcs[i].name, import))
            return &component.functypes[component.funcs[i].type];
    fail_msg("no import %s", import);
    return NULL;
}

static uint32_t param(const struct component_functype *type, const char *name) {
    for (uint32_t i = 0; i < type->param_count; i++)
        if (str_is(type->params[i].name, name)) return type->params[i].type;
    fail_msg("no parameter %s", name);
    return 0;
}

static const struct expected {
    const char *name;
    enum valtype_kind kind;
    uint8_t depth, flat_count;
    uint32_t count;
    bool has_pointer, has_borrow;
} expected[] = {
    {"bool", VT_BOOL, 1, 1, 0, false, false},       {"s8", VT_S8, 1, 1, 0, false, false},
    {"u8", VT_U8, 1, 1, 0, false, false},           {"s16", VT_S16, 1, 1, 0, false, false},
    {"u16", VT_U16, 1, 1, 0, false, false},         {"s32", VT_S32, 1, 1, 0, false, false},
    {"u32", VT_U32, 1, 1, 0, false, false},         {"s64", VT_S64, 1, 1, 0, false, false},
    {"u64", VT_U64, 1, 1, 0, false, false},         {"f32", VT_F32, 1, 1, 0, false, false},
    {"f64", VT_F64, 1, 1, 0, false, false},         {"char", VT_CHAR, 1, 1, 0, false, false},
    {"string", VT_STRING, 1, 2, 0, true, false},    {"list", VT_LIST, 3, 2, 0, true, false},
    {"record", VT_RECORD, 2, 3, 2, true, false},    {"tuple", VT_TUPLE, 2, 2, 2, false, false},
    {"variant", VT_VARIANT, 3, 3, 3, false, false}, {"enum", VT_ENUM, 1, 1, 3, false, false},
    {"option", VT_OPTION, 2, 2, 0, false, false},   {"result", VT_RESULT, 4, 4, 2, false, false},
    {"empty", VT_RESULT, 1, 1, 2, false, false},    {"ok", VT_RESULT, 2, 2, 2, false, false},
    {"error", VT_RESULT, 2, 2, 2, false, false},    {"flags", VT_FLAGS, 1, 1, 2, false, false},
    {"own", VT_OWN, 1, 1, 0, false, false},         {"borrow", VT_BORROW, 1, 1, 0, false, true},
};

static void every_kind(void **state) {
    (void)state;
    struct slice bytes = load("value types");
    const struct component_functype *type = functype_of("all");
    assert_int_equal(type->param_count, sizeof expected / sizeof *expected);
    for (uint32_t i = 0; i < type->param_count; i++) {
        const struct expected *e = &expected[i];
        const struct component_valtype *t = &component.valtypes[param(type, e->name)];
        if (t->kind != e->kind || t->depth != e->depth || t->flat_count != e->flat_count ||
            t->count != e->count || t->has_pointer != e->has_pointer ||
            t->has_borrow != e->has_borrow)
            fail_msg("%s: kind %d depth %u flat %u count %u pointer %d borrow %d", e->name, t->kind,
                     t->depth, t->flat_count, t->count, t->has_pointer, t->has_borrow);
    }
    assert_true(type->has_pointer);
    assert_int_equal(type->flat_params, COMPONENT_FLAT_MANY);
    assert_int_equal(type->result, COMPONENT_NONE);
    unload(bytes);
}

static void assert_field(uint32_t type, uint32_t index, const char *name, enum valtype_kind kind) {
    const struct component_field *field = &component.valtypes[type].fields[index];
    assert_true(str_is(field->name, name));
    assert_int_equal(component.valtypes[field->type].kind, kind);
}

static void parts_and_labels(void **state) {
    (void)state;
    struct slice bytes = load("value types");
    const struct component_functype *type = functype_of("all");
    uint32_t record = param(type, "record"), variant = param(type, "variant");
    assert_field(record, 0, "a", VT_U8);
    assert_field(record, 1, "b", VT_STRING);
    assert_int_equal(component.valtypes[param(type, "list")].element, record);
    assert_field(param(type, "tuple"), 1, "", VT_U16);
    assert_true(str_is(component.valtypes[variant].fields[0].name, "none"));
    assert_int_equal(component.valtypes[variant].fields[0].type, COMPONENT_NONE);
    assert_field(variant, 2, "two", VT_TUPLE);
    assert_true(str_is(component.valtypes[param(type, "enum")].fields[2].name, "z"));
    assert_true(str_is(component.valtypes[param(type, "flags")].fields[1].name, "q"));
    assert_field(param(type, "result"), 0, "ok", VT_VARIANT);
    assert_field(param(type, "result"), 1, "error", VT_ENUM);
    assert_int_equal(component.valtypes[param(type, "ok")].fields[1].type, COMPONENT_NONE);
    assert_int_equal(component.valtypes[param(type, "error")].fields[0].type, COMPONENT_NONE);
    assert_int_equal(component.valtypes[component.valtypes[param(type, "option")].element].kind,
                     VT_U32);
    unload(bytes);
}

static void same_contents_same_type(void **state) {
    (void)state;
    struct slice bytes = load("shared types");
    const struct component_functype *f = functype_of("f"), *g = functype_of("g");
    assert_int_equal(param(f, "a"), param(f, "b"));
    assert_int_equal(param(f, "a"), f->result);
    assert_int_not_equal(param(f, "a"), param(f, "c"));
    assert_int_equal(param(f, "e"), param(f, "f"));
    assert_int_equal(f->flat_params, 2 + 2 + 2 + 2 + 3 + 3);
    assert_int_equal(param(g, "a"), param(g, "d"));
    assert_int_not_equal(param(g, "a"), param(g, "b"));
    assert_int_not_equal(param(g, "a"), param(g, "c"));
    const struct component_functype *h = &component.functypes[component.functype_count - 1];
    assert_int_equal(param(h, "a"), param(h, "c"));
    assert_int_not_equal(param(h, "a"), param(h, "b"));
    unload(bytes);
}

static uint32_t handle(uint32_t type, enum valtype_kind kind) {
    assert_int_equal(component.valtypes[type].kind, kind);
    return component.valtypes[type].resource;
}

static void assert_resource(uint32_t index, const char *interface, const char *name) {
    assert_true(str_is(component.resources[index].interface, interface));
    assert_true(str_is(component.resources[index].name, name));
}

static void resources(void **state) {
    (void)state;
    struct slice bytes = load("resources");
    assert_int_equal(component.resource_count, 4);
    assert_resource(0, "t:io/poll@0.2.0", "pollable");
    assert_resource(1, "t:io/streams@0.2.0", "stream");
    assert_resource(2, "t:io/streams@0.3.0", "stream");
    assert_resource(3, "", "own-thing");
    const struct component_functype *take = functype_of("take");
    assert_int_equal(handle(param(take, "a"), VT_OWN), 0); /* over three aliases */
    assert_int_equal(handle(param(take, "b"), VT_OWN), 3);
    assert_int_equal(handle(param(take, "c"), VT_OWN), 2);
    const struct component_functype *subscribe = functype_of("[method]stream.subscribe");
    assert_int_equal(handle(param(subscribe, "self"), VT_BORROW), 1);
    assert_int_equal(handle(subscribe->result, VT_OWN), 0);
    assert_int_equal(handle(functype_of("open")->result, VT_OWN), 2);
    assert_int_equal(handle(functype_of("make")->result, VT_OWN), 0);
    static const uint32_t drops[] = {0, 0, 2, 3};
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(component.items[CORE_FUNC][i].kind, ITEM_RESOURCE_DROP);
        assert_int_equal(component.items[CORE_FUNC][i].resource, drops[i]);
    }
    unload(bytes);
}

/* Components made by the byte: types without end. */
static bool decode_types(uint32_t count, struct buf *types) {
    struct buf bytes = bytes_component();
    bytes_vector(&bytes, 7, count, types);
    return cases_decode_buf(&bytes, &arena, &component, &err);
}

static void assert_refused(enum err_kind kind, const char *text) {
    assert_int_equal(err.kind, kind);
    if (strstr(err.text, text) == NULL) fail_msg("text is: %s", err.text);
}

static bool decode_lists(uint32_t depth) {
    struct buf types = bytes_new();
    ADD(&types, 0x70, 0x7f);
    for (uint32_t i = 0; i + 1 < depth; i++) {
        ADD(&types, 0x70);
        bytes_leb(&types, i);
    }
    return decode_types(depth, &types);
}

static void depth_of_value_types(void **state) {
    (void)state;
    assert_true(decode_lists(COMPONENT_MAX_DEPTH - 1)); /* the element is the last level */
    assert_int_equal(component.valtypes[component.valtype_count - 1].depth, COMPONENT_MAX_DEPTH);
    assert_false(decode_lists(COMPONENT_MAX_DEPTH));
    assert_refused(ERR_LIMIT, "value type nested deeper than 32");
    arena_free(&arena);
}

static bool decode_nested_types(uint8_t form, uint32_t depth) {
    struct buf types = bytes_new();
    for (uint32_t i = 0; i < depth; i++) {
        ADD(&types, form, 0x01);
        if (i + 1 < depth) ADD(&types, 0x01);
    }
    ADD(&types, 0x01, 0x7f); /* a declaration of bool in the innermost */
    return decode_types(1, &types);
}

static void depth_of_instance_types(void **state) {
    (void)state;
    for (uint8_t form = 0x41; form <= 0x42; form++) {
        if (!decode_nested_types(form, COMPONENT_MAX_DEPTH)) fail_msg("%s", err.text);
        assert_false(decode_nested_types(form, COMPONENT_MAX_DEPTH + 1));
        assert_refused(ERR_LIMIT, "types nested deeper than 32");
        assert_false(decode_nested_types(form, 100000));
        assert_refused(ERR_LIMIT, "types nested deeper than 32");
    }
    arena_free(&arena);
}

/* Pairs of all earlier ones: as many different types as there are entries. */
static void number_of_value_types(void **state) {
    (void)state;
    struct buf types = bytes_new();
    for (uint32_t i = 0; i <= COMPONENT_MAX_TYPES; i++) {
        ADD(&types, 0x6d, 0x01, 0x06); /* an enum with one case */
        for (unsigned shift = 0; shift < 24; shift += 4)
            ADD(&types, (uint8_t)('a' + (i >> shift) % 16));
    }
    assert_false(decode_types(COMPONENT_MAX_TYPES + 1, &types));
    assert_refused(ERR_LIMIT, "more than 100000 value types");
    arena_free(&arena);
}

/* Two types of 10,000 labels that differ in the last one, over and over: found by their hash, not
 * by comparing all. */
static void wide_types(void **state) {
    (void)state;
    struct buf types = bytes_new();
    for (int round = 0; round < 20; round++) {
        ADD(&types, 0x6d);
        bytes_leb(&types, COMPONENT_MAX_FIELDS);
        for (uint32_t i = 0; i < COMPONENT_MAX_FIELDS; i++) {
            char label[16];
            snprintf(label, sizeof label, "c%u", i + 1 < COMPONENT_MAX_FIELDS ? i : i + round % 2);
            bytes_name(&types, label);
        }
    }
    assert_true(decode_types(20, &types));
    assert_int_equal(component.valtype_count, 2);
    types = bytes_new();
    ADD(&types, 0x6f);
    bytes_leb(&types, COMPONENT_MAX_FIELDS + 1);
    for (uint32_t i = 0; i <= COMPONENT_MAX_FIELDS; i++) ADD(&types, 0x7f);
    assert_false(decode_types(1, &types));
    assert_refused(ERR_LIMIT, "10001 elements of a tuple, at most 10000 are taken");
    types = bytes_new();
    ADD(&types, 0x40);
    bytes_leb(&types, COMPONENT_MAX_PARAMS + 1);
    for (uint32_t i = 0; i < 2 * COMPONENT_MAX_PARAMS; i++) ADD(&types, 1, 'a', 0x7f);
    assert_false(decode_types(1, &types));
    assert_refused(ERR_LIMIT, "1001 parameters, at most 1000 are taken");
    arena_free(&arena);
}

/* So many records of three of 45 types, and handles, that some of their hashes are equal (with
 * these labels): still each is a type of its own. */
static void equal_hashes(void **state) {
    (void)state;
    enum { PARTS = 45, HANDLES = 99000 };
    struct buf types = bytes_new(), bytes = bytes_component(), resources = bytes_new();
    for (uint8_t i = 0; i < PARTS; i++)
        ADD(&types, 0x6d, 1, 1, (uint8_t)(i < 26 ? 'a' + i : 'A' + i - 26));
    for (uint8_t i = 0; i < PARTS; i++)
        for (uint8_t j = 0; j < PARTS; j++)
            for (uint8_t k = 0; k < PARTS; k++)
                ADD(&types, 0x72, 3, 1, 'c', i, 1, 'd', j, 1, 'e', k);
    assert_true(decode_types(PARTS + PARTS * PARTS * PARTS, &types));
    assert_int_equal(component.valtype_count, PARTS + PARTS * PARTS * PARTS);
    types = bytes_new();
    for (uint32_t i = 0; i < HANDLES; i++) {
        char name[16];
        snprintf(name, sizeof name, "r%u", i);
        ADD(&resources, 0);
        bytes_name(&resources, name);
        ADD(&resources, 3, 1);
        ADD(&types, 0x68);
        bytes_leb(&types, i);
    }
    bytes_vector(&bytes, 10, HANDLES, &resources);
    bytes_vector(&bytes, 7, HANDLES, &types);
    assert_true(cases_decode_buf(&bytes, &arena, &component, &err));
    assert_int_equal(component.valtype_count, HANDLES);
    arena_free(&arena);
}

static void malformed(void **state) {
    (void)state;
    static const struct {
        uint8_t bytes[8];
        size_t size;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {{0x6c, 0x01, 0x7f}, 3, ERR_INVALID, "type of form 0x6c"}, /* once a union */
        {{0x00}, 1, ERR_INVALID, "type of form 0x00"},
        {{0x70, 0x50}, 2, ERR_INVALID, "value type 0x50"},
        {{0x70, 0x72}, 2, ERR_INVALID, "value type 0x72"},
        {{0x6a, 0x02, 0x7f, 0x00}, 4, ERR_INVALID, "0x02 where 0 or 1 must be"},
        {{0x71, 0x01, 1, 'a', 0x00, 0x01}, 6, ERR_INVALID, "variant case that refines another"},
        {{0x40, 0x00, 0x01, 0x01, 1, 'a', 0x7f}, 7, ERR_UNSUPPORTED, "named results"},
        {{0x40, 0x00, 0x02}, 3, ERR_UNSUPPORTED, "named results"},
        {{0x42, 0x01, 0x03, 0x7f}, 4, ERR_INVALID, "declaration of form 0x03"},
        {{0x42, 0x01, 0x05, 0x7f}, 4, ERR_INVALID, "declaration of form 0x05"},
        {{0x41, 0x01, 0x05, 0x7f}, 4, ERR_INVALID, "declaration of form 0x05"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf types = bytes_new();
        buf_add(&types, cases[i].bytes, cases[i].size);
        assert_false(decode_types(1, &types));
        assert_refused(cases[i].kind, cases[i].text);
    }
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(parts_and_labels),
        cmocka_unit_test(same_contents_same_type),
        cmocka_unit_test(resources),
        cmocka_unit_test(depth_of_value_types),
        cmocka_unit_test(depth_of_instance_types),
        cmocka_unit_test(number_of_value_types),
        cmocka_unit_test(wide_types),
        cmocka_unit_test(equal_hashes),
        cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
