#include "component/reader.h"

#include <stdarg.h>
#include <stdio.h>

void reader_init(struct reader *reader, struct slice slice, struct err *err) {
    /* Nothing may be added to a NULL pointer, so an empty slice gets a place to point at. */
    const uint8_t *start = slice.data != NULL ? slice.data : (const uint8_t *)"";
    *reader = (struct reader){
        .at = start, .end = start + slice.size, .base = slice.offset, .start = start, .err = err};
}

uint32_t reader_offset(const struct reader *reader) {
    return reader->base + (uint32_t)(reader->at - reader->start);
}

static void fail(struct reader *reader, uint32_t offset, enum err_kind kind, const char *format,
                 va_list args) {
    char text[512];
    if (reader->failed) return;
    vsnprintf(text, sizeof text, format, args);
    err_set(reader->err, kind, "%s at offset 0x%x", text, offset);
    reader->failed = true;
    /* What a caller reads on in spite of the failure must be nothing, and end its loops. */
    reader->at = reader->end;
}

bool reader_fail(struct reader *reader, enum err_kind kind, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail(reader, reader_offset(reader), kind, format, args);
    va_end(args);
    return false;
}

bool reader_fail_at(struct reader *reader, uint32_t offset, enum err_kind kind, const char *format,
                    ...) {
    va_list args;
    va_start(args, format);
    fail(reader, offset, kind, format, args);
    va_end(args);
    return false;
}

uint8_t reader_byte(struct reader *reader) {
    if (reader->at == reader->end) {
        reader_fail(reader, ERR_INVALID, "unexpected end");
        return 0;
    }
    return *reader->at++;
}

/* LEB128 of at most `bits` bits. The last byte that may come has a few bits only: the rest of it
 * must be zeros, or copies of the sign; so no number has a second form that others read
 * differently. */
static uint64_t read_leb(struct reader *reader, unsigned bits, bool is_signed) {
    uint32_t start = reader_offset(reader);
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = reader_byte(reader);
        if (reader->failed) return 0;
        unsigned left = bits - shift;
        if (left < 7) {
            uint8_t high = (uint8_t)(0x7f & (0xff << (is_signed ? left - 1 : left)));
            uint8_t unused = byte & high;
            if ((byte & 0x80) != 0 || (unused != 0 && !(is_signed && unused == high))) {
                reader_fail_at(reader, start, ERR_INVALID, "integer too large or too long");
                return 0;
            }
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) != 0) continue;
        if (is_signed && (byte & 0x40) != 0 && shift + 7 < 64) value |= UINT64_MAX << (shift + 7);
        return value;
    }
}

uint32_t reader_u32(struct reader *reader) {
    if (reader->at < reader->end && *reader->at < 0x80) return *reader->at++;
    return (uint32_t)read_leb(reader, 32, false);
}

int32_t reader_s32(struct reader *reader) {
    return (int32_t)(int64_t)read_leb(reader, 32, true);
}

int64_t reader_s33(struct reader *reader) {
    return (int64_t)read_leb(reader, 33, true);
}

int64_t reader_s64(struct reader *reader) {
    return (int64_t)read_leb(reader, 64, true);
}

struct slice reader_bytes(struct reader *reader, uint32_t size) {
    uint32_t offset = reader_offset(reader);
    if (size > (size_t)(reader->end - reader->at)) {
        reader_fail(reader, ERR_INVALID, "unexpected end: %u bytes wanted, %zu left", size,
                    (size_t)(reader->end - reader->at));
        return (struct slice){.data = reader->at, .offset = offset};
    }
    const uint8_t *data = reader->at;
    reader->at += size;
    return (struct slice){.data = data, .size = size, .offset = offset};
}

struct slice reader_since(const struct reader *reader, const uint8_t *start) {
    return (struct slice){.data = start,
                          .size = (uint32_t)(reader->at - start),
                          .offset = reader->base + (uint32_t)(start - reader->start)};
}

struct str reader_name(struct reader *reader) {
    uint32_t start = reader_offset(reader);
    struct slice bytes = reader_bytes(reader, reader_u32(reader));
    if (!reader->failed && !utf8_valid(bytes.data, bytes.size))
        reader_fail_at(reader, start, ERR_INVALID, "name that is not UTF-8");
    if (reader->failed) return (struct str){"", 0};
    return (struct str){(const char *)bytes.data, bytes.size};
}

uint32_t reader_count(struct reader *reader, uint32_t min_bytes, uint32_t max, const char *what) {
    uint32_t start = reader_offset(reader);
    uint32_t count = reader_u32(reader);
    if (reader->failed) return 0;
    if ((uint64_t)count * min_bytes > (size_t)(reader->end - reader->at)) {
        reader_fail_at(reader, start, ERR_INVALID, "%u %s announced, more than the bytes can hold",
                       count, what);
        return 0;
    }
    if (count > max) {
        reader_fail_at(reader, start, ERR_LIMIT, "%u %s, at most %u are taken", count, what, max);
        return 0;
    }
    return count;
}

/* Immediates of the instruction `opcode`; those that are not listed belong to no constant
 * expression that we take. */
static void skip_const_instruction(struct reader *reader, uint8_t opcode, uint32_t funcs,
                                   uint32_t globals) {
    uint32_t start = reader_offset(reader) - 1;
    switch (opcode) {
    case 0x41:
        reader_s32(reader);
        return;
    case 0x42:
        reader_s64(reader);
        return;
    case 0x43:
        reader_bytes(reader, 4);
        return;
    case 0x44:
        reader_bytes(reader, 8);
        return;
    case 0x6a:
    case 0x6b:
    case 0x6c: /* i32.add, sub, mul; and of i64 */
    case 0x7c:
    case 0x7d:
    case 0x7e:
        return;
    case 0x23:
        if (reader_u32(reader) >= globals)
            reader_fail_at(reader, start, ERR_INVALID, "global.get of a global that is not there");
        return;
    case 0xd2:
        if (reader_u32(reader) >= funcs)
            reader_fail_at(reader, start, ERR_INVALID, "ref.func of a function that is not there");
        return;
    case 0xd0:
        opcode = reader_byte(reader);
        if (opcode != VALTYPE_FUNCREF && opcode != VALTYPE_EXTERNREF)
            reader_fail_at(reader, start, ERR_UNSUPPORTED,
                           "ref.null of type 0x%02x (typed reference or GC)", opcode);
        return;
    case 0xfd:
        if (reader_u32(reader) == 12) {
            reader_bytes(reader, 16);
            return;
        }
        break;
    default:
        break;
    }
    reader_fail_at(reader, start, opcode == 0xfb ? ERR_UNSUPPORTED : ERR_INVALID,
                   "instruction 0x%02x%s in a constant expression", opcode,
                   opcode == 0xfb ? " (GC)" : "");
}

struct slice reader_const_expr_within(struct reader *reader, uint32_t funcs, uint32_t globals) {
    const uint8_t *start = reader->at;
    uint8_t opcode = reader_byte(reader);
    if (opcode == 0x0b) reader_fail(reader, ERR_INVALID, "empty constant expression");
    while (!reader->failed && opcode != 0x0b) {
        skip_const_instruction(reader, opcode, funcs, globals);
        opcode = reader_byte(reader);
    }
    if (reader->failed) return (struct slice){.data = start, .offset = reader_offset(reader)};
    return reader_since(reader, start);
}

struct slice reader_const_expr(struct reader *reader) {
    return reader_const_expr_within(reader, UINT32_MAX, UINT32_MAX);
}
