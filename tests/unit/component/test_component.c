/* Whole components that are taken: what the linker finds in them. */
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
    if (!cases_decode(bytes.data, bytes.size, &arena, &component, &err))
        fail_msg("%s: %s", name, err.text);
    return bytes;
}

static void unload(struct slice bytes) {
    arena_free(&arena);
    free((void *)(uintptr_t)bytes.data);
}

static void empty(void **state) {
    (void)state;
    struct slice bytes = load("empty");
    assert_int_equal(component.bytes.size, 8);
    assert_int_equal(component.module_count + component.func_count + component.export_count, 0);
    unload(bytes);
}

static void assert_alias(enum core_kind kind, uint32_t index, uint32_t instance, const char *name) {
    const struct core_item *item = &component.items[kind][index];
    assert_int_equal(item->kind, ITEM_ALIAS);
    assert_int_equal(item->instance, instance);
    assert_true(str_is(item->name, name));
}

static void small_core_items(void **state) {
    (void)state;
    struct slice bytes = load("small");
    assert_int_equal(component.module_count, 2);
    assert_int_equal(component.item_count[CORE_FUNC], 6);
    assert_int_equal(component.item_count[CORE_MEMORY], 2);
    assert_alias(CORE_FUNC, 0, 0, "a");
    const struct core_item *lower = &component.items[CORE_FUNC][1];
    assert_int_equal(lower->kind, ITEM_LOWER);
    assert_int_equal(lower->func, 0);
    assert_int_equal(lower->options.encoding, ENCODING_UTF16);
    assert_int_equal(lower->options.memory, 0);
    assert_int_equal(lower->options.realloc, 0);
    assert_int_equal(lower->options.post_return, COMPONENT_NONE);
    assert_int_equal(bytes.data[lower->offset], 0x01); /* the definition's first byte */
    assert_int_equal(component.items[CORE_FUNC][2].kind, ITEM_RESOURCE_DROP);
    assert_int_equal(component.items[CORE_FUNC][2].resource, 0);
    assert_alias(CORE_FUNC, 4, 2, "run");
    assert_alias(CORE_MEMORY, 1, 2, "m");
    unload(bytes);
}

static void small_functions(void **state) {
    (void)state;
    struct slice bytes = load("small");
    assert_int_equal(component.func_count, 2);
    const struct component_func *import = &component.funcs[0], *lift = &component.funcs[1];
    assert_int_equal(import->kind, FUNC_IMPORT);
    assert_true(str_is(import->interface, "n:p/i"));
    assert_true(str_is(import->name, "f"));
    assert_int_equal(import->core_func, COMPONENT_NONE);
    assert_int_equal(import->options.memory, COMPONENT_NONE);
    assert_int_equal(lift->kind, FUNC_LIFT);
    assert_int_equal(lift->core_func, 4);
    assert_int_equal(lift->options.encoding, ENCODING_UTF8);
    assert_int_equal(lift->options.memory, 1);
    assert_int_equal(lift->options.realloc, 3);
    assert_int_equal(lift->options.post_return, 5);
    assert_int_equal(component.import_name_count, 1);
    assert_true(str_is(component.import_names[0], "n:p/i"));
    assert_int_equal(component.export_count, 1);
    assert_true(str_is(component.exports[0].interface, "pharia:skill/skill-handler@0.3.11"));
    assert_int_equal(component.exports[0].func_count, 1);
    assert_true(str_is(component.exports[0].funcs[0].name, "run"));
    assert_int_equal(component.exports[0].funcs[0].func, 1);
    struct component_world world;
    assert_true(component_find_world(&component, &world, &err));
    assert_int_equal(world.minor, 3);
    unload(bytes);
}

static void core_wiring(void **state) {
    (void)state;
    struct slice bytes = load("core wiring");
    assert_int_equal(component.instance_count, 4);
    const struct core_instance *env = &component.instances[1], *user = &component.instances[3];
    assert_false(component.instances[0].is_bag);
    assert_int_equal(component.instances[0].argument_count, 0);
    assert_true(env->is_bag);
    assert_int_equal(env->item_count, 3);
    static const char *const sorted[] = {"memory", "table", "z"};
    static const enum core_kind kinds[] = {CORE_MEMORY, CORE_TABLE, CORE_FUNC};
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(str_is(env->items[i].name, sorted[i]));
        assert_int_equal(env->items[i].kind, kinds[i]);
        assert_int_equal(env->items[i].index, 0);
    }
    assert_int_equal(user->module, 1);
    assert_int_equal(user->argument_count, 2);
    assert_true(str_is(user->arguments[0].name, "GOT")); /* sorted by bytes */
    assert_int_equal(user->arguments[0].instance, 2);
    assert_true(str_is(user->arguments[1].name, "env"));
    assert_int_equal(user->arguments[1].instance, 1);
    assert_alias(CORE_TABLE, 0, 0, "table");
    assert_alias(CORE_GLOBAL, 0, 0, "sp");
    assert_alias(CORE_MEMORY, 1, 3, "again");
    assert_alias(CORE_FUNC, 1, 1, "z");
    assert_alias(CORE_FUNC, 2, 0, "\xc3\xa4");
    unload(bytes);
}

static void assert_export(uint32_t index, const char *interface, uint32_t func_count) {
    assert_true(str_is(component.exports[index].interface, interface));
    assert_int_equal(component.exports[index].func_count, func_count);
}

/* The core function that an exported one comes to. */
static uint32_t core_func(uint32_t export, uint32_t func, const char *name) {
    const struct component_export_func *exported = &component.exports[export].funcs[func];
    assert_true(str_is(exported->name, name));
    return component.funcs[exported->func].core_func;
}

static void nested(void **state) {
    (void)state;
    struct slice bytes = load("nested");
    assert_int_equal(component.export_count, 3);
    assert_export(0, "a:b/c@1.0.0", 3);
    assert_int_equal(core_func(0, 0, "g"), 1);
    assert_int_equal(core_func(0, 1, "f"), 0);
    assert_int_equal(core_func(0, 2, "f-again"), 0);
    assert_export(1, "bag", 1);
    assert_int_equal(core_func(1, 0, "h"), 0);
    assert_export(2, "", 1);
    assert_int_equal(core_func(2, 0, "single"), 0);
    unload(bytes);
}

static void lenient(void **state) {
    (void)state;
    struct slice bytes = load("lenient");
    assert_export(0, "", 1);
    assert_export(1, "i", 1);
    unload(bytes);
    bytes = load("skipped declarations");
    assert_int_equal(component.functype_count, 1);
    assert_int_equal(component.resource_count, 0);
    assert_true(str_is(component.import_names[0], "i"));
    unload(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),           cmocka_unit_test(small_core_items),
        cmocka_unit_test(small_functions), cmocka_unit_test(core_wiring),
        cmocka_unit_test(nested),          cmocka_unit_test(lenient),
    };
    return cmocka_run_group_tests_name("component", tests, NULL, NULL);
}
