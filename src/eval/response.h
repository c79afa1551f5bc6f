/* An HTTP/1.1 response, read in pieces as they come from a socket (RFC 9112). Only what a client of
 * skills needs: a status, a body of known length, in chunks, or until the connection's end. One
 * thread. */
#ifndef PK_EVAL_RESPONSE_H
#define PK_EVAL_RESPONSE_H

#include "base/buf.h"

enum response_state {
    RESPONSE_HEAD,  /* begins here (all zero) */
    RESPONSE_BODY,  /* `left` bytes to come, or until the end when `until_end` */
    RESPONSE_CHUNK, /* a chunk's size line */
    RESPONSE_GAP,   /* the line's end behind a chunk */
    RESPONSE_TRAILER,
    RESPONSE_DONE,
    RESPONSE_BAD, /* not HTTP, or beyond the limits: `why` */
};

enum { RESPONSE_LINE = 8192, RESPONSE_HEADS = 200 };

struct response {
    enum response_state state;
    uint16_t status;
    bool closes; /* the connection cannot be used again */
    bool asked_to_close;
    bool until_end; /* neither a length nor chunks */
    bool chunked;
    uint64_t left;
    uint32_t heads; /* header lines so far, those of the trailer and of 1xx with them */
    uint32_t line_size;
    const char *why;  /* static */
    char *line;       /* a line that came in several pieces; malloc, RESPONSE_LINE bytes */
    struct buf *body; /* the caller's; NULL: the body is only counted */
};

/* Ready for the next response; keeps memory. */
void response_begin(struct response *response, struct buf *body);
void response_free(struct response *response);
/* Take bytes; returns how many belong to this response. Look at `state` then. */
size_t response_take(struct response *response, const char *bytes, size_t size);
/* The peer has closed: DONE when that is how the body ends, else BAD. */
void response_end(struct response *response);

#endif
