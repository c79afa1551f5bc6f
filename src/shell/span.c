#include "shell/span.h"

#include <string.h>

struct cursor {
    const char *at, *end;
};

static bool one_of(char byte, const char *set) {
    return byte != '\0' && strchr(set, byte) != NULL;
}

static void skip_space(struct cursor *cursor) {
    while (cursor->at < cursor->end && one_of(*cursor->at, " \t\r\n")) cursor->at++;
}

/* Behind the closing quote; `at` is on the opening one. */
static void skip_string(struct cursor *cursor) {
    cursor->at++;
    while (cursor->at < cursor->end && *cursor->at != '"')
        cursor->at += *cursor->at == '\\' && cursor->end - cursor->at > 1 ? 2 : 1;
    if (cursor->at < cursor->end) cursor->at++;
}

static bool ends_scalar(char byte) {
    return one_of(byte, ",]} \t\r\n");
}

/* A whole value: brackets are counted, for the text is known to be well-formed. */
static struct str take_value(struct cursor *cursor) {
    const char *start = cursor->at;
    size_t depth = 0;
    while (cursor->at < cursor->end) {
        char byte = *cursor->at;
        if (byte == '"')
            skip_string(cursor);
        else if (depth == 0 && ends_scalar(byte))
            break;
        else
            cursor->at++;
        if (byte == '{' || byte == '[') depth++;
        if (byte == '}' || byte == ']') depth--;
        if (depth == 0 && one_of(byte, "\"}]")) break;
    }
    return (struct str){start, (size_t)(cursor->at - start)};
}

/* ---- strings */

static bool take_hex(struct cursor *cursor, uint32_t *unit) {
    *unit = 0;
    if (cursor->end - cursor->at < 4) return false;
    for (int i = 0; i < 4; i++) {
        char digit = *cursor->at++;
        uint32_t value =
            digit <= '9' ? (uint32_t)(digit - '0') : (uint32_t)((digit | 0x20) - 'a' + 10);
        if (value > 15) return false;
        *unit = *unit << 4 | value;
    }
    return true;
}

/* What stands behind "\u": one unit, or a pair of surrogates. */
static bool take_unicode(struct cursor *cursor, uint32_t *scalar) {
    uint32_t low;
    if (!take_hex(cursor, scalar)) return false;
    if (*scalar < 0xd800 || *scalar > 0xdfff) return true;
    if (*scalar > 0xdbff || cursor->end - cursor->at < 6 || memcmp(cursor->at, "\\u", 2) != 0)
        return false;
    cursor->at += 2;
    if (!take_hex(cursor, &low) || low < 0xdc00 || low > 0xdfff) return false;
    *scalar = 0x10000 + ((*scalar - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* The scalar that an escape stands for; `at` is behind the backslash. */
static bool take_escape(struct cursor *cursor, uint32_t *scalar) {
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (cursor->at == cursor->end) return false;
    char letter = *cursor->at++;
    if (letter == 'u') return take_unicode(cursor, scalar);
    const char *known = memchr(letters, letter, sizeof letters - 1);
    if (known) *scalar = (uint8_t)values[known - letters];
    return known != NULL;
}

static bool decode(struct str quoted, struct buf *out) {
    if (quoted.size < 2 || quoted.data[0] != '"') return false;
    struct cursor cursor = {quoted.data + 1, quoted.data + quoted.size - 1};
    while (cursor.at < cursor.end) {
        const char *escape = memchr(cursor.at, '\\', (size_t)(cursor.end - cursor.at));
        const char *plain_end = escape ? escape : cursor.end;
        if (!buf_add(out, cursor.at, (size_t)(plain_end - cursor.at))) return false;
        cursor.at = plain_end;
        if (!escape) return true;
        cursor.at++;
        uint32_t scalar;
        uint8_t utf8[4];
        if (!take_escape(&cursor, &scalar) || !buf_add(out, utf8, utf8_encode(scalar, utf8)))
            return false;
    }
    return true;
}

bool span_string(struct str json, struct buf *out, struct str *text) {
    size_t start = out->size;
    if (!decode(json, out)) return false;
    *text = (struct str){(char *)out->data + start, out->size - start};
    return true;
}

bool span_blank(struct str text) {
    for (size_t i = 0; i < text.size; i++)
        if (!one_of(text.data[i], " \t\r\n\v\f")) return false;
    return true;
}

/* ---- members */

static bool key_is(struct str quoted, const char *key) {
    struct str plain = {quoted.data + 1, quoted.size - 2};
    if (!memchr(plain.data, '\\', plain.size)) return str_is(plain, key);
    struct buf decoded;
    buf_init(&decoded, 256); /* a longer key is none that anybody looks for */
    bool same =
        decode(quoted, &decoded) && str_is((struct str){(char *)decoded.data, decoded.size}, key);
    buf_free(&decoded);
    return same;
}

bool span_members(struct str json, const char *const *keys, struct str *values, unsigned count) {
    struct cursor cursor = {json.data, json.data + json.size};
    for (unsigned i = 0; i < count; i++) values[i] = (struct str){0};
    skip_space(&cursor);
    if (cursor.at == cursor.end || *cursor.at != '{') return false;
    cursor.at++;
    for (;;) {
        while (cursor.at < cursor.end && one_of(*cursor.at, ", \t\r\n")) cursor.at++;
        if (cursor.at == cursor.end || *cursor.at != '"') return true;
        struct str key = take_value(&cursor);
        while (cursor.at < cursor.end && one_of(*cursor.at, ": \t\r\n")) cursor.at++;
        struct str value = take_value(&cursor);
        if (key.size < 2 || value.size == 0) return false; /* not JSON */
        for (unsigned i = 0; i < count; i++)
            if (key_is(key, keys[i])) values[i] = value;
    }
}
