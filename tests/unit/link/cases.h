/* Cases in text form (wat/, turned into one file by tests/unit/component/make_cases.py) as bytes,
 * and linking them. */
#ifndef PK_TEST_LINK_CASES_H
#define PK_TEST_LINK_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/link.h"

struct test_case {
    char kind[32], text[200];
    int line;
    uint8_t *bytes;
    size_t size;
};

struct cases {
    struct test_case *cases;
    size_t count;
};

static inline struct cases cases_read(const char *path) {
    struct cases cases = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct test_case one;
    while (fscanf(file, "%31[^\t]\t%199[^\t]\t%d\t%zu", one.kind, one.text, &one.line, &one.size) ==
           4) {
        assert_int_equal(fgetc(file), '\n');
        one.bytes = malloc(one.size + 1);
        assert_int_equal(fread(one.bytes, 1, one.size, file), one.size);
        cases.cases = realloc(cases.cases, (cases.count + 1) * sizeof *cases.cases);
        cases.cases[cases.count++] = one;
    }
    fclose(file);
    assert_true(cases.count > 0);
    return cases;
}

static inline void cases_free(struct cases *cases) {
    for (size_t i = 0; i < cases->count; i++) free(cases->cases[i].bytes);
    free(cases->cases);
    *cases = (struct cases){0};
}

static inline const struct test_case *cases_find(const struct cases *cases, const char *text) {
    for (size_t i = 0; i < cases->count; i++)
        if (strcmp(cases->cases[i].text, text) == 0) return &cases->cases[i];
    fail_msg("there is no case %s", text);
    return NULL;
}

/* A component that was linked, with what its result points into. */
struct linked {
    struct arena arena;
    struct component component;
    struct link_result result;
};

static inline bool linked_make(struct linked *linked, const uint8_t *bytes, size_t size,
                               bool strict, struct err *err) {
    struct link_settings settings = {.strict_memory = strict};
    arena_init(&linked->arena, (size_t)1 << 30);
    bool ok = component_decode(bytes, size, &linked->arena, &linked->component, err) &&
              link_component(&linked->component, &settings, &linked->arena, &linked->result, err);
    if (!ok) arena_free(&linked->arena);
    return ok;
}

static inline void linked_free(struct linked *linked) {
    link_free(&linked->result);
    arena_free(&linked->arena);
}

#endif
