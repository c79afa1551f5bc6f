/* What people read when a skill could not be run: status and text of every cause (reference:
 * http_api.md 1.4 and 0). Thread: any. */
#ifndef PK_SHELL_TEXT_H
#define PK_SHELL_TEXT_H

#include "base/buf.h"
#include "base/str.h"
#include "runtime/runtime.h"

#define TEXT_FAILURES(X)                                                                           \
    X(FAILURE_NAMESPACE_NAME) /* the namespace in the path breaks the rule for names */            \
    X(FAILURE_UNKNOWN)        /* the skill is not configured */                                    \
    X(FAILURE_MISCONFIGURED)  /* its namespace has an error; `cause` */                            \
    X(FAILURE_LOAD)           /* `cause` */                                                        \
    X(FAILURE_STREAM_SKILL)   /* a streaming skill was called through /run */                      \
    X(FAILURE_USER)           /* the skill returned error.internal; `cause` is its message */      \
    X(FAILURE_INPUT)          /* … error.invalid-input */                                        \
    X(FAILURE_OUTPUT)         /* what it returned is not JSON */                                   \
    X(FAILURE_SCHEMA)         /* a schema in its metadata is not valid JSON Schema */              \
    X(FAILURE_RUNTIME)        /* trap, limit, cancelled, refused */

enum text_failure {
#define X(name) name,
    TEXT_FAILURES(X)
#undef X
        FAILURE_COUNT
};

/* Append the text; returns the status of the /v1 routes. */
unsigned text_failure(struct buf *out, enum text_failure failure, struct str namespace,
                      struct str name, const char *cause);
/* The status of POST /execute_skill for it. */
unsigned text_failure_status_2024(enum text_failure failure);
/* Which failure an outcome other than INVOCATION_OK is. */
enum text_failure text_outcome(enum invocation_outcome outcome);

#endif
