/* ffi: what the crates answer, and that their texts come across. */
#include "pk_ffi.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_toml(const char *text, const char *expected) {
    char problem[200] = "untouched";
    char *json = pk_toml_to_json(text, strlen(text), problem, sizeof problem);
    if (json == NULL) fail_msg("'%s': %s", text, problem);
    assert_string_equal(json, expected);
    assert_string_equal(problem, "untouched");
    pk_text_free(json);
}

static void test_toml(void **state) {
    (void)state;
    check_toml("", "{}");
    check_toml("# nothing\n", "{}");
    check_toml("kernel-address = \"127.0.0.1:1\"\n[namespaces.dev]\ndirectory = 's\\k'\nn = 3\n",
               "{\"kernel-address\":\"127.0.0.1:1\","
               "\"namespaces\":{\"dev\":{\"directory\":\"s\\\\k\",\"n\":3}}}");
    check_toml("a = [1, -2, [true, false]]", "{\"a\":[1,-2,[true,false]]}");
    check_toml("a = 9223372036854775807\nb = 0x10", "{\"a\":9223372036854775807,\"b\":16}");
    check_toml("a = 0.25\nb = 1e300", "{\"a\":0.25,\"b\":1e300}"); /* not 0.25000000000000000 */
    check_toml("a = 2026-11-24T08:30:25Z\nb = 08:30:25",
               "{\"a\":\"2026-11-24T08:30:25Z\",\"b\":\"08:30:25\"}");
    check_toml("a = \"\\u0000\\n\u00e9\"", "{\"a\":\"\\u0000\\n\u00e9\"}");
    pk_text_free(NULL);
    char *json = pk_toml_to_json(NULL, 0, NULL, 0);
    assert_string_equal(json, "{}");
    pk_text_free(json);
}

static void check_bad_toml(const char *text, const char *begin) {
    char problem[200] = "";
    assert_null(pk_toml_to_json(text, strlen(text), problem, sizeof problem));
    if (strncmp(problem, begin, strlen(begin)) != 0) fail_msg("'%s': %s", text, problem);
    assert_true(strlen(problem) > strlen(begin));
    assert_null(strchr(problem, '\n'));
}

static void test_bad_toml(void **state) {
    (void)state;
    check_bad_toml("a = 1\nb = \n", "line 2: ");
    check_bad_toml("a", "line 1: ");
    check_bad_toml("a = 1\n\na = 2\n", "line 3: ");
    check_bad_toml("\n\n\nb = \"\xff\"\n", "line 4: not UTF-");
    check_bad_toml("a = inf", "inf ");
    check_bad_toml("a = [nan]", "NaN ");
    char little[6] = "?????";
    assert_null(pk_toml_to_json("a", 1, little, sizeof little));
    assert_string_equal(little, "line ");
    assert_null(pk_toml_to_json("a", 1, NULL, 0));
}

static bool schema(const char *text) {
    char problem[300] = "";
    bool good = pk_schema_check(text, strlen(text), problem, sizeof problem);
    assert_int_equal(good, problem[0] == '\0');
    return good;
}

static void test_schemas(void **state) {
    (void)state;
    assert_true(schema("{}"));
    assert_true(schema("true"));
    assert_true(schema("false"));
    assert_true(schema("{\"type\":\"object\",\"properties\":{\"topic\":{\"type\":\"string\"}},"
                       "\"required\":[\"topic\"]}"));
    assert_true(schema("{\"$ref\":\"http://localhost:1/not-fetched\"}"));
    assert_true(
        schema("{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"array\"}"));
    assert_true(schema("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}"));
    assert_false(schema("{\"$schema\":\"http://localhost:1/unknown\"}"));
    assert_false(schema("{\"type\":\"strin\"}"));
    assert_false(schema("{\"properties\":3}"));
    assert_false(schema("{\"properties\":{\"a\":{\"minLength\":-1}}}"));
    assert_false(schema("[]"));
    assert_false(schema("null"));
    assert_false(schema("\"object\""));
    assert_false(schema("{"));
    assert_false(schema(""));
    assert_false(schema("{\"title\":\"\xff\"}"));
    char problem[300];
    const char *bad = "{\"properties\":{\"a\":{\"type\":7}}}";
    assert_false(pk_schema_check(bad, strlen(bad), problem, sizeof problem));
    assert_non_null(strstr(problem, "/properties/a/type")); /* it says where */
}

#define DRAFT(name) "{\"$schema\":\"http://json-schema.org/" name "/schema#\","
#define DRAFT_2019  "{\"$schema\":\"https://json-schema.org/draft/2019-09/schema\","

/* Schemas within schemas are judged one by one: in every place where a draft has them, nowhere
 * else. */
static void test_schemas_within(void **state) {
    (void)state;
    static const struct {
        const char *keyword; /* and what opens a schema within it */
        const char *text;
        int since, until; /* of draft 4, 6, 7, 2019-09, 2020-12 */
    } places[] = {{"additionalItems", "%s", 0, 3},
                  {"additionalProperties", "%s", 0, 4},
                  {"contains", "%s", 1, 4},
                  {"contentSchema", "%s", 3, 4},
                  {"else", "%s", 2, 4},
                  {"if", "%s", 2, 4},
                  {"items", "%s", 0, 4},
                  {"not", "%s", 0, 4},
                  {"propertyNames", "%s", 1, 4},
                  {"then", "%s", 2, 4},
                  {"unevaluatedItems", "%s", 3, 4},
                  {"unevaluatedProperties", "%s", 3, 4},
                  {"allOf", "[{},%s]", 0, 4},
                  {"anyOf", "[%s]", 0, 4},
                  {"oneOf", "[%s]", 0, 4},
                  {"prefixItems", "[%s]", 4, 4},
                  {"$defs", "{\"a\":%s}", 3, 4},
                  {"definitions", "{\"a\":%s}", 0, 4},
                  {"dependencies", "{\"a\":%s}", 0, 4},
                  {"dependentSchemas", "{\"a\":%s}", 3, 4},
                  {"properties", "{\"a\":%s}", 0, 4},
                  {"patternProperties", "{\"a\":%s}", 0, 4}};
    static const char *const drafts[] = {DRAFT("draft-04"), DRAFT("draft-06"), DRAFT("draft-07"),
                                         DRAFT_2019, "{"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (int draft = 0; draft < 5; draft++)
            for (int depth = 1; depth < 4; depth++) {
                char text[1200] = "{\"type\":7}", within[1000], all[1400];
                bool judged = draft >= places[i].since && draft <= places[i].until;
                for (int level = 0; level < depth; level++) {
                    snprintf(within, sizeof within, places[i].text, text);
                    snprintf(text, sizeof text, "{\"%s\":%s}", places[i].keyword, within);
                }
                snprintf(all, sizeof all, "%s%s", drafts[draft], text + 1);
                assert_int_equal(!judged, schema(all));
            }
    assert_false(schema("{\"items\":[{}]}")); /* not in 2020-12 */
    assert_true(schema(DRAFT("draft-07") "\"items\":[{}]}"));
    assert_false(schema(DRAFT("draft-07") "\"items\":[{},{\"type\":7}]}"));
    assert_true(schema(DRAFT("draft-07") "\"dependencies\":{\"a\":[\"b\"]}}"));
    assert_false(schema(DRAFT("draft-04") "\"not\":true}")); /* true is no schema there */
    assert_false(schema("{\"not\":{\"$schema\":7}}"));
    assert_false(schema("{\"not\":[]}"));
    char problem[300];
    const char *bad = "{\"properties\":{\"a/b~\":{\"allOf\":[true,{\"not\":{\"type\":7}}]}}}";
    assert_false(pk_schema_check(bad, strlen(bad), problem, sizeof problem));
    assert_non_null(strstr(problem, "\"/properties/a~1b~0/allOf/1/not/type\""));
}

static long resident_mib(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(1, fscanf(file, "%*d %ld", &pages));
    fclose(file);
    return pages / 256;
}

/* A meta-schema that is compiled anew for every way into a schema would take, and keep, hundreds of
 * MiB for each of these. */
static void test_deep_schemas_leave_nothing(void **state) {
    (void)state;
    static const char *const words[] = {"not", "if", "then", "else", "contains", "propertyNames"};
    long before = resident_mib();
    unsigned random = 1;
    for (int round = 0; round < 10; round++) {
        char text[4000];
        size_t size = 0;
        for (int level = 0; level < 100; level++) {
            random = random * 1103515245 + 12345;
            size += (size_t)sprintf(text + size, "{\"%s\":", words[(random >> 16) % 6]);
        }
        size += (size_t)sprintf(text + size, "{}");
        memset(text + size, '}', 100);
        text[size + 100] = '\0';
        assert_true(schema(text));
    }
    assert_true(resident_mib() - before < 300);
}

/* ThreadSanitizer takes its own 785 KB of thread-local memory, and larger frames, out of a thread's
 * stack: there the stack is so much larger, everywhere else the 512 KiB stand alone. */
#if defined(__SANITIZE_THREAD__)
enum { SANITIZER_STACK = 1536 * 1024 };
#else
enum { SANITIZER_STACK = 0 };
#endif

/* `levels` times `open`, on a thread with a small stack. */
struct deep {
    const char *open, *close;
    int levels;
    bool toml, good;
};

static void *check_deep(void *argument) {
    struct deep *deep = argument;
    size_t open = strlen(deep->open), close = strlen(deep->close), size = 0;
    char *text = malloc((size_t)deep->levels * (open + close) + 16);
    size += (size_t)sprintf(text, "%s", deep->toml ? "a=" : "");
    for (int i = 0; i < deep->levels; i++, size += open) memcpy(text + size, deep->open, open);
    size += (size_t)sprintf(text + size, "%s", deep->toml ? "1" : "{}");
    for (int i = 0; i < deep->levels; i++, size += close) memcpy(text + size, deep->close, close);
    char problem[300] = "", *json = NULL;
    if (deep->toml)
        deep->good = (json = pk_toml_to_json(text, size, problem, sizeof problem)) != NULL;
    else
        deep->good = pk_schema_check(text, size, problem, sizeof problem);
    pk_text_free(json);
    free(text);
    return NULL;
}

static bool deep_is_good(const char *open, const char *close, int levels, bool toml) {
    struct deep deep = {open, close, levels, toml, false};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 512 * 1024 + SANITIZER_STACK);
    assert_int_equal(pthread_create(&thread, &attributes, check_deep, &deep), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    return deep.good;
}

static void test_deep_nesting(void **state) {
    (void)state;
    assert_true(deep_is_good("{\"not\":", "}", 120, false));
    assert_false(deep_is_good("{\"not\":", "}", 130, false));
    assert_false(deep_is_good("{\"not\":", "}", 100000, false));
    assert_false(deep_is_good("[", "", 100000, false));
    assert_true(deep_is_good("[", "]", 70, true));
    assert_false(deep_is_good("[", "]", 100000, true));
    assert_false(deep_is_good("{a=", "}", 100000, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_toml),
        cmocka_unit_test(test_bad_toml),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_schemas_within),
        cmocka_unit_test(test_deep_schemas_leave_nothing),
        cmocka_unit_test(test_deep_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
