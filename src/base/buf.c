#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define ROOM_MIN 64
#define CAP_MAX  ((size_t)PTRDIFF_MAX - 1)

void buf_init(struct buf *buf, size_t cap) {
    *buf = (struct buf){.cap = cap < CAP_MAX ? cap : CAP_MAX};
}

void buf_free(struct buf *buf) {
    free(buf->data);
    buf_init(buf, buf->cap);
}

void buf_clear(struct buf *buf) {
    buf->size = 0;
    buf->failed = false;
}

/* Room for `size` bytes in all. The block is one byte longer, so that buf_cstr needs no room. */
static bool grow(struct buf *buf, size_t size) {
    size_t room = buf->room < ROOM_MIN ? ROOM_MIN : buf->room;
    while (room < size) room = room > buf->cap / 2 ? buf->cap : 2 * room;
    if (room > buf->cap) room = buf->cap;
    uint8_t *data = realloc(buf->data, room + 1);
    if (data == NULL) return false;
    buf->data = data;
    buf->room = room;
    return true;
}

uint8_t *buf_reserve(struct buf *buf, size_t size) {
    if (buf->failed) return NULL;
    if (size > buf->cap - buf->size) {
        buf->failed = true;
        return NULL;
    }
    bool enough = buf->data != NULL && size <= buf->room - buf->size;
    if (!enough && !grow(buf, buf->size + size)) {
        buf->failed = true;
        return NULL;
    }
    return buf->data + buf->size;
}

bool buf_add(struct buf *buf, const void *bytes, size_t size) {
    uint8_t *to = buf_reserve(buf, size);
    if (to == NULL) return false;
    if (size > 0) memcpy(to, bytes, size);
    buf->size += size;
    return true;
}

bool buf_byte(struct buf *buf, uint8_t byte) {
    return buf_add(buf, &byte, 1);
}

bool buf_text(struct buf *buf, const char *text) {
    return buf_add(buf, text, strlen(text));
}

bool buf_format(struct buf *buf, const char *format, ...) {
    if (buf_reserve(buf, 0) == NULL) return false;
    size_t room = buf->room - buf->size;
    for (;;) {
        va_list args;
        va_start(args, format);
        int size = vsnprintf((char *)buf->data + buf->size, room + 1, format, args);
        va_end(args);
        if (size < 0) return !(buf->failed = true);
        if ((size_t)size <= room) {
            buf->size += (size_t)size;
            return true;
        }
        if (buf_reserve(buf, (size_t)size) == NULL) return false;
        room = buf->room - buf->size;
    }
}

/* The letter after the backslash in JSON, 'u' for control characters that have none of their own.
 */
static char escape_of(uint8_t byte) {
    static const char letters[] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                   ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    char letter = byte < sizeof letters ? letters[byte] : 0;
    return letter == 0 && byte < 0x20 ? 'u' : letter; /* 0: it stands for itself */
}

static bool add_escape(struct buf *buf, uint8_t byte, char letter) {
    if (letter == 'u') return buf_format(buf, "\\u%04x", byte);
    return buf_add(buf, (char[]){'\\', letter}, 2);
}

bool buf_json_string(struct buf *buf, const void *bytes, size_t size) {
    const uint8_t *at = bytes, *end = at + size;
    const uint8_t *plain = at; /* [plain, at) is still to be copied */
    buf_byte(buf, '"');
    while (at < end && !buf->failed) {
        char letter = escape_of(*at);
        size_t length = letter != 0 ? 0 : utf8_sequence(at, (size_t)(end - at));
        if (length > 0) {
            at += length;
            continue;
        }
        buf_add(buf, plain, (size_t)(at - plain));
        if (letter != 0)
            add_escape(buf, *at, letter);
        else
            buf_text(buf, "\xef\xbf\xbd");
        plain = ++at;
    }
    buf_add(buf, plain, (size_t)(at - plain));
    return buf_byte(buf, '"');
}

const char *buf_cstr(struct buf *buf) {
    if (buf_reserve(buf, 0) == NULL) return NULL;
    buf->data[buf->size] = '\0';
    return (const char *)buf->data;
}
