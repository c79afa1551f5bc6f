/* Byte strings by pointer and length that own nothing, and the text rules that several folders
 * need. */
#ifndef PK_BASE_STR_H
#define PK_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *data; /* not NUL-terminated; may be NULL when size is 0 */
    size_t size;
};

/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).size, (s).data

static inline struct str str_of(const char *text) {
    return (struct str){text, strlen(text)};
}
static inline bool str_equal(struct str a, struct str b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
static inline bool str_is(struct str a, const char *text) {
    return str_equal(a, str_of(text));
}
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
/* Where `byte` occurs first, or s.size. */
size_t str_find(struct str s, char byte);
int str_compare(struct str a, struct str b); /* bytewise, shorter first */
uint64_t str_hash(struct str s);             /* XXH3, for tables in memory only */

/* Well-formed UTF-8 as Unicode 15, table 3-7 has it (no surrogates, nothing overlong). */
bool utf8_valid(const void *bytes, size_t size);
/* The length of the well-formed sequence that the bytes begin with; 0 when they do not (or are cut
 * short, or empty). */
size_t utf8_sequence(const void *bytes, size_t size);
/* The length that a lead byte announces, 1 to 4, and the range of the byte after it; 0 when nothing
 * can begin with it. */
size_t utf8_lead(uint8_t lead, uint8_t *low, uint8_t *high);
/* Encode one scalar value, 1 to 4 bytes; returns their number. `scalar` must be valid. */
size_t utf8_encode(uint32_t scalar, uint8_t out[4]);

#endif
