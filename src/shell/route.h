/* The routes, as one table: dispatch, 405 with Allow, HEAD and OPTIONS come from it. Thread: any
 * (constant). */
#ifndef PK_SHELL_ROUTE_H
#define PK_SHELL_ROUTE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct shell_request;

enum route_flags {
    ROUTE_JSON = 1,   /* has a JSON body */
    ROUTE_BEARER = 2, /* an Authorization header must be a bearer's, when there is one */
    ROUTE_TOKEN = 4,  /* … and there must be one */
    ROUTE_2024 = 8, /* failures have the form that the existing Kernel had in 2024: 400 or 500 and a
                       JSON string */
};

struct route {
    const char *method;
    const char *path; /* "/v1/skills/{namespace}/{name}/run" */
    unsigned flags;
    /* The request is complete. Answers it, or gives it to another thread and suspends it. */
    void (*handle)(struct shell_request *request);
};

enum route_match {
    ROUTE_FOUND,
    ROUTE_NO_PATH,   /* 404 */
    ROUTE_NO_METHOD, /* 405: `allow` is filled */
    ROUTE_OPTIONS,   /* answer OPTIONS yourself: `allow` is filled */
    ROUTE_BAD_PATH,  /* a parameter's percent-encoding is broken */
};

/* `url`: the path of the request line as it came, without the query. Fills `names` with the decoded
 * parameters and `params` with their places; `allow` with "GET, HEAD". `table` ends with a NULL
 * method. */
enum route_match route_find(const struct route *table, struct str method, struct str url,
                            const struct route **route, struct buf *names, struct str params[2],
                            struct buf *allow);

/* The table of this server (routes.c). */
extern const struct route route_table[];

#endif
