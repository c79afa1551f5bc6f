/* The table against the official texts: nothing is missing, nothing is invented, every stated type
 * is the official one. */
#include "fixture.h"
#include "wit_functions.h"

#define WIT_COUNT (sizeof wit_functions / sizeof *wit_functions)

static void every_function_is_there_with_its_type(void **state) {
    (void)state;
    assert_int_equal(wasi_function_count, WIT_COUNT);
    assert_int_equal(wasi_table.count, WIT_COUNT);
    for (size_t i = 0; i < WIT_COUNT; i++) {
        const struct host_function *function = &wasi_functions[i]; /* both are sorted */
        assert_string_equal(function->interface, wit_functions[i].interface);
        assert_string_equal(function->name, wit_functions[i].name);
        if (function->type == NULL) continue;
        assert_non_null(wit_functions[i].type);
        assert_string_equal(function->type, wit_functions[i].type);
    }
}

static void the_table_is_sorted(void **state) {
    (void)state;
    assert_true(host_table_sorted(&wasi_table));
}

/* A handler trusts the types of its arguments, so it must state them; a drop has none but its own.
 */
static void every_handler_states_its_type(void **state) {
    (void)state;
    for (size_t i = 0; i < wasi_function_count; i++) {
        const struct host_function *function = &wasi_functions[i];
        bool drop = strncmp(function->name, "[resource-drop]", 15) == 0;
        assert_int_equal(function->type != NULL, function->call != NULL && !drop);
        assert_true(function->resume == NULL || function->call != NULL);
    }
}

/* host.h: types are compared as text, in which a resource is only its name. */
static void resources_have_unique_names(void **state) {
    (void)state;
    for (size_t i = 0; i < wasi_function_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strncmp(wasi_functions[i].name, "[resource-drop]", 15) == 0)
                assert_string_not_equal(wasi_functions[i].name, wasi_functions[k].name);
}

static void any_patch_of_0_2(void **state) {
    static const char *const good[] = {"wasi:io/poll@0.2.0", "wasi:io/poll@0.2.12",
                                       "wasi:io/poll@0.2.99"};
    static const char *const bad[] = {"wasi:io/poll@0.3.0", "wasi:io/poll@0.2.0-rc-1",
                                      "wasi:io/poll"};
    const struct host_function *found;
    struct err err;
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(host_lookup(&wasi_table, 1, str_of(good[i]), str_of("poll"), &found, &err));
        assert_false(host_lookup(&wasi_table, 1, str_of(bad[i]), str_of("poll"), &found, &err));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_is_there_with_its_type),
        cmocka_unit_test(the_table_is_sorted),
        cmocka_unit_test(every_handler_states_its_type),
        cmocka_unit_test(resources_have_unique_names),
        cmocka_unit_test(any_patch_of_0_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
