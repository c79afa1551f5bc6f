/* An engine does not interrupt a bulk instruction, and one may take seconds: so a long one is done
 * in steps. The loop around them checks the epoch at its head. What is out of bounds is left to the
 * plain instruction, which traps as it should before it writes. */
#include "link/bulk.h"

#include "link/encode.h"

/* Locals of every helper here: to (or the first element), from (or the value), the length. */
enum { TO, FROM, LENGTH };

uint8_t *bulk_immediates(uint8_t *out, enum helper_kind kind, uint32_t a, uint32_t b) {
    switch (kind) {
    case HELPER_MEMORY_FILL:
        return leb_u32(out, 0);
    case HELPER_MEMORY_COPY:
        return leb_u32(leb_u32(out, 0), 0);
    case HELPER_MEMORY_INIT:
        return leb_u32(leb_u32(out, a), 0);
    case HELPER_TABLE_INIT:
    case HELPER_TABLE_COPY:
        return leb_u32(leb_u32(out, a), b);
    default:
        return leb_u32(out, a);
    }
}

static enum wasm_misc_op code_of(enum helper_kind kind) {
    switch (kind) {
    case HELPER_MEMORY_FILL:
        return MISC_MEMORY_FILL;
    case HELPER_MEMORY_COPY:
        return MISC_MEMORY_COPY;
    case HELPER_MEMORY_INIT:
        return MISC_MEMORY_INIT;
    case HELPER_TABLE_FILL:
        return MISC_TABLE_FILL;
    case HELPER_TABLE_COPY:
        return MISC_TABLE_COPY;
    default:
        return MISC_TABLE_INIT;
    }
}

static void put_plain(struct buf *out, const struct helper *helper) {
    uint8_t immediates[2 * LEB_MAX_U32];
    buf_byte(out, OP_PREFIX_MISC);
    buf_byte(out, (uint8_t)code_of(helper->kind));
    uint8_t *end = bulk_immediates(immediates, helper->kind, helper->a, helper->b);
    buf_add(out, immediates, (size_t)(end - immediates));
}

/* The whole range at once. */
static void put_whole(struct buf *out, const struct helper *helper) {
    put_op1(out, OP_LOCAL_GET, TO);
    put_op1(out, OP_LOCAL_GET, FROM);
    put_op1(out, OP_LOCAL_GET, LENGTH);
    put_plain(out, helper);
}

static int32_t step_of(const struct helper *helper) {
    return helper->kind <= HELPER_MEMORY_INIT ? BULK_MEMORY_STEP : BULK_TABLE_STEP;
}

static bool moves_from(const struct helper *helper) {
    return helper->kind != HELPER_MEMORY_FILL && helper->kind != HELPER_TABLE_FILL;
}

/* local = local (op) step */
static void put_advance(struct buf *out, uint32_t local, enum wasm_op op, int32_t step) {
    put_op1(out, OP_LOCAL_GET, local);
    put_i32(out, step);
    put_op(out, op);
    put_op1(out, OP_LOCAL_SET, local);
}

static void put_again_if_longer(struct buf *out, int32_t step) {
    put_op1(out, OP_LOCAL_GET, LENGTH);
    put_i32(out, step);
    put_op(out, OP_I32_GT_U);
    put_op1(out, OP_BR_IF, 0);
    put_op(out, OP_END);
}

/* Leaves 1 when [local, local + LENGTH) ends beyond the memory, or the table. */
static void put_beyond(struct buf *out, uint32_t local, bool memory, uint32_t table) {
    put_op1(out, OP_LOCAL_GET, local);
    put_op(out, OP_I64_EXTEND_I32_U);
    put_op1(out, OP_LOCAL_GET, LENGTH);
    put_op(out, OP_I64_EXTEND_I32_U);
    put_op(out, OP_I64_ADD);
    if (memory) {
        put_op1(out, OP_MEMORY_SIZE, 0);
        put_op(out, OP_I64_EXTEND_I32_U);
        put_i64(out, 16);
        put_op(out, OP_I64_SHL);
    } else {
        put_op1(out, OP_PREFIX_MISC, MISC_TABLE_SIZE);
        put_u32(out, table);
        put_op(out, OP_I64_EXTEND_I32_U);
    }
    put_op(out, OP_I64_GT_U);
}

/* FROM + LENGTH overflows: beyond any segment. */
static void put_overflow(struct buf *out) {
    put_op1(out, OP_LOCAL_GET, FROM);
    put_op1(out, OP_LOCAL_GET, LENGTH);
    put_op(out, OP_I32_ADD);
    put_op1(out, OP_LOCAL_GET, FROM);
    put_op(out, OP_I32_LT_U);
}

/* Nothing is copied from the end of the range: traps when the segment is shorter (or was dropped).
 */
static void put_probe(struct buf *out, const struct helper *helper) {
    put_op1(out, OP_LOCAL_GET, TO);
    put_op1(out, OP_LOCAL_GET, FROM);
    put_op1(out, OP_LOCAL_GET, LENGTH);
    put_op(out, OP_I32_ADD);
    put_i32(out, 0);
    put_plain(out, helper);
}

static void put_checks(struct buf *out, const struct helper *helper) {
    bool memory = helper->kind <= HELPER_MEMORY_INIT;
    bool init = helper->kind == HELPER_MEMORY_INIT || helper->kind == HELPER_TABLE_INIT;
    uint32_t to_table = helper->kind == HELPER_TABLE_INIT ? helper->b : helper->a;
    put_beyond(out, TO, memory, to_table);
    if (init) {
        put_overflow(out);
        put_op(out, OP_I32_OR);
    } else if (moves_from(helper)) {
        put_beyond(out, FROM, memory, helper->b);
        put_op(out, OP_I32_OR);
    }
    put_op1(out, OP_IF, BLOCK_EMPTY);
    put_whole(out, helper); /* traps */
    put_op(out, OP_UNREACHABLE);
    put_op(out, OP_END);
    if (init) put_probe(out, helper);
}

/* From the end to the beginning, when the target lies behind the source and may overlap it. */
static void put_backward(struct buf *out, const struct helper *helper) {
    int32_t step = step_of(helper);
    put_op1(out, OP_LOCAL_GET, TO);
    put_op1(out, OP_LOCAL_GET, FROM);
    put_op(out, OP_I32_GT_U);
    put_op1(out, OP_IF, BLOCK_EMPTY);
    put_op1(out, OP_LOOP, BLOCK_EMPTY);
    put_advance(out, LENGTH, OP_I32_SUB, step);
    for (uint32_t local = TO; local <= FROM; local++) {
        put_op1(out, OP_LOCAL_GET, local);
        put_op1(out, OP_LOCAL_GET, LENGTH);
        put_op(out, OP_I32_ADD);
    }
    put_i32(out, step);
    put_plain(out, helper);
    put_again_if_longer(out, step);
    put_whole(out, helper);
    put_op(out, OP_RETURN);
    put_op(out, OP_END);
}

static void put_forward(struct buf *out, const struct helper *helper) {
    int32_t step = step_of(helper);
    put_op1(out, OP_LOOP, BLOCK_EMPTY);
    put_op1(out, OP_LOCAL_GET, TO);
    put_op1(out, OP_LOCAL_GET, FROM);
    put_i32(out, step);
    put_plain(out, helper);
    put_advance(out, TO, OP_I32_ADD, step);
    if (moves_from(helper)) put_advance(out, FROM, OP_I32_ADD, step);
    put_advance(out, LENGTH, OP_I32_SUB, step);
    put_again_if_longer(out, step);
    put_whole(out, helper);
}

void bulk_write(const struct helper *helper, struct buf *body) {
    put_u32(body, 0); /* no locals */
    put_op1(body, OP_LOCAL_GET, LENGTH);
    put_i32(body, step_of(helper));
    put_op(body, OP_I32_LE_U);
    put_op1(body, OP_IF, BLOCK_EMPTY);
    put_whole(body, helper);
    put_op(body, OP_RETURN);
    put_op(body, OP_END);
    put_checks(body, helper);
    if (helper->kind == HELPER_MEMORY_COPY || helper->kind == HELPER_TABLE_COPY)
        put_backward(body, helper);
    put_forward(body, helper);
    put_op(body, OP_END);
}
