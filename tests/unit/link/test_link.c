/* Linked components, run: wiring, copies, start order, globals, references (wat/good.wat). argv[1]:
 * the cases. */
#include "cases.h"
#include "run.h"

static struct cases cases;
static wasm_engine_t *engine;

static void link_case(struct linked *linked, const char *name, bool strict) {
    const struct test_case *one = cases_find(&cases, name);
    struct err err;
    if (!linked_make(linked, one->bytes, one->size, strict, &err))
        fail_msg("%s: %s", name, err.text);
}

/* One call of entry 0 with one argument. */
static void expect(const char *name, uint64_t argument, const char *log) {
    for (int strict = 0; strict < 2; strict++) {
        char out[4000];
        struct linked linked;
        link_case(&linked, name, strict);
        const char *trap = run_once(engine, &linked.result, 0, argument, 0, out);
        assert_null(trap);
        assert_string_equal(out, log);
        linked_free(&linked);
    }
}

static void wiring_goes_through_bags_and_exports(void **state) {
    (void)state;
    /* via calls the table's element 2, which is the host's twice (0); mine multiplies by ten; count
     * was 5. */
    expect(
        "wiring", 7,
        "start; enter-0; args-0; host twice(7); host store(0); host twice(1); host pk-2:twice(2); "
        "host [resource-drop]thing(3); result-0(76); ");
}

static void copies_have_their_own_state(void **state) {
    (void)state;
    expect("copies", 0, "start; enter-0; args-0; result-0(1025186); ");
}

static void globals_and_start_functions(void **state) {
    (void)state;
    expect(
        "globals", 10,
        "start; host note(41); host note(44); host note(-28); host note(-1); host note(21); host "
        "note(0); "
        "host note(0); host note(1); host note(0); host note(1); enter-0; args-0; result-0(9); ");
}

static void functions_are_declared_for_ref_func(void **state) {
    (void)state;
    expect("declare", 5, "start; enter-0; args-0; host twice(8); result-0(6); ");
}

static void several_memory_indices_are_one(void **state) {
    (void)state;
    expect("multi-memory", 100, "start; enter-0; args-0; result-0(1270); ");
}

static void entries_of_other_types(void **state) {
    (void)state;
    char out[4000];
    struct linked linked;
    link_case(&linked, "no-memory", false);
    assert_null(run_once(engine, &linked.result, 0, 0, 0, out));
    assert_string_equal(out, "start; enter-0; args-0; result-0; ");
    double half = 0.5, sum = 3.5;
    uint64_t bits;
    memcpy(&bits, &half, sizeof bits);
    assert_null(run_once(engine, &linked.result, 1, 3, bits, out));
    memcpy(&bits, &sum, sizeof bits);
    char log[100];
    snprintf(log, sizeof log, "start; enter-1; args-1; result-1(%lld); ", (long long)bits);
    assert_string_equal(out, log);
    linked_free(&linked);
}

/* Initial values are not in the code, so that two components that differ in them share it. */
static void globals_leave_the_code(void **state) {
    (void)state;
    const struct test_case *one = cases_find(&cases, "globals");
    struct linked first, second;
    struct err err;
    uint8_t *other = malloc(one->size);
    memcpy(other, one->bytes, one->size);
    for (size_t i = 0; i + 4 < one->size; i++) /* (mut i32) (i32.const 41) */
        if (memcmp(other + i, "\x7f\x01\x41\x29\x0b", 5) == 0) other[i + 3] = 42;
    link_case(&first, "globals", false);
    assert_true(linked_make(&second, other, one->size, false, &err));
    assert_int_equal(first.result.code.size, second.result.code.size);
    assert_memory_equal(first.result.code.data, second.result.code.data, first.result.code.size);
    assert_string_equal(buf_cstr(&first.result.interface), buf_cstr(&second.result.interface));
    assert_int_equal(first.result.global_count, 5);
    static const struct link_global values[] = {{VALTYPE_I32, 41},
                                                {VALTYPE_F64, UINT64_C(0x3ff8000000000000)},
                                                {VALTYPE_I32, UINT32_MAX},
                                                {VALTYPE_I64, 21},
                                                {VALTYPE_F32, 0x3f000000}};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(first.result.globals[i].valtype, values[i].valtype);
        assert_true(first.result.globals[i].bits == values[i].bits);
    }
    assert_int_equal(second.result.globals[0].bits, 42);
    free(other);
    linked_free(&first);
    linked_free(&second);
}

static void the_same_input_gives_the_same_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < cases.count; i++) {
        struct linked first, second;
        link_case(&first, cases.cases[i].text, false);
        link_case(&second, cases.cases[i].text, false);
        assert_int_equal(first.result.code.size, second.result.code.size);
        assert_memory_equal(first.result.code.data, second.result.code.data,
                            first.result.code.size);
        assert_string_equal(buf_cstr(&first.result.interface), buf_cstr(&second.result.interface));
        assert_string_equal(buf_cstr(&first.result.names), buf_cstr(&second.result.names));
        linked_free(&first);
        linked_free(&second);
    }
}

static void every_output_is_valid(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * cases.count; i++) {
        struct linked linked;
        link_case(&linked, cases.cases[i / 2].text, i % 2 == 1);
        run_fail(
            wasmtime_module_validate(engine, linked.result.code.data, linked.result.code.size));
        linked_free(&linked);
    }
}

static void data_that_the_code_reads_stays(void **state) {
    (void)state;
    struct linked linked;
    link_case(&linked, "bulk", false);
    assert_false(linked.result.data_in_image);
    assert_non_null(linked.result.data_reason);
    assert_int_equal(linked.result.segment_count,
                     1); /* the active one is in the image all the same */
    linked_free(&linked);
    link_case(&linked, "image", false);
    assert_true(linked.result.data_in_image);
    assert_null(linked.result.data_reason);
    linked_free(&linked);
}

/* Whatever allocation in the arena fails, linking ends with an error and leaves nothing behind. */
static void every_lack_of_memory_is_an_error(void **state) {
    (void)state;
    for (size_t i = 0; i < cases.count; i++) {
        struct arena decoded, linking;
        struct component component;
        struct link_settings settings = {0};
        struct link_result result;
        struct err err;
        arena_init(&decoded, (size_t)1 << 24);
        assert_true(component_decode(cases.cases[i].bytes, cases.cases[i].size, &decoded,
                                     &component, &err));
        bool linked = false;
        for (size_t cap = 0; !linked; cap += 16) {
            arena_init(&linking, cap);
            err.kind = ERR_NONE;
            linked = link_component(&component, &settings, &linking, &result, &err);
            if (linked)
                link_free(&result);
            else
                assert_int_equal(err.kind, ERR_MEMORY);
            arena_free(&linking);
        }
        arena_free(&decoded);
    }
}

static void names_are_lines(void **state) {
    (void)state;
    struct linked linked;
    link_case(&linked, "shims", false);
    const char *names = buf_cstr(&linked.result.names);
    assert_non_null(strstr(names, "0 test:host/text@0.2.0#get (plan)\n"));
    assert_non_null(strstr(names, " pk-0\n"));
    assert_non_null(strstr(names, " pk-start\n"));
    linked_free(&linked);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    cases = cases_read(argv[1]);
    engine = run_engine();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wiring_goes_through_bags_and_exports),
        cmocka_unit_test(copies_have_their_own_state),
        cmocka_unit_test(globals_and_start_functions),
        cmocka_unit_test(functions_are_declared_for_ref_func),
        cmocka_unit_test(several_memory_indices_are_one),
        cmocka_unit_test(entries_of_other_types),
        cmocka_unit_test(globals_leave_the_code),
        cmocka_unit_test(the_same_input_gives_the_same_bytes),
        cmocka_unit_test(every_output_is_valid),
        cmocka_unit_test(data_that_the_code_reads_stays),
        cmocka_unit_test(names_are_lines),
        cmocka_unit_test(every_lack_of_memory_is_an_error),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wasm_engine_delete(engine);
    cases_free(&cases);
    return failed;
}
