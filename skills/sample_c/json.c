#include "json.h"

#include <string.h>

enum { DEPTH_MAX = 128 }; // of skipped values; the reader recurses once per level

static bool fail(struct json_reader *r, const char *error) {
    if (!r->error) r->error = error;
    return false;
}

static void space(struct json_reader *r) {
    while (r->at < r->end && strchr(" \t\n\r", *r->at) && *r->at) r->at++;
}

// The next character that is no space, 0 at the end.
static char peek(struct json_reader *r) {
    space(r);
    return r->at < r->end ? *r->at : 0;
}

static bool literal(struct json_reader *r, const char *word) {
    size_t size = strlen(word);
    space(r);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0) return false;
    r->at += size;
    return true;
}

bool json_null(struct json_reader *r) {
    return literal(r, "null");
}

bool json_object_begin(struct json_reader *r) {
    return literal(r, "{") || fail(r, "an object is expected");
}

bool json_object_key(struct json_reader *r, bool *first, struct json_text *key) {
    if (r->error || literal(r, "}")) return false;
    if (!*first && !literal(r, ",")) return fail(r, "',' or '}' is expected");
    *first = false;
    if (!json_string(r, key)) return false;
    return literal(r, ":") || fail(r, "':' is expected");
}

bool json_end(struct json_reader *r) {
    if (r->error) return false;
    return (space(r), r->at == r->end) || fail(r, "text follows the value");
}

// ---- strings ------------------------------------------------------------------------------------

static bool hex4(struct json_reader *r, uint32_t *out) {
    uint32_t value = 0;
    if (r->end - r->at < 4) return fail(r, "\\u needs four digits");
    for (int i = 0; i < 4; i++) {
        char c = *r->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16) return fail(r, "\\u needs four digits");
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

// After \u: one code point, from one escape or from the two of a surrogate pair.
static bool code_point(struct json_reader *r, uint32_t *out) {
    uint32_t low;
    if (!hex4(r, out)) return false;
    if (*out < 0xd800 || *out > 0xdfff) return true;
    if (*out > 0xdbff || r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
        return fail(r, "half of a surrogate pair");
    r->at += 2;
    if (!hex4(r, &low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return fail(r, "half of a surrogate pair");
    *out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static char *put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xe0 | c >> 12);
        } else {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

static bool escape(struct json_reader *r, char **to) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *name;
    uint32_t c;
    if (r->at == r->end) return fail(r, "a string has no end");
    char kind = *r->at++;
    if (kind == 'u') {
        if (!code_point(r, &c)) return false;
        *to = put_utf8(*to, c);
        return true;
    }
    name = kind ? strchr(names, kind) : NULL;
    if (!name) return fail(r, "an unknown escape");
    *(*to)++ = values[name - names];
    return true;
}

// Copies one character of valid UTF-8: shortest form, no surrogates, at most U+10FFFF.
static bool character(struct json_reader *r, char **to) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)*r->at;
    int more = first < 0x80 ? 0 : (first & 0xe0) == 0xc0 ? 1 : (first & 0xf0) == 0xe0 ? 2 : 3;
    uint32_t c = more == 0 ? first : first & (0x3fu >> more);
    if (first < 0x20) return fail(r, "a control character in a string");
    if ((first & 0xc0) == 0x80 || first > 0xf4 || r->end - r->at <= more)
        return fail(r, "a string is no UTF-8");
    for (int i = 1; i <= more; i++) {
        unsigned char next = (unsigned char)r->at[i];
        if ((next & 0xc0) != 0x80) return fail(r, "a string is no UTF-8");
        c = c << 6 | (next & 0x3f);
    }
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return fail(r, "a string is no UTF-8");
    memmove(*to, r->at, (size_t)more + 1);
    *to += more + 1;
    r->at += more + 1;
    return true;
}

bool json_string(struct json_reader *r, struct json_text *out) {
    char *to;
    if (!literal(r, "\"")) return fail(r, "a string is expected");
    out->data = to = r->at;
    while (r->at < r->end && *r->at != '"') {
        bool ok = *r->at == '\\' ? (r->at++, escape(r, &to)) : character(r, &to);
        if (!ok) return false;
    }
    if (r->at == r->end) return fail(r, "a string has no end");
    r->at++;
    out->size = (size_t)(to - out->data);
    return true;
}

char *json_quote(char *to, struct json_text text) {
    static const char hex[] = "0123456789abcdef";
    *to++ = '"';
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '"' || c == '\\') {
            *to++ = '\\';
            *to++ = c;
        } else if ((unsigned char)c < 0x20) {
            memcpy(to, "\\u00", 4);
            to[4] = hex[c >> 4];
            to[5] = hex[c & 15];
            to += 6;
        } else {
            *to++ = c;
        }
    }
    *to++ = '"';
    return to;
}

// ---- numbers and what is skipped ----------------------------------------------------------------

static bool digit(const struct json_reader *r) {
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static bool digits(struct json_reader *r) {
    if (!digit(r)) return fail(r, "a digit is expected");
    while (digit(r)) r->at++;
    return true;
}

static bool next_is(struct json_reader *r, char a, char b) {
    if (r->at == r->end || (*r->at != a && *r->at != b)) return false;
    r->at++;
    return true;
}

static bool number(struct json_reader *r) {
    space(r);
    next_is(r, '-', '-');
    if (!next_is(r, '0', '0') && !digits(r)) return false;
    if (next_is(r, '.', '.') && !digits(r)) return false;
    if (next_is(r, 'e', 'E')) {
        next_is(r, '+', '-');
        return digits(r);
    }
    return true;
}

bool json_integer(struct json_reader *r, int64_t *out) {
    const char *start = (space(r), r->at);
    bool negative = start < r->end && *start == '-';
    int64_t value = 0;
    if (!number(r)) return false;
    for (const char *c = start + negative; c < r->at; c++) {
        if (*c < '0' || *c > '9') return fail(r, "an integer is expected");
        if (value > (INT64_MAX - 9) / 10) return fail(r, "an integer is too large");
        value = value * 10 + (*c - '0');
    }
    *out = negative ? -value : value;
    return true;
}

static bool skip(struct json_reader *r, int depth);

static bool skip_object(struct json_reader *r, int depth) {
    struct json_text key;
    bool first = true;
    json_object_begin(r);
    while (json_object_key(r, &first, &key)) skip(r, depth + 1);
    return !r->error;
}

static bool skip_array(struct json_reader *r, int depth) {
    literal(r, "[");
    if (literal(r, "]")) return true;
    do {
        if (!skip(r, depth + 1)) return false;
    } while (literal(r, ","));
    return literal(r, "]") || fail(r, "',' or ']' is expected");
}

static bool skip(struct json_reader *r, int depth) {
    struct json_text text;
    if (depth > DEPTH_MAX) return fail(r, "values are nested too deeply");
    switch (peek(r)) {
    case '{':
        return skip_object(r, depth);
    case '[':
        return skip_array(r, depth);
    case '"':
        return json_string(r, &text);
    case 't':
        return literal(r, "true") || fail(r, "a value is expected");
    case 'f':
        return literal(r, "false") || fail(r, "a value is expected");
    case 'n':
        return json_null(r) || fail(r, "a value is expected");
    default:
        return number(r);
    }
}

bool json_skip(struct json_reader *r) {
    return skip(r, 0);
}
