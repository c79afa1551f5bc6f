/* Which function answers an import: packages, versions, names. */
#include "guest.h"

static const struct host_function io[] = {
    {"wasi:io/poll", "[method]pollable.block", NULL, NULL, NULL},
    {"wasi:io/poll", "poll", NULL, NULL, NULL},
    {"wasi:io/streams", "poll", NULL, NULL, NULL},
};
static const struct host_function skill_3[] = {
    {"pharia:skill/tool", "list-tools", "3", NULL, NULL}};
static const struct host_function skill_4[] = {
    {"pharia:skill/tool", "list-tools", "4", NULL, NULL}};
static const struct host_table tables[] = {
    {"wasi:", 0, 2, UINT32_MAX, io, 3},
    {"pharia:skill", 0, 3, 11, skill_3, 1},
    {"pharia:skill", 0, 4, 0, skill_4, 1},
};

static const struct {
    const char *interface, *name;
    const struct host_function *function;
    const char *error;
} cases[] = {
    {"wasi:io/poll@0.2.0", "poll", &io[1], NULL},
    {"wasi:io/poll@0.2.12", "[method]pollable.block", &io[0], NULL},
    {"wasi:io/poll@0.2.4294967294", "poll", &io[1], NULL},
    {"wasi:io/streams@0.2.9", "poll", &io[2], NULL},
    {"pharia:skill/tool@0.3.0", "list-tools", skill_3, NULL},
    {"pharia:skill/tool@0.3.11", "list-tools", skill_3, NULL},
    {"pharia:skill/tool@0.4.0", "list-tools", skill_4, NULL},
    {"pharia:skill/tool@0.3.12", "list-tools", NULL, "version"},
    {"pharia:skill/tool@0.4.1", "list-tools", NULL, "version"},
    {"pharia:skill/tool@0.2.0", "list-tools", NULL, "version"},
    {"pharia:skill/tool@1.3.0", "list-tools", NULL, "version"},
    {"pharia:skill/tool", "list-tools", NULL, "version"},
    {"wasi:io/poll@0.3.0", "poll", NULL, "version"},
    {"wasi:io/poll@0.2", "poll", NULL, "version"},
    {"wasi:io/poll@0.2.0-rc-2023", "poll", NULL, "version"},
    {"wasi:io/poll@0.2.0.0", "poll", NULL, "version"},
    {"wasi:io/poll@0.02.0", "poll", NULL, "version"},
    {"wasi:io/poll@0.2.99999999999999999999", "poll", NULL, "version"},
    {"wasi:io/poll@", "poll", NULL, "version"},
    {"wasi:io/poll@0.2.", "poll", NULL, "version"},
    {"wasi:io/poll@0.2.0", "pol", NULL, "has no \"pol\""},
    {"wasi:io/poll@0.2.0", "poll2", NULL, "has no \"poll2\""},
    {"wasi:io/error@0.2.0", "poll", NULL, "unknown interface"},
    {"wasi@0.2.0", "poll", NULL, "unknown package"},
    {"other:io/poll@0.2.0", "poll", NULL, "unknown package"},
    {"pharia:skills/tool@0.3.0", "list-tools", NULL, "unknown package"},
    {"pharia:skill@0.3.0", "list-tools", NULL, "unknown package"},
    {"", "list-tools", NULL, "unknown package"},
};

static void imports_find_their_functions(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct host_function *found = NULL;
        struct err err = {0};
        bool good =
            host_lookup(tables, 3, str_of(cases[i].interface), str_of(cases[i].name), &found, &err);
        if (good != (cases[i].error == NULL) || found != cases[i].function)
            fail_msg("%s %s", cases[i].interface, err.text);
        if (!good && strstr(err.text, cases[i].error) == NULL)
            fail_msg("%s: %s", cases[i].interface, err.text);
        assert_int_equal(err.kind, good ? ERR_NONE : ERR_UNSUPPORTED);
    }
}

static void tables_are_sorted(void **state) {
    static const struct host_function wrong[] = {{"b", "a", NULL, NULL, NULL},
                                                 {"a", "b", NULL, NULL, NULL}};
    static const struct host_function twice[] = {{"a", "a", NULL, NULL, NULL},
                                                 {"a", "a", NULL, NULL, NULL}};
    (void)state;
    assert_true(host_table_sorted(&tables[0]));
    assert_false(host_table_sorted(&(struct host_table){.functions = wrong, .count = 2}));
    assert_false(host_table_sorted(&(struct host_table){.functions = twice, .count = 2}));
    assert_null(host_find(&(struct host_table){.count = 0}, str_of("a"), str_of("a")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_find_their_functions),
        cmocka_unit_test(tables_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
