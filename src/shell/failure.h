/* What people read when a skill could not be run: status and text of every cause, as the
 * existing Kernel has them. Thread: any. */
#ifndef PK_SHELL_FAILURE_H
#define PK_SHELL_FAILURE_H

#include "base/buf.h"
#include "base/str.h"
#include "runtime/runtime.h"

#define FAILURES(X)                                                                                \
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

enum failure {
#define X(name) name,
    FAILURES(X)
#undef X
        FAILURE_COUNT
};

/* Append the text; returns the status of the /v1 routes. */
unsigned failure_text(struct buf *out, enum failure failure, struct str namespace, struct str name,
                      const char *cause);
/* The status of POST /execute_skill for it. */
unsigned failure_status_2024(enum failure failure);
/* Which failure an outcome other than INVOCATION_OK is. */
enum failure failure_of(enum invocation_outcome outcome);

#endif
