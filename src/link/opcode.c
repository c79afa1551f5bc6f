#include "link/opcode.h"

#include <stddef.h>

const uint8_t opcode_plain[256] = {
#define PLAIN(code, name, immediates) [code] = IMMEDIATES_##immediates,
#include "link/opcode.def"
};

static const uint8_t misc[OPCODE_MISC_COUNT] = {
#define MISC(code, name, immediates) [code] = IMMEDIATES_##immediates,
#include "link/opcode.def"
};

static const uint8_t simd[OPCODE_SIMD_COUNT] = {
#define SIMD(code, name, immediates) [code] = IMMEDIATES_##immediates,
#include "link/opcode.def"
};

static const char *const plain_names[256] = {
#define PLAIN(code, name, immediates) [code] = (name),
#include "link/opcode.def"
};

static const char *const misc_names[OPCODE_MISC_COUNT] = {
#define MISC(code, name, immediates) [code] = (name),
#include "link/opcode.def"
};

static const char *const simd_names[OPCODE_SIMD_COUNT] = {
#define SIMD(code, name, immediates) [code] = (name),
#include "link/opcode.def"
};

enum opcode_immediates opcode_immediates(uint8_t prefix, uint32_t code) {
    if (prefix == 0 && code < 256) return (enum opcode_immediates)opcode_plain[code];
    if (prefix == OPCODE_PREFIX_MISC && code < OPCODE_MISC_COUNT)
        return (enum opcode_immediates)misc[code];
    if (prefix == OPCODE_PREFIX_SIMD && code < OPCODE_SIMD_COUNT)
        return (enum opcode_immediates)simd[code];
    return OPCODE_UNKNOWN;
}

const char *opcode_name(uint8_t prefix, uint32_t code) {
    if (prefix == 0 && code < 256) return plain_names[code];
    if (prefix == OPCODE_PREFIX_MISC && code < OPCODE_MISC_COUNT) return misc_names[code];
    if (prefix == OPCODE_PREFIX_SIMD && code < OPCODE_SIMD_COUNT) return simd_names[code];
    return NULL;
}

/* Ranges of codes that proposals have taken which we do not take. */
static const struct {
    uint8_t prefix;
    uint32_t first, last;
    const char *proposal;
} proposals[] = {
    {0, 0x06, 0x0a, "the exception handling proposal"},
    {0, 0x14, 0x15, "the typed function references proposal"},
    {0, 0x18, 0x19, "the exception handling proposal"},
    {0, 0x1f, 0x1f, "the exception handling proposal"},
    {0, 0xd3, 0xd3, "the GC proposal"},
    {0, 0xd4, 0xd6, "the typed function references proposal"},
    {0, 0xe0, 0xe6, "the stack switching proposal"},
    {OPCODE_PREFIX_GC, 0, UINT32_MAX, "the GC proposal"},
    {OPCODE_PREFIX_MISC, 0x12, 0x12, "the memory control proposal"},
    {OPCODE_PREFIX_MISC, 0x13, 0x16, "the wide arithmetic proposal"},
    {OPCODE_PREFIX_THREADS, 0, UINT32_MAX, "the threads proposal"},
};

const char *opcode_proposal(uint8_t prefix, uint32_t code) {
    for (size_t i = 0; i < sizeof proposals / sizeof *proposals; i++)
        if (proposals[i].prefix == prefix && code >= proposals[i].first &&
            code <= proposals[i].last)
            return proposals[i].proposal;
    return "no proposal that we know";
}
