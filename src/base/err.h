/* An error as a value: a kind for the program, a text for people (what failed, on what, why, what
 * to do).
 *
 * A function that can fail takes `struct err *err` last (never NULL) and returns false or NULL
 * after filling it; it leaves `err` alone when it succeeds. The caller owns the struct, nothing in
 * it is allocated. One thread at a time. */
#ifndef PK_BASE_ERR_H
#define PK_BASE_ERR_H

#include <stdbool.h>

#define ERR_KINDS(X)                                                                               \
    X(ERR_NONE, "none")                                                                            \
    X(ERR_INVALID, "invalid")         /* the input breaks its format's rules */                    \
    X(ERR_UNSUPPORTED, "unsupported") /* well-formed, but a construct that we do not take */       \
    X(ERR_LIMIT, "limit")             /* larger, longer or deeper than a stated maximum */         \
    X(ERR_MEMORY, "memory")           /* the system gave no memory */                              \
    X(ERR_IO, "io")                   /* a system call failed */                                   \
    X(ERR_NOT_FOUND, "not-found")                                                                  \
    X(ERR_TIMEOUT, "timeout")                                                                      \
    X(ERR_CANCELLED, "cancelled")                                                                  \
    X(ERR_BUSY, "busy")                                                                            \
    X(ERR_INTERNAL, "internal") /* ours to mend */

enum err_kind {
#define X(name, text) name,
    ERR_KINDS(X)
#undef X
};

struct err {
    enum err_kind kind;
    char text[1000];
};

/* Fill `err` and return false, so that `return err_set(…)` reads as "fail". A text that is too long
 * is cut; control and format characters, which names of others may have, are escaped (escape.h). */
__attribute__((format(printf, 3, 4))) bool err_set(struct err *err, enum err_kind kind,
                                                   const char *format, ...);
/* As err_set with ERR_IO, and ": " and the text of `errnum` after it. */
__attribute__((format(printf, 3, 4))) bool err_errno(struct err *err, int errnum,
                                                     const char *format, ...);
/* Put "context: " before the text of an error; returns false. */
__attribute__((format(printf, 2, 3))) bool err_prefix(struct err *err, const char *format, ...);
const char *err_kind_name(enum err_kind kind);

#endif
