#include "base/escape.h"

#include <string.h>

/* Control characters, the line and paragraph separators, and the format characters that have no
 * glyph of their own (Unicode 15, general categories Cc, Cf, Zl, Zp). */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x61c, 0x61c},
    {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x13430, 0x1345f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe007f},
};

/* `length`: of a well-formed sequence. */
static uint32_t scalar_of(const uint8_t *at, size_t length) {
    uint32_t scalar = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) scalar = scalar << 6 | (at[i] & 0x3f);
    return scalar;
}

static bool is_hidden(uint32_t scalar) {
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden && hidden[i].first <= scalar; i++)
        if (scalar <= hidden[i].last) return true;
    return false;
}

static size_t escape_byte(uint8_t byte, char out[ESCAPE_MAX]) {
    static const char digits[] = "0123456789abcdef";
    out[0] = '\\';
    out[1] = byte == '\n' ? 'n' : byte == '\t' ? 't' : 'x';
    if (out[1] != 'x') return 2;
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
    return 4;
}

size_t escape_next(const void *bytes, size_t size, char out[ESCAPE_MAX], size_t *out_size) {
    const uint8_t *at = bytes;
    size_t length = utf8_sequence(at, size);
    if (length == 0 || is_hidden(scalar_of(at, length))) {
        *out_size = escape_byte(at[0], out); /* what is left of its sequence is not UTF-8 */
        return 1;
    }
    memcpy(out, at, length);
    *out_size = length;
    return length;
}

bool escape_add(struct buf *buf, struct str text) {
    for (size_t at = 0; at < text.size && !buf->failed;) {
        char shown[ESCAPE_MAX];
        size_t size;
        at += escape_next(text.data + at, text.size - at, shown, &size);
        buf_add(buf, shown, size);
    }
    return !buf->failed;
}
