/* A body in chunks (RFC 9112, 7.1), decoded as its bytes come. Extensions and trailers are held to
 * their grammar, limited, and dropped. Thread: any. */
#ifndef PK_HTTP_CHUNKS_H
#define PK_HTTP_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum {
    HTTP_CHUNK_DIGITS_MAX = 15,     /* of a chunk's size: it fits into 63 bits */
    HTTP_CHUNK_LINE_MAX = 256,      /* bytes of a line with a chunk's size and its extensions */
    HTTP_CHUNK_EXTRA_MAX = 1 << 20, /* bytes of the extensions of a whole body */
    HTTP_TRAILERS_MAX = 8 << 10,    /* bytes of all trailers */
};

enum http_chunks_state {
    CHUNKS_SIZE,      /* at the first digit of a size */
    CHUNKS_DIGITS,    /* behind a digit */
    CHUNKS_BLANK,     /* blanks before the ';' of an extension */
    CHUNKS_EXTENSION, /* in extensions */
    CHUNKS_SIZE_LF,   /* behind the CR of a size's line */
    CHUNKS_DATA,
    CHUNKS_DATA_CR, /* behind the data of a chunk */
    CHUNKS_DATA_LF,
    CHUNKS_TRAILER,    /* at the first byte of a line behind the last chunk */
    CHUNKS_NAME,       /* in a trailer's name */
    CHUNKS_VALUE,      /* in its value */
    CHUNKS_TRAILER_LF, /* behind the CR of its line */
    CHUNKS_END_LF,     /* behind the CR of the empty line */
    CHUNKS_END,
    CHUNKS_BAD,
};

struct http_chunks {
    enum http_chunks_state state;
    uint64_t left; /* bytes of data that the chunk has yet to bring; in its size: the size so far */
    uint32_t line; /* bytes of the present line, or of all trailers */
    uint32_t digits;
    uint32_t extra; /* bytes of extensions so far */
};

void http_chunks_begin(struct http_chunks *chunks);
/* Take bytes up to and with the next piece of data, which is then in `data` (size 0: none).
 * Returns how many were taken; all of them unless there is data, or the state is END or BAD. */
size_t http_chunks_take(struct http_chunks *chunks, struct str bytes, struct str *data);

#endif
