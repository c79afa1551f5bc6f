#include "link/body.h"

/* Read an index below `count`. */
bool body_index(struct body *body, uint32_t count, const char *what, uint32_t *index) {
    struct reader *in = &body->in;
    *index = read_u32(in);
    if (in->failed) return false;
    return *index < count || reader_fail(in, ERR_INVALID, "there is no %s %u", what, *index);
}

void body_write_index(struct body *body, uint32_t index) {
    body->out = leb_u32(body->out, index);
    body->copied = body->in.at;
}

bool body_map(struct body *body, const uint32_t *map, uint32_t count, const char *what,
              uint32_t *mapped) {
    const uint8_t *at = body->in.at;
    uint32_t index;
    if (!body_index(body, count, what, &index)) return false;
    copy_to(body, at);
    *mapped = map[index];
    body_write_index(body, *mapped);
    return true;
}

bool body_memories(struct body *body, int count) {
    for (uint32_t index; count > 0; count--)
        if (!body_index(body, body->merged->module->count[CORE_MEMORY], "memory", &index))
            return false;
    return true;
}

static bool is_valtype(uint8_t byte) {
    return (byte >= VALTYPE_V128 && byte <= VALTYPE_I32) || byte == VALTYPE_FUNCREF ||
           byte == VALTYPE_EXTERNREF;
}

bool body_valtype(struct body *body) {
    struct reader *in = &body->in;
    if (in->at < in->end && is_valtype(*in->at)) {
        in->at++;
        return true;
    }
    return reader_fail(in, ERR_UNSUPPORTED, "value type that is not of WebAssembly 2.0");
}

bool body_block_type(struct body *body) {
    struct reader *in = &body->in;
    if (in->at < in->end && (*in->at == BLOCK_EMPTY || is_valtype(*in->at))) {
        in->at++;
        return true;
    }
    /* An s33. A type index is not negative, so it reads like a u32, but it is written with its
     * sign. */
    if (in->at < in->end && *in->at < 0x80 && (*in->at & 0x40) != 0) return body_valtype(body);
    const uint8_t *at = in->at;
    uint32_t index;
    if (!body_index(body, body->merged->module->type_count, "type", &index)) return false;
    copy_to(body, at);
    body->out = leb_s64(body->out, body->merged->types[index]);
    body->copied = in->at;
    return true;
}
