/* RFC 8259 written down rule by rule, without regard to speed: what json_check is compared with.
 * Each function moves `at` over its construct, or returns false. */
#ifndef PK_TESTS_JSON_SLOW_H
#define PK_TESTS_JSON_SLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slow {
    const uint8_t *at, *end;
};

static bool slow_value(struct slow *text, int depth);

static bool slow_one_of(struct slow *text, const char *set) {
    if (text->at == text->end || *text->at == 0 || strchr(set, *text->at) == NULL) return false;
    text->at++;
    return true;
}

static bool slow_word(struct slow *text, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(text->end - text->at) < size || memcmp(text->at, word, size) != 0) return false;
    text->at += size;
    return true;
}

static void slow_space(struct slow *text) {
    while (slow_one_of(text, " \t\r\n")) {
    }
}

static bool slow_digits(struct slow *text) {
    if (!slow_one_of(text, "0123456789")) return false;
    while (slow_one_of(text, "0123456789")) {
    }
    return true;
}

static bool slow_number(struct slow *text) {
    slow_one_of(text, "-");
    if (!slow_one_of(text, "0") && !slow_digits(text)) return false;
    if (slow_one_of(text, ".") && !slow_digits(text)) return false;
    if (slow_one_of(text, "eE")) {
        slow_one_of(text, "+-");
        return slow_digits(text);
    }
    return true;
}

/* Decodes, then looks at the scalar value. */
static bool slow_character(struct slow *text) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = *text->at;
    int size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (size == 0 || text->end - text->at < size) return false;
    uint32_t scalar = size == 1 ? lead : lead & (0x7f >> size);
    for (int i = 1; i < size; i++) {
        if (text->at[i] >> 6 != 2) return false;
        scalar = scalar << 6 | (text->at[i] & 0x3f);
    }
    text->at += size;
    bool surrogate = scalar >= 0xd800 && scalar <= 0xdfff;
    return scalar >= 0x20 && scalar >= least[size] && scalar <= 0x10ffff && !surrogate;
}

static bool slow_string(struct slow *text) {
    if (!slow_one_of(text, "\"")) return false;
    while (text->at < text->end) {
        if (slow_one_of(text, "\"")) return true;
        if (slow_one_of(text, "\\")) {
            if (slow_one_of(text, "u")) {
                for (int i = 0; i < 4; i++)
                    if (!slow_one_of(text, "0123456789abcdefABCDEF")) return false;
            } else if (!slow_one_of(text, "\"\\/bfnrt")) {
                return false;
            }
        } else if (!slow_character(text)) {
            return false;
        }
    }
    return false;
}

static bool slow_member(struct slow *text, int depth) {
    slow_space(text);
    if (!slow_string(text)) return false;
    slow_space(text);
    return slow_one_of(text, ":") && slow_value(text, depth);
}

/* What stands between the brackets, and the closing one. */
static bool slow_list(struct slow *text, const char *close, int depth) {
    bool object = *close == '}';
    if (depth > 128) return false;
    slow_space(text);
    if (slow_one_of(text, close)) return true;
    do
        if (object ? !slow_member(text, depth) : !slow_value(text, depth)) return false;
    while (slow_one_of(text, ","));
    return slow_one_of(text, close);
}

/* With the white space on both sides. */
static bool slow_value(struct slow *text, int depth) {
    slow_space(text);
    if (text->at == text->end) return false;
    bool valid;
    if (slow_one_of(text, "{"))
        valid = slow_list(text, "}", depth + 1);
    else if (slow_one_of(text, "["))
        valid = slow_list(text, "]", depth + 1);
    else if (*text->at == '"')
        valid = slow_string(text);
    else
        valid = slow_word(text, "true") || slow_word(text, "false") || slow_word(text, "null") ||
                slow_number(text);
    slow_space(text);
    return valid;
}

static bool slow_json(const void *bytes, size_t size) {
    struct slow text = {bytes, (const uint8_t *)bytes + size};
    return slow_value(&text, 0) && text.at == text.end;
}

#endif
