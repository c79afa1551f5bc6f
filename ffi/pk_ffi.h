/* Rust crates exposed to C (ffi/src/lib.rs). Any thread; nothing is shared between calls; no panic
 * crosses.
 *
 * `problem` gets a text of one line when a function fails (cut to `problem_size`, with its NUL; it
 * may be NULL when that is 0) and is left alone otherwise. A text may quote the input. */
#ifndef PK_FFI_H
#define PK_FFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A TOML document as the text of a JSON object, for pk_text_free; NULL and "line N: reason" when it
 * is none. Dates and times become strings; inf and nan, and nesting deeper than 80, are refused. */
char *pk_toml_to_json(const char *text, size_t size, char *problem, size_t problem_size);
/* Is this JSON text a JSON Schema: an object or a boolean, valid by the meta-schema that its
 * "$schema" names (draft 4, 6, 7, 2019-09 or 2020-12, which is the default)? References are not
 * followed, nothing is fetched; nesting deeper than 127 is refused. Slow for large or hostile
 * schemas: not on an event loop's thread. */
bool pk_schema_check(const char *json, size_t size, char *problem, size_t problem_size);
/* NULL is allowed. */
void pk_text_free(char *text);

/* ---- the head of an HTTP/1 request, split by the crate httparse */

enum { PK_HTTP_HEADERS_MAX = 100 };

/* Bytes of the input; nothing is copied. */
struct pk_http_span {
    const char *data; /* no NUL behind it */
    size_t size;
};

struct pk_http_head {
    struct pk_http_span method, target;
    size_t header_count;
    uint8_t minor; /* HTTP/1.minor: 0 or 1 */
    struct pk_http_header {
        struct pk_http_span name, value; /* the value without blanks around it */
    } headers[PK_HTTP_HEADERS_MAX];
};

enum pk_http_result {
    PK_HTTP_OK,
    PK_HTTP_PARTIAL, /* the bytes end before the head does */
    PK_HTTP_BAD_REQUEST_LINE,
    PK_HTTP_BAD_VERSION, /* anything but HTTP/1.0 and HTTP/1.1 */
    PK_HTTP_BAD_NAME,    /* of a header; also a folded line, a blank before the colon */
    PK_HTTP_BAD_VALUE,   /* of a header: a control byte, a lone CR */
    PK_HTTP_BAD_LINE_END,
    PK_HTTP_TOO_MANY_HEADERS, /* more than PK_HTTP_HEADERS_MAX */
};

/* Fills `head` only with PK_HTTP_OK, from `size` bytes that end with the head's empty line. It
 * takes a lone LF as the end of a line: whoever must not, looks before. Never fails otherwise. */
enum pk_http_result pk_http_head_parse(const char *bytes, size_t size, struct pk_http_head *head);

#endif
