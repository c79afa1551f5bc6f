/* Cases that make_cases.py has made. */
#ifndef PK_TESTS_COMPONENT_CASES_H
#define PK_TESTS_COMPONENT_CASES_H

#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "invariants.h"

struct cases {
    FILE *file;
    char kind[32], text[256]; /* of the current case */
    unsigned line;            /* in the .wat file */
    uint8_t *bytes;           /* just as large as they are, so that ASan sees what reads on */
    size_t size;
};

static inline void cases_open(struct cases *cases, const char *name) {
    char path[1000];
    snprintf(path, sizeof path, "%s/%s.cases", FIXTURES, name);
    *cases = (struct cases){.file = fopen(path, "rb")};
    must(cases->file != NULL);
}

static inline bool cases_next(struct cases *cases) {
    free(cases->bytes);
    cases->bytes = NULL;
    if (fscanf(cases->file, "%31[^\t]\t%255[^\t]\t%u\t%zu", cases->kind, cases->text, &cases->line,
               &cases->size) != 4) {
        fclose(cases->file);
        return false;
    }
    must(fgetc(cases->file) == '\n');
    cases->bytes = malloc(cases->size);
    must(fread(cases->bytes, 1, cases->size, cases->file) == cases->size);
    return true;
}

/* The case whose text is `text`; the caller frees its bytes. */
static inline struct slice cases_find(const char *name, const char *text) {
    struct cases cases;
    struct slice found = {0};
    cases_open(&cases, name);
    while (cases_next(&cases))
        if (strcmp(cases.text, text) == 0) {
            found = (struct slice){.data = cases.bytes, .size = (uint32_t)cases.size};
            cases.bytes = NULL;
        }
    must(found.data != NULL);
    return found;
}

/* Decode with the arena that the header promises to be enough, and check what came of it. What
 * `arena` held is freed first; the caller frees it at the end. */
static inline bool cases_decode(const uint8_t *bytes, size_t size, struct arena *arena,
                                struct component *component, struct err *err) {
    arena_free(arena);
    arena_init(arena, size * COMPONENT_ARENA_FACTOR + COMPONENT_ARENA_BASE);
    bool good = component_decode(bytes, size, arena, component, err);
    if (good) check_component(component);
    return good;
}

/* As cases_decode, of bytes that were put together and are freed. */
static inline bool cases_decode_buf(struct buf *buf, struct arena *arena,
                                    struct component *component, struct err *err) {
    bool good = cases_decode(buf->data, buf->size, arena, component, err);
    buf_free(buf);
    return good;
}

#endif
