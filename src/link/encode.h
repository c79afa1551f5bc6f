/* Writing WebAssembly: LEB128 numbers, and the few instructions of which generated functions are
 * made. Source: core specification 2.0, 5.2.2 and 5.4. A full buffer is remembered by the buffer;
 * check it once at the end. */
#ifndef PK_LINK_ENCODE_H
#define PK_LINK_ENCODE_H

#include <string.h>

#include "base/buf.h"
#include "base/str.h"

enum { LEB_MAX_U32 = 5, LEB_MAX_64 = 10 };

enum wasm_section {
    SECTION_TYPE = 1,
    SECTION_IMPORT = 2,
    SECTION_FUNCTION = 3,
    SECTION_TABLE = 4,
    SECTION_MEMORY = 5,
    SECTION_GLOBAL = 6,
    SECTION_EXPORT = 7,
    SECTION_ELEMENT = 9,
    SECTION_CODE = 10,
    SECTION_DATA = 11,
    SECTION_DATA_COUNT = 12,
};

/* Only what is written, or looked for; opcode.def has all that is read. */
enum wasm_op {
    OP_UNREACHABLE = 0x00,
    OP_BLOCK = 0x02,
    OP_LOOP = 0x03,
    OP_IF = 0x04,
    OP_ELSE = 0x05,
    OP_END = 0x0b,
    OP_BR = 0x0c,
    OP_BR_IF = 0x0d,
    OP_RETURN = 0x0f,
    OP_CALL = 0x10,
    OP_DROP = 0x1a,
    OP_LOCAL_GET = 0x20,
    OP_LOCAL_SET = 0x21,
    OP_LOCAL_TEE = 0x22,
    OP_GLOBAL_GET = 0x23,
    OP_GLOBAL_SET = 0x24,
    OP_MEMORY_SIZE = 0x3f,
    OP_MEMORY_GROW = 0x40,
    OP_I32_CONST = 0x41,
    OP_I64_CONST = 0x42,
    OP_F32_CONST = 0x43,
    OP_F64_CONST = 0x44,
    OP_I32_EQ = 0x46,
    OP_I32_LT_U = 0x49,
    OP_I32_GT_U = 0x4b,
    OP_I32_LE_U = 0x4d,
    OP_I64_EQZ = 0x50,
    OP_I64_GT_U = 0x56,
    OP_I32_ADD = 0x6a,
    OP_I32_SUB = 0x6b,
    OP_I32_MUL = 0x6c,
    OP_I32_OR = 0x72,
    OP_I64_ADD = 0x7c,
    OP_I64_SUB = 0x7d,
    OP_I64_MUL = 0x7e,
    OP_I64_SHL = 0x86,
    OP_I64_SHR_U = 0x88,
    OP_I32_WRAP_I64 = 0xa7,
    OP_I64_EXTEND_I32_U = 0xad,
    OP_REF_NULL = 0xd0,
    OP_REF_FUNC = 0xd2,
    OP_PREFIX_MISC = 0xfc,
    OP_PREFIX_SIMD = 0xfd,
    BLOCK_EMPTY = 0x40,
};

enum wasm_misc_op {
    MISC_MEMORY_INIT = 8,
    MISC_MEMORY_COPY = 10,
    MISC_MEMORY_FILL = 11,
    MISC_TABLE_INIT = 12,
    MISC_TABLE_COPY = 14,
    MISC_TABLE_GROW = 15,
    MISC_TABLE_SIZE = 16,
    MISC_TABLE_FILL = 17,
    SIMD_V128_CONST = 12,
};

/* Write at `out`, which has room for LEB_MAX_U32 (LEB_MAX_64) bytes; returns the end. */
static inline uint8_t *leb_u32(uint8_t *out, uint32_t value) {
    while (value >= 0x80) {
        *out++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

static inline uint8_t *leb_s64(uint8_t *out, int64_t value) {
    while (value < -64 || value > 63) {
        *out++ = (uint8_t)((value & 0x7f) | 0x80);
        value >>= 7;
    }
    *out++ = (uint8_t)(value & 0x7f);
    return out;
}

static inline void put_u32(struct buf *buf, uint32_t value) {
    uint8_t bytes[LEB_MAX_U32];
    buf_add(buf, bytes, (size_t)(leb_u32(bytes, value) - bytes));
}

static inline void put_s64(struct buf *buf, int64_t value) {
    uint8_t bytes[LEB_MAX_64];
    buf_add(buf, bytes, (size_t)(leb_s64(bytes, value) - bytes));
}

static inline void put_name(struct buf *buf, const void *bytes, size_t size) {
    put_u32(buf, (uint32_t)size);
    buf_add(buf, bytes, size);
}

/* An instruction without immediates, with one index, and constants. */
static inline void put_op(struct buf *buf, enum wasm_op op) {
    buf_byte(buf, (uint8_t)op);
}
static inline void put_op1(struct buf *buf, enum wasm_op op, uint32_t index) {
    buf_byte(buf, (uint8_t)op);
    put_u32(buf, index);
}
static inline void put_i32(struct buf *buf, int32_t value) {
    buf_byte(buf, OP_I32_CONST);
    put_s64(buf, value);
}
static inline void put_i64(struct buf *buf, int64_t value) {
    buf_byte(buf, OP_I64_CONST);
    put_s64(buf, value);
}
/* A section: id, size, contents. */
static inline void put_section(struct buf *buf, enum wasm_section id, const struct buf *contents) {
    buf_byte(buf, (uint8_t)id);
    put_u32(buf, (uint32_t)contents->size);
    buf_add(buf, contents->data, contents->size);
}

#endif
