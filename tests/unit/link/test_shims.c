/* Shims and entries: who is asked what, in which order (wat/good.wat, "shims"). argv[1]: the cases.
 */
#include "cases.h"
#include "run.h"

static struct cases cases;
static wasm_engine_t *engine;

#define REQUEST(align, size) ((uint64_t)(align) << 32 | (size))

static void open_case(struct linked *linked, struct run *run) {
    const struct test_case *one = cases_find(&cases, "shims");
    struct err err;
    assert_true(linked_make(linked, one->bytes, one->size, false, &err));
    run_open(run, engine, &linked->result);
}

static void close_case(struct linked *linked, struct run *run) {
    run_close(run);
    linked_free(linked);
}

static void requests_go_to_the_realloc_of_the_options(void **state) {
    (void)state;
    struct linked linked;
    struct run run;
    open_case(&linked, &run);
    const uint64_t requests[] = {REQUEST(1, 3),
                                 REQUEST(8, 20),
                                 0, /* enter: two */
                                 REQUEST(4, 1),
                                 0, /* get */
                                 0, /* get again: none */
                                 REQUEST(2, 7),
                                 0}; /* get with the other realloc */
    memcpy(run.requests, requests, sizeof requests);
    run.args[0] = 40;
    run.args[1] = 2;
    assert_null(run_entry(&run, 0));
    assert_string_equal(run.log,
                        "start; enter-0; put(1024); put(1040); args-0; "
                        "host pk-plan:get(1, 100); put(1072); host pk-plan:get(2, 100); "
                        "host pk-plan-2:get(3, 100); put(32770); "
                        "host plain(4, 5); host plain(6, 7); result-0(42); host plain(42, 8); ");
    close_case(&linked, &run);
}

/* An alias of the same realloc is no other option, and realloc means nothing where the result needs
 * no memory. */
static void interface_has_what_makes_a_difference(void **state) {
    (void)state;
    struct linked linked;
    struct run run;
    open_case(&linked, &run);
    assert_string_equal(
        buf_cstr(&linked.result.interface),
        "{\"format\": 1,\n"
        "\"resources\": [],\n"
        "\"types\": [\n  \"u32\",\n  \"string\"],\n"
        "\"imports\": [\n"
        "  {\"interface\": \"test:host/text@0.2.0\", \"name\": \"get\", \"module\": "
        "\"test:host/text@0.2.0\", "
        "\"field\": \"pk-plan:get\", \"kind\": \"func\", \"plan\": true, \"params\": [[\"x\", 0]], "
        "\"result\": 1, "
        "\"encoding\": \"utf8\", \"core\": \"ii:\"},\n"
        "  {\"interface\": \"test:host/text@0.2.0\", \"name\": \"get\", \"module\": "
        "\"test:host/text@0.2.0\", "
        "\"field\": \"pk-plan-2:get\", \"kind\": \"func\", \"plan\": true, \"params\": [[\"x\", "
        "0]], \"result\": 1, "
        "\"encoding\": \"utf8\", \"core\": \"ii:\"},\n"
        "  {\"interface\": \"test:host/text@0.2.0\", \"name\": \"plain\", \"module\": "
        "\"test:host/text@0.2.0\", "
        "\"field\": \"plain\", \"kind\": \"func\", \"plan\": false, \"params\": [[\"x\", 1]], "
        "\"result\": 0, "
        "\"encoding\": \"utf8\", \"core\": \"ii:i\"}],\n"
        "\"exports\": [\n"
        "  {\"interface\": \"pharia:skill/skill-handler@0.3.11\", \"name\": \"run\", \"entry\": 0, "
        "\"params\": [[\"x\", 1]], \"result\": 1, \"encoding\": \"utf8\", \"core\": \"ii:i\", "
        "\"post_return\": true}],\n"
        "\"globals\": \"i\",\n"
        "\"start\": true, \"strict\": false, \"max_pages\": 65536}\n");
    close_case(&linked, &run);
}

static void resources_and_other_types_are_numbered_by_use(void **state) {
    (void)state;
    const struct test_case *one = cases_find(&cases, "types");
    struct linked linked;
    struct err err;
    if (!linked_make(&linked, one->bytes, one->size, true, &err)) fail_msg("%s", err.text);
    const char *text = buf_cstr(&linked.result.interface);
    static const char *const parts[] = {
        "\"resources\": [\n  {\"interface\": \"test:host/types@0.2.0\", \"name\": \"thing\"}],",
        "{\"record\": [[\"a\", ",
        "{\"variant\": [[\"none\", null], [\"some\", ",
        "{\"enum\": [\"red\", \"green\"]}",
        "{\"flags\": [\"r\", \"w\"]}",
        "{\"tuple\": [",
        "{\"option\": ",
        "{\"result\": [",
        ", null]}",
        "{\"own\": 0}",
        "{\"borrow\": 0}",
        "\"name\": \"[method]thing.all\"",
        "\"name\": \"[resource-drop]thing\"",
        "\"kind\": \"drop\", \"resource\": 0, \"core\": \"i:\"",
        "\"strict\": true, \"max_pages\": 7}"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(text, parts[i]) == NULL) fail_msg("%s is not in\n%s", parts[i], text);
    assert_null(strstr(text, "unused"));
    linked_free(&linked);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    cases = cases_read(argv[1]);
    engine = run_engine();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_go_to_the_realloc_of_the_options),
        cmocka_unit_test(interface_has_what_makes_a_difference),
        cmocka_unit_test(resources_and_other_types_are_numbered_by_use),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wasm_engine_delete(engine);
    cases_free(&cases);
    return failed;
}
