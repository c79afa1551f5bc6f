/* The head of a request: split by httparse (ffi/), then held to RFC 9112 and RFC 9110 where
 * httparse or those are lenient. Everything that two servers might read differently is an error:
 * a body whose end a proxy before us sees elsewhere is a second request that nobody checked.
 * Thread: any. */
#ifndef PK_HTTP_HEAD_H
#define PK_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "pk_ffi.h"

enum {
    HTTP_HEAD_MAX = 16 << 10,  /* bytes of a head; more: 431 */
    HTTP_TARGET_MAX = 8 << 10, /* bytes of a request target; more: 414 */
    HTTP_EMPTY_LINES_MAX = 4,  /* CRLFs before a request line that are passed over */
};

struct http_head {
    struct str method, target; /* as they came */
    uint64_t length;           /* Content-Length; 0: none */
    bool chunked;
    bool keep_alive;      /* the client wants the connection to go on */
    bool expect_continue; /* it sends the body when it is asked to */
    bool is_old;          /* HTTP/1.0 */
    struct pk_http_head parsed;
};

struct http_problem {
    unsigned status; /* 0: there is none */
    const char *text;
};

/* Where the head ends, for bytes that come in pieces. `scanned` is 0 before the first piece, and
 * the function's own between two. Returns the head's size with its empty line; 0: more bytes are
 * needed, or `problem` says why not. Looks at each whole line once. */
size_t http_head_find_end(struct str bytes, size_t *scanned, struct http_problem *problem);

/* `bytes` is what http_head_find_end has found. False: `problem` is set. */
bool http_head_read(struct str bytes, struct http_head *head, struct http_problem *problem);

/* The value of the first header of this name, in lower case; data NULL: there is none. */
struct str http_head_get(const struct http_head *head, const char *name);

#endif
