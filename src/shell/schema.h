/* Is a text a JSON Schema? Checking takes up to 0.1 s, so what was found out of a schema is kept
 * under its SHA-256. Thread: the checker's (metadata.c). */
#ifndef PK_SHELL_SCHEMA_H
#define PK_SHELL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

enum {
    SCHEMA_MAX = 1 << 20, /* bytes of one schema */
    SCHEMA_VALUES_MAX =
        10000,          /* JSON values and keys in it: the work of checking grows with them */
    SCHEMA_CACHE = 128, /* schemas whose verdict is kept */
};

/* A schema that comes to the place of another takes it. */
struct schema_cache {
    struct schema_verdict {
        struct digest digest;
        bool known;
        struct err error; /* ERR_NONE: it is a schema */
    } verdicts[SCHEMA_CACHE];
    uint64_t checks; /* that were not in it */
};

/* `what` is "input" or "output", for the error's text. */
bool schema_check(struct schema_cache *cache, const char *what, const uint8_t *schema, size_t size,
                  struct err *err);

#endif
