/* A growing byte buffer that states its maximum when it is made. A failed addition is remembered
 * (`failed`), further ones are ignored, so that a writer checks once at its end. Not thread-safe;
 * the owner calls buf_free. */
#ifndef PK_BASE_BUF_H
#define PK_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data; /* NULL while empty */
    size_t size, room, cap;
    bool failed; /* the cap or the system's memory was exhausted */
};

void buf_init(struct buf *buf, size_t cap);
void buf_free(struct buf *buf);
/* Forget the contents, keep the memory. */
void buf_clear(struct buf *buf);
bool buf_add(struct buf *buf, const void *bytes, size_t size);
bool buf_byte(struct buf *buf, uint8_t byte);
bool buf_text(struct buf *buf, const char *text);
__attribute__((format(printf, 2, 3))) bool buf_format(struct buf *buf, const char *format, ...);
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
bool buf_json_string(struct buf *buf, const void *bytes, size_t size);
/* Make room for `size` more bytes and return where they go, or NULL; the caller adds to buf->size
 * what it wrote. */
uint8_t *buf_reserve(struct buf *buf, size_t size);
/* A NUL behind the contents (not counted); NULL when failed. The text belongs to the buffer. */
const char *buf_cstr(struct buf *buf);

#endif
