/* Requests to a kernel: the routes of now and those that it had in 2024 (`legacy`). One thread. */
#ifndef PK_EVAL_ROUTES_H
#define PK_EVAL_ROUTES_H

#include "base/buf.h"
#include "eval/script.h"

struct routes {
    const char *address; /* "127.0.0.1:8081" */
    bool legacy;
};

/* Each fills `out` (made by the caller) with a whole request; false: no memory. `name` is a skill's
 * in namespace dev. */
bool routes_skills(const struct routes *routes, struct buf *out);
bool routes_cached(const struct routes *routes, struct buf *out);
bool routes_drop(const struct routes *routes, const char *name, struct buf *out);
bool routes_execute(const struct routes *routes, const char *name, const struct script_entry *entry,
                    struct buf *out);
/* Answers 200 as soon as calls are taken. */
const char *routes_ready(const struct routes *routes);

/* The names of a list of skills (["dev/NAME", …]) that are in dev, sorted, in `names` one after the
 * other, each with its NUL; returns how many, or -1 when it is no such list. */
int routes_parse_names(const struct buf *json, struct buf *names);

#endif
