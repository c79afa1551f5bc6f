/* Instructions on ranges of memory and tables: calls of helpers where they may take long (bulk.c),
 * and memory whose size the host sets. */
#include "link/body.h"
#include "link/bulk.h"

/* The instruction from `start` on becomes a call of a helper. */
static bool call_helper(struct body *body, const uint8_t *start, enum helper_kind kind, uint32_t a,
                        uint32_t b) {
    uint32_t func = helper_use(body->merge, kind, a, b);
    if (func == LINK_NONE) return false;
    copy_to(body, start);
    *body->out++ = OP_CALL;
    body_write_index(body, func);
    return true;
}

/* Is the length, the last operand, a constant that one step can do? */
static bool length_is_small(const struct body *body, const uint8_t *start, uint32_t step) {
    if (body->const_end != start) return false;
    struct err unused;
    struct reader reader;
    reader_init(&reader, (struct slice){body->const_at, (uint32_t)(start - body->const_at), 0},
                &unused);
    uint32_t length = (uint32_t)reader_s32(&reader);
    return !reader.failed && length <= step;
}

/* The instruction from `start` on as MISC `code` with merged indices, or a call of a helper when it
 * may take long. */
static bool bulk(struct body *body, const uint8_t *start, enum wasm_misc_op code,
                 enum helper_kind kind, uint32_t a, uint32_t b) {
    bool memory = kind <= HELPER_MEMORY_INIT;
    if (!length_is_small(body, start, memory ? BULK_MEMORY_STEP : BULK_TABLE_STEP))
        return call_helper(body, start, kind, a, b);
    copy_to(body, start);
    *body->out++ = OP_PREFIX_MISC;
    *body->out++ = (uint8_t)code;
    body->out = bulk_immediates(body->out, kind, a, b);
    body->copied = body->in.at;
    return true;
}

static bool memory_size(struct body *body, const uint8_t *start) {
    if (!body_memories(body, 1)) return false;
    copy_to(body, start);
    if (body->merge->settings->strict_memory) {
        *body->out++ = OP_MEMORY_SIZE;
        body_write_index(body, 0);
    } else {
        *body->out++ = OP_GLOBAL_GET;
        body_write_index(body, body->merge->size_global);
    }
    return true;
}

static bool memory_grow(struct body *body, const uint8_t *start) {
    if (!body_memories(body, 1)) return false;
    if (!body->merge->settings->strict_memory)
        return call_helper(body, start, HELPER_MEMORY_GROW, 0, 0);
    copy_to(body, start);
    *body->out++ = OP_MEMORY_GROW;
    body_write_index(body, 0);
    return true;
}

static bool read_data(struct body *body, uint32_t *data) {
    uint32_t index;
    if (!body_index(body, body->merged->module->data_count, "data segment", &index)) return false;
    return (*data = datas_use(body->merge, body->merged, index)) != LINK_NONE;
}

static bool read_table(struct body *body, uint32_t *table) {
    uint32_t index;
    if (!body_index(body, body->merged->module->count[CORE_TABLE], "table", &index)) return false;
    *table = body->merged->map[CORE_TABLE][index];
    return true;
}

static bool read_element(struct body *body, uint32_t *element) {
    uint32_t index;
    if (!body_index(body, body->merged->module->element_count, "element segment", &index))
        return false;
    *element = body->merged->element_base + index;
    return true;
}

static bool memory_bulk(struct body *body, const uint8_t *start,
                        enum opcode_immediates immediates) {
    uint32_t data = 0;
    switch (immediates) {
    case IMMEDIATES_MEMORY_INIT:
        return read_data(body, &data) && body_memories(body, 1) &&
               bulk(body, start, MISC_MEMORY_INIT, HELPER_MEMORY_INIT, data, 0);
    case IMMEDIATES_MEMORY_COPY:
        return body_memories(body, 2) &&
               bulk(body, start, MISC_MEMORY_COPY, HELPER_MEMORY_COPY, 0, 0);
    default:
        return body_memories(body, 1) &&
               bulk(body, start, MISC_MEMORY_FILL, HELPER_MEMORY_FILL, 0, 0);
    }
}

static bool table_grow(struct body *body, const uint8_t *start) {
    uint32_t table = 0;
    if (!read_table(body, &table)) return false;
    body->merge->table_grows[table] = true;
    return bulk(body, start, MISC_TABLE_GROW, HELPER_TABLE_GROW, table, 0);
}

static bool table_bulk(struct body *body, const uint8_t *start, enum opcode_immediates immediates) {
    uint32_t table = 0, other = 0;
    switch (immediates) {
    case IMMEDIATES_TABLE_INIT:
        return read_element(body, &other) && read_table(body, &table) &&
               bulk(body, start, MISC_TABLE_INIT, HELPER_TABLE_INIT, other, table);
    case IMMEDIATES_TABLE_COPY:
        return read_table(body, &table) && read_table(body, &other) &&
               bulk(body, start, MISC_TABLE_COPY, HELPER_TABLE_COPY, table, other);
    case IMMEDIATES_TABLE_GROW:
        return table_grow(body, start);
    default:
        return read_table(body, &table) &&
               bulk(body, start, MISC_TABLE_FILL, HELPER_TABLE_FILL, table, 0);
    }
}

static bool drop_segment(struct body *body, enum opcode_immediates immediates) {
    const uint8_t *at = body->in.at;
    uint32_t index = 0;
    if (!(immediates == IMMEDIATES_DATA ? read_data(body, &index) : read_element(body, &index)))
        return false;
    copy_to(body, at);
    body_write_index(body, index);
    return true;
}

bool body_bulk(struct body *body, const uint8_t *start, enum opcode_immediates immediates) {
    switch (immediates) {
    case IMMEDIATES_MEMORY_SIZE:
        return memory_size(body, start);
    case IMMEDIATES_MEMORY_GROW:
        return memory_grow(body, start);
    case IMMEDIATES_MEMORY_INIT:
    case IMMEDIATES_MEMORY_COPY:
    case IMMEDIATES_MEMORY_FILL:
        return memory_bulk(body, start, immediates);
    case IMMEDIATES_DATA:
    case IMMEDIATES_ELEM:
        return drop_segment(body, immediates);
    default:
        return table_bulk(body, start, immediates);
    }
}
