#include "base/str.h"

#include <xxhash.h>

bool str_starts(struct str s, const char *prefix) {
    size_t size = strlen(prefix);
    return s.size >= size && (size == 0 || memcmp(s.data, prefix, size) == 0);
}

bool str_ends(struct str s, const char *suffix) {
    size_t size = strlen(suffix);
    return s.size >= size && (size == 0 || memcmp(s.data + s.size - size, suffix, size) == 0);
}

size_t str_find(struct str s, char byte) {
    const char *found = s.size == 0 ? NULL : memchr(s.data, byte, s.size);
    return found == NULL ? s.size : (size_t)(found - s.data);
}

int str_compare(struct str a, struct str b) {
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

uint64_t str_hash(struct str s) {
    return XXH3_64bits(s.data, s.size);
}

/* Unicode 15, table 3-7: the lead byte fixes the length and the range of the second byte. */
size_t utf8_lead(uint8_t lead, uint8_t *low, uint8_t *high) {
    *low = 0x80, *high = 0xbf;
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0; /* a continuation byte, or an overlong form of ASCII */
    if (lead < 0xe0) return 2;
    if (lead < 0xf0) {
        if (lead == 0xe0) *low = 0xa0;  /* shorter forms exist */
        if (lead == 0xed) *high = 0x9f; /* surrogates */
        return 3;
    }
    if (lead > 0xf4) return 0;
    if (lead == 0xf0) *low = 0x90;  /* shorter forms exist */
    if (lead == 0xf4) *high = 0x8f; /* beyond U+10FFFF */
    return 4;
}

size_t utf8_sequence(const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    uint8_t low, high;
    if (size == 0) return 0;
    size_t length = utf8_lead(at[0], &low, &high);
    if (length > size) return 0;
    if (length >= 2 && (at[1] < low || at[1] > high)) return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    return length;
}

bool utf8_valid(const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    while (size > 0) {
        uint64_t word;
        if (size >= sizeof word &&
            (memcpy(&word, at, sizeof word), (word & 0x8080808080808080) == 0)) {
            at += sizeof word, size -= sizeof word;
            continue;
        }
        size_t length = utf8_sequence(at, size);
        if (length == 0) return false;
        at += length, size -= length;
    }
    return true;
}

size_t utf8_encode(uint32_t scalar, uint8_t out[4]) {
    if (scalar < 0x80) {
        out[0] = (uint8_t)scalar;
        return 1;
    }
    size_t length = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, scalar >>= 6)
        out[i] = (uint8_t)(0x80 | (scalar & 0x3f));
    out[0] = (uint8_t)((0xf00 >> length) | scalar); /* as many leading one bits as bytes */
    return length;
}
