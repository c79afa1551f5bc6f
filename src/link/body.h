/* A function body while it is rewritten: a cursor over the input, and the output up to it. Internal
 * to the rewriter. */
#ifndef PK_LINK_BODY_H
#define PK_LINK_BODY_H

#include "component/reader.h"
#include "link/encode.h"
#include "link/merge.h"
#include "link/opcode.h"

struct body {
    struct merge *merge;
    struct merged *merged;
    struct reader in;
    const uint8_t *copied;               /* the input before it is written */
    uint8_t *out;                        /* LINK_BODY_GROWTH times the input is reserved */
    const uint8_t *const_at, *const_end; /* the last i32.const: its value, its end */
};

static inline void copy_to(struct body *body, const uint8_t *to) {
    size_t size = (size_t)(to - body->copied);
    memcpy(body->out, body->copied, size);
    body->out += size;
    body->copied = to;
}

/* Read a number of at most `most` bytes without looking at it. */
static inline bool skip_leb(struct body *body, int most) {
    struct reader *in = &body->in;
    for (int i = 0; i < most && in->at < in->end; i++)
        if (*in->at++ < 0x80) return true;
    return reader_fail(in, ERR_INVALID, "number is cut short or too long");
}

static inline bool skip_bytes(struct body *body, uint32_t size) {
    struct reader *in = &body->in;
    if ((size_t)(in->end - in->at) < size) return reader_fail(in, ERR_INVALID, "body is cut short");
    in->at += size;
    return true;
}

static inline uint32_t read_u32(struct reader *in) {
    if (in->at < in->end && *in->at < 0x80) return *in->at++;
    return reader_u32(in);
}

/* body.c: read an index below `count`. */
bool body_index(struct body *body, uint32_t count, const char *what, uint32_t *index);
/* After the index was read and what is before it was copied: write its new value. */
void body_write_index(struct body *body, uint32_t index);
/* Read an index, write what the map makes of it. */
bool body_map(struct body *body, const uint32_t *map, uint32_t count, const char *what,
              uint32_t *mapped);
/* Memory indices: there is one memory, so only its presence matters. */
bool body_memories(struct body *body, int count);
bool body_valtype(struct body *body);
bool body_block_type(struct body *body);

/* rewrite_bulk.c: instructions that work on whole ranges, or grow, and what drops segments. The
 * instruction began at `start`. */
bool body_bulk(struct body *body, const uint8_t *start, enum opcode_immediates immediates);

#endif
