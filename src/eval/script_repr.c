/* How Python writes a str: Objects/unicodeobject.c, unicode_repr(). */
#include "base/must.h"
#include "base/str.h"
#include "eval/script.h"

static bool is_printable(uint32_t scalar) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {
#include "eval/unprintable.def"
    };
    if (scalar < 0x80) return scalar >= 0x20 && scalar != 0x7f;
    size_t low = 0, high = sizeof ranges / sizeof *ranges;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < scalar)
            low = middle + 1;
        else
            high = middle;
    }
    return low == sizeof ranges / sizeof *ranges || scalar < ranges[low].first;
}

static uint32_t decode(const uint8_t *at, size_t length) {
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t scalar = at[0] & masks[length];
    for (size_t i = 1; i < length; i++) scalar = scalar << 6 | (at[i] & 0x3f);
    return scalar;
}

static void add_character(struct buf *out, const uint8_t *at, size_t length, char quote) {
    uint32_t scalar = decode(at, length);
    if (scalar == (uint32_t)quote || scalar == '\\') buf_byte(out, '\\');
    if (is_printable(scalar))
        buf_add(out, at, length);
    else if (scalar == '\t' || scalar == '\n' || scalar == '\r')
        buf_text(out, scalar == '\t' ? "\\t" : scalar == '\n' ? "\\n" : "\\r");
    else if (scalar <= 0xff)
        buf_format(out, "\\x%02x", scalar);
    else
        buf_format(out, scalar <= 0xffff ? "\\u%04x" : "\\U%08x", scalar);
}

void script_python_repr(struct buf *out, const void *word, size_t size) {
    struct str text = {word, size};
    bool single = str_find(text, '\'') < size, twice = str_find(text, '"') < size;
    char quote = single && !twice ? '"' : '\'';
    buf_byte(out, (uint8_t)quote);
    for (size_t at = 0, length; at < size; at += length) {
        length = utf8_sequence(text.data + at, size - at);
        must(length > 0);
        add_character(out, (const uint8_t *)text.data + at, length, quote);
    }
    buf_byte(out, (uint8_t)quote);
}
