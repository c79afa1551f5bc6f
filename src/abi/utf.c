/* Transcoding between UTF-8, the host's only encoding, and what a guest may have chosen: UTF-16 and
 * latin1. Source: CanonicalABI.md, "load_string" and "store_string". */
#include <string.h>

#include "abi/internal.h"

static uint32_t unit_at(const uint8_t *units, uint32_t index) {
    uint16_t unit;
    memcpy(&unit, units + 2 * (size_t)index, sizeof unit);
    return unit;
}

static uint8_t *put_unit(uint8_t *out, uint32_t unit) {
    uint16_t value = (uint16_t)unit;
    memcpy(out, &value, sizeof value);
    return out + sizeof value;
}

/* The scalar value at *index, which moves past it; UINT32_MAX: a surrogate without its other half.
 */
static uint32_t next_scalar(const uint8_t *units, uint32_t count, uint32_t *index) {
    uint32_t high = unit_at(units, (*index)++);
    if (high < 0xd800 || high > 0xdfff) return high;
    if (high > 0xdbff || *index == count) return UINT32_MAX;
    uint32_t low = unit_at(units, (*index)++);
    if (low < 0xdc00 || low > 0xdfff) return UINT32_MAX;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

bool utf16_measure(const uint8_t *units, uint32_t count, uint64_t *utf8_size) {
    *utf8_size = 0;
    for (uint32_t i = 0; i < count;) {
        uint32_t scalar = next_scalar(units, count, &i);
        if (scalar == UINT32_MAX) return false;
        *utf8_size += scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    }
    return true;
}

void utf16_to_utf8(const uint8_t *units, uint32_t count, uint8_t *out) {
    for (uint32_t i = 0; i < count;) out += utf8_encode(next_scalar(units, count, &i), out);
}

uint64_t latin1_measure(const uint8_t *bytes, uint32_t count) {
    uint64_t size = count;
    for (uint32_t i = 0; i < count; i++) size += bytes[i] >> 7;
    return size;
}

void latin1_to_utf8(const uint8_t *bytes, uint32_t count, uint8_t *out) {
    for (uint32_t i = 0; i < count; i++) out += utf8_encode(bytes[i], out);
}

/* The scalar value at *index, which moves past it. What a host function gives should be
 * well-formed; if it is not, it must still not make the two passes over it differ. */
static uint32_t decode(const uint8_t *bytes, uint32_t size, uint32_t *index) {
    const uint8_t *at = bytes + *index;
    size_t length = at[0] < 0x80 ? 1 : utf8_sequence(at, size - *index);
    *index += length == 0 ? 1 : (uint32_t)length;
    switch (length) {
    case 1:
        return at[0];
    case 2:
        return (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
    case 3:
        return (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    case 4:
        return (at[0] & 0x07u) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 |
               (at[3] & 0x3fu);
    default:
        return 0xfffd;
    }
}

uint32_t utf8_count_utf16(const uint8_t *bytes, uint32_t size) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < size;) count += decode(bytes, size, &i) < 0x10000 ? 1 : 2;
    return count;
}

void utf8_to_utf16(const uint8_t *bytes, uint32_t size, uint8_t *out) {
    for (uint32_t i = 0; i < size;) {
        uint32_t scalar = decode(bytes, size, &i);
        if (scalar >= 0x10000) {
            out = put_unit(out, 0xd800 + ((scalar - 0x10000) >> 10));
            scalar = 0xdc00 + ((scalar - 0x10000) & 0x3ff);
        }
        out = put_unit(out, scalar);
    }
}

bool utf8_fits_latin1(const uint8_t *bytes, uint32_t size, uint32_t *count) {
    *count = 0;
    for (uint32_t i = 0; i < size; ++*count)
        if (decode(bytes, size, &i) > 0xff) return false;
    return true;
}

void utf8_to_latin1(const uint8_t *bytes, uint32_t size, uint8_t *out) {
    for (uint32_t i = 0; i < size;) *out++ = (uint8_t)decode(bytes, size, &i);
}
