/* Whole components: what is taken, what is refused and with which words, and input that means no
 * good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cases.h"
#include "invariants.h"

static struct arena arena;
static struct component component;
static struct err err;

static bool decode(const uint8_t *bytes, size_t size) {
    arena_free(&arena);
    bool good = cases_decode(bytes, size, &arena, &component, &err);
    if (good) check_component(&component);
    return good;
}

/* The text must hold the expected part and a place; all cases are tried before the test fails. */
static bool refused_well(const struct cases *cases) {
    if (decode(cases->bytes, cases->size)) {
        print_error("refused.wat:%u was taken\n", cases->line);
        return false;
    }
    bool good = strcmp(err_kind_name(err.kind), cases->kind) == 0 &&
                strstr(err.text, cases->text) != NULL && strstr(err.text, " at offset 0x") != NULL;
    if (!good)
        print_error("refused.wat:%u: %s: %s\n", cases->line, err_kind_name(err.kind), err.text);
    return good;
}

static void refused(void **state) {
    (void)state;
    struct cases cases;
    unsigned count = 0, wrong = 0;
    for (cases_open(&cases, "refused"); cases_next(&cases); count++) wrong += !refused_well(&cases);
    assert_int_equal(wrong, 0);
    assert_true(count > 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests_name("component", tests, NULL, NULL);
}
