/* Is this text JSON? RFC 8259, UTF-8, nesting up to JSON_MAX_DEPTH, decided while the bytes stream
 * by: constant memory, nothing is built or changed. Lone surrogate escapes are taken as the RFC
 * takes them. */
#ifndef PK_BASE_JSON_CHECK_H
#define PK_BASE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_DEPTH 128

struct json_check {
    uint8_t state, want_utf8, utf8_low, utf8_high, hex, literal, literal_at, depth;
    bool in_key;                       /* the string is one */
    uint8_t stack[JSON_MAX_DEPTH / 8]; /* a bit per level: array or object */
    uint64_t offset;                   /* bytes seen */
    const char *problem;               /* static text of the first error, or NULL */
};

void json_check_init(struct json_check *check);
/* False as soon as the text cannot be JSON any more (`problem` and `offset` say why and where). */
bool json_check_add(struct json_check *check, const void *bytes, size_t size);
/* The text ends here: was it one whole value? */
bool json_check_end(struct json_check *check);
/* The three steps at once; fills `problem` (static text) and `offset` when they are not NULL and it
 * is not JSON. */
bool json_valid(const void *bytes, size_t size, const char **problem, uint64_t *offset);

#endif
