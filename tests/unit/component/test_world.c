/* Which skill world a component is for: told by the version of what it exports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "component/component.h"

static struct component_world world;
static struct err err;

/* A component that exports interfaces of these names (up to NULL). */
#define find(...) find_exports((const char *const[]){__VA_ARGS__, NULL})

static bool find_exports(const char *const *names) {
    struct component_export exports[8] = {0};
    struct component component = {.exports = exports};
    while (names[component.export_count] != NULL) {
        exports[component.export_count].interface = str_of(names[component.export_count]);
        component.export_count++;
    }
    world = (struct component_world){0};
    return component_find_world(&component, &world, &err);
}

static void assert_world(const char *name, enum component_world_kind kind, uint32_t minor,
                         uint32_t patch) {
    if (!find(name)) fail_msg("%s: %s", name, err.text);
    assert_int_equal(world.kind, kind);
    assert_int_equal(world.major, 0);
    assert_int_equal(world.minor, minor);
    assert_int_equal(world.patch, patch);
    assert_int_equal(world.export_index, 0);
}

static void assert_refused(const char *name, const char *text) {
    static const char *const texts[] = {"not supported yet", "no longer supported",
                                        "unsupported world"};
    if (find(name)) fail_msg("%s was taken", name);
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    for (size_t i = 0; i < 3; i++) /* one of the three, so that programs can tell */
        if ((strstr(err.text, texts[i]) != NULL) != (strcmp(texts[i], text) == 0))
            fail_msg("%s: %s", name, err.text);
}

static void functions(void **state) {
    (void)state;
    assert_world("pharia:skill/skill-handler@0.2.0", WORLD_FUNCTION, 2, 0);
    assert_world("pharia:skill/skill-handler@0.2.10", WORLD_FUNCTION, 2, 10);
    assert_world("pharia:skill/skill-handler@0.3.0", WORLD_FUNCTION, 3, 0);
    assert_world("pharia:skill/skill-handler@0.3.11", WORLD_FUNCTION, 3, 11);
    assert_world("pharia:skill/skill-handler@0.4.0", WORLD_FUNCTION, 4, 0);
    assert_world("pharia:skill/skill-handler@0.5.0", WORLD_FUNCTION, 5, 0);
}

static void streams(void **state) {
    (void)state;
    assert_world("pharia:skill/message-stream@0.3.6", WORLD_MESSAGE_STREAM, 3, 6);
    assert_world("pharia:skill/message-stream@0.3.11", WORLD_MESSAGE_STREAM, 3, 11);
    assert_world("pharia:skill/message-stream@0.4.0", WORLD_MESSAGE_STREAM, 4, 0);
    assert_world("pharia:skill/message-stream@0.5.0", WORLD_MESSAGE_STREAM, 5, 0);
    assert_refused("pharia:skill/message-stream@0.3.5", "unsupported world");
    assert_refused("pharia:skill/message-stream@0.2.10", "unsupported world");
}

static void newer_ones(void **state) {
    (void)state;
    assert_refused("pharia:skill/skill-handler@0.2.11", "not supported yet");
    assert_refused("pharia:skill/skill-handler@0.3.12", "not supported yet");
    assert_refused("pharia:skill/skill-handler@0.4.1", "not supported yet");
    assert_refused("pharia:skill/skill-handler@0.5.1", "not supported yet");
    assert_refused("pharia:skill/skill-handler@0.6.0", "not supported yet");
    assert_refused("pharia:skill/skill-handler@1.0.0", "not supported yet");
    assert_refused("pharia:skill/skill-handler@1.3.0", "not supported yet");
    assert_refused("pharia:skill/message-stream@0.5.1", "not supported yet");
    assert_refused("pharia:skill/skill-handler@0.3.4294967295", "not supported yet");
}

static void older_ones(void **state) {
    (void)state;
    assert_refused("pharia:skill/skill-handler@0.1.0", "no longer supported");
    assert_refused("pharia:skill/skill-handler@0.0.7", "no longer supported");
    assert_refused("pharia:skill/message-stream@0.1.0", "no longer supported");
}

static void other_names(void **state) {
    (void)state;
    assert_refused("pharia:skill/skill-handler", "unsupported world");
    assert_refused("pharia:skill/skill-handlers@0.3.0", "unsupported world");
    assert_refused("pharia:skills/skill-handler@0.3.0", "unsupported world");
    assert_refused("wasi:cli/run@0.2.0", "unsupported world");
    assert_refused("", "unsupported world");
    assert_false(find(NULL));
    assert_non_null(strstr(err.text, "unsupported world"));
}

static void malformed_versions(void **state) {
    (void)state;
    static const char *const versions[] = {"",
                                           "0",
                                           "0.3",
                                           "0.3.",
                                           ".3.0",
                                           "0.3.1x",
                                           "0.3.0-rc",
                                           "0.3.0+build",
                                           "0.03.0",
                                           "0.3.00",
                                           "-0.3.0",
                                           "0.3.4294967296",
                                           "0.3.99999999999999999999999",
                                           "0.3.0.0"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        char name[100];
        snprintf(name, sizeof name, "pharia:skill/skill-handler@%s", versions[i]);
        assert_refused(name, "unsupported world");
    }
}

static void several_exports(void **state) {
    (void)state;
    assert_true(find("exports", "wasi:cli/run@0.2.0", "pharia:skill/skill-handler@0.3.11"));
    assert_int_equal(world.export_index, 2);
    assert_true(find("pharia:skill/skill-handler@0.9.0", "pharia:skill/skill-handler@0.4.0"));
    assert_int_equal(world.export_index, 1);
    assert_false(find("pharia:skill/skill-handler@0.1.0", "pharia:skill/skill-handler@0.9.0"));
    assert_non_null(strstr(err.text, "pharia:skill/skill-handler@0.1.0 is no longer supported"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions),       cmocka_unit_test(streams),
        cmocka_unit_test(newer_ones),      cmocka_unit_test(older_ones),
        cmocka_unit_test(other_names),     cmocka_unit_test(malformed_versions),
        cmocka_unit_test(several_exports),
    };
    return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
