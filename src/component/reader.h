/* A cursor over bytes that never reads beyond them. The first failure sticks: later reads give 0
 * and leave the text alone, so a caller may read several fields and look at `failed` once. Source:
 * core specification 5.2 (LEB128). */
#ifndef PK_COMPONENT_READER_H
#define PK_COMPONENT_READER_H

#include "component/module.h"

struct reader {
    const uint8_t *at, *end;
    uint32_t base; /* offset in the file of `start` */
    const uint8_t *start;
    bool failed;
    struct err *err;
};

void reader_init(struct reader *reader, struct slice slice, struct err *err);
/* Fail with "TEXT at offset 0xNN"; returns false. */
__attribute__((format(printf, 3, 4))) bool reader_fail(struct reader *reader, enum err_kind kind,
                                                       const char *format, ...);
/* As reader_fail, but with the offset of something that began earlier. */
__attribute__((format(printf, 4, 5))) bool
reader_fail_at(struct reader *reader, uint32_t offset, enum err_kind kind, const char *format, ...);
uint32_t reader_offset(const struct reader *reader);
static inline bool reader_done(const struct reader *reader) {
    return reader->at == reader->end;
}
uint8_t reader_byte(struct reader *reader);
uint32_t reader_u32(struct reader *reader); /* LEB128, at most 5 bytes, unused bits zero */
int32_t reader_s32(struct reader *reader);
int64_t reader_s33(struct reader *reader);
int64_t reader_s64(struct reader *reader);
struct slice reader_bytes(struct reader *reader, uint32_t size);
struct str reader_name(struct reader *reader); /* length and valid UTF-8 */
/* A count of things that take at least `min_bytes` each: fails when what is left cannot hold them.
 */
uint32_t reader_count(struct reader *reader, uint32_t min_bytes, uint32_t max, const char *what);
/* Skip one constant expression and return it with its end opcode. Only the instructions of constant
 * expressions are taken. */
struct slice reader_const_expr(struct reader *reader);
/* As reader_const_expr, and functions and globals that it names must be below these counts. */
struct slice reader_const_expr_within(struct reader *reader, uint32_t funcs, uint32_t globals);
/* The next byte without taking it; 0 at the end. */
static inline uint8_t reader_peek(const struct reader *reader) {
    return reader->at == reader->end ? 0 : *reader->at;
}
/* A part of the input that was already read: from `start` to where the reader is now. */
struct slice reader_since(const struct reader *reader, const uint8_t *start);

#endif
