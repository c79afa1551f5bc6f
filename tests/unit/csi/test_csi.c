/* The tables of the four worlds: complete, sorted, each for its versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "csi/csi.h"

static const char *const world_2[] = {"complete",
                                      "chunk",
                                      "select-language",
                                      "complete-all",
                                      "search",
                                      "chat",
                                      "complete-return-special-tokens",
                                      "document-metadata",
                                      "documents"};

/* interface, name, and whether 0.4 and 0.5 have it too */
static const struct {
    const char *interface, *name;
    bool in_0_4;
} world_3[] = {
    {"chunking", "chunk", true},
    {"chunking", "chunk-with-offsets", true},
    {"language", "select-language", true},
    {"tool", "invoke-tool", true},
    {"tool", "list-tools", true},
    {"document-index", "search", true},
    {"document-index", "document-metadata", true},
    {"document-index", "documents", true},
    {"inference", "complete", true},
    {"inference", "complete-v2", false},
    {"inference", "explain", false},
    {"inference", "chat", true},
    {"inference", "[constructor]completion-stream", true},
    {"inference", "[method]completion-stream.next", true},
    {"inference", "[resource-drop]completion-stream", true},
    {"inference", "[constructor]chat-stream", true},
    {"inference", "[method]chat-stream.next", true},
    {"inference", "[resource-drop]chat-stream", true},
    {"streaming-output", "[method]stream-output.write", true},
    {"streaming-output", "[resource-drop]stream-output", true},
};

static bool offers(const char *interface, const char *version, const char *name) {
    const struct host_function *function;
    struct err err;
    char id[100];
    snprintf(id, sizeof id, "pharia:skill/%s@%s", interface, version);
    return host_lookup(csi_tables, csi_table_count, str_of(id), str_of(name), &function, &err);
}

static void tables_are_sorted(void **state) {
    (void)state;
    for (size_t i = 0; i < csi_table_count; i++) assert_true(host_table_sorted(&csi_tables[i]));
}

static void world_0_2(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof world_2 / sizeof *world_2; i++) {
        assert_true(offers("csi", "0.2.0", world_2[i]));
        assert_true(offers("csi", "0.2.10", world_2[i]));
        assert_false(offers("csi", "0.2.11", world_2[i]));
        assert_false(offers("csi", "0.3.0", world_2[i]));
    }
    assert_int_equal(csi_tables[0].count, sizeof world_2 / sizeof *world_2);
    assert_false(offers("inference", "0.2.10", "chat"));
}

static void worlds_0_3_to_0_5(void **state) {
    size_t in_0_4 = 0;
    (void)state;
    for (size_t i = 0; i < sizeof world_3 / sizeof *world_3; i++) {
        in_0_4 += world_3[i].in_0_4;
        assert_true(offers(world_3[i].interface, "0.3.0", world_3[i].name));
        assert_true(offers(world_3[i].interface, "0.3.11", world_3[i].name));
        assert_false(offers(world_3[i].interface, "0.3.12", world_3[i].name));
        assert_int_equal(offers(world_3[i].interface, "0.4.0", world_3[i].name), world_3[i].in_0_4);
        assert_int_equal(offers(world_3[i].interface, "0.5.0", world_3[i].name), world_3[i].in_0_4);
        assert_false(offers(world_3[i].interface, "0.4.1", world_3[i].name));
        assert_false(offers(world_3[i].interface, "0.6.0", world_3[i].name));
    }
    assert_int_equal(csi_tables[1].count, sizeof world_3 / sizeof *world_3);
    assert_int_equal(csi_tables[2].count, in_0_4);
    assert_int_equal(csi_tables[3].count, in_0_4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sorted),
        cmocka_unit_test(world_0_2),
        cmocka_unit_test(worlds_0_3_to_0_5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
