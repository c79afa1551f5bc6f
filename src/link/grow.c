/* Growing: memory within its real size asks nobody; tables grow in steps. */
#include "link/bulk.h"
#include "link/encode.h"
#include "link/merge.h"

static void put_return_failure(struct buf *out) {
    put_op1(out, OP_IF, BLOCK_EMPTY);
    put_i32(out, -1);
    put_op(out, OP_RETURN);
    put_op(out, OP_END);
}

/* pk-memory-grow(delta): what the guest sees of the memory's size is a global. The real memory
 * keeps the highest size that any call of its slot has reached (docs/engine.md, Grown memory), so
 * it grows only beyond that. */
void grow_write_memory(const struct merge *merge, struct buf *body) {
    enum { DELTA, NEW };
    put_u32(body, 1);
    put_u32(body, 1);
    buf_byte(body, VALTYPE_I32);
    put_op1(body, OP_GLOBAL_GET, merge->size_global);
    put_op1(body, OP_LOCAL_GET, DELTA);
    put_op(body, OP_I32_ADD);
    put_op1(body, OP_LOCAL_TEE, NEW);
    put_op1(body, OP_GLOBAL_GET, merge->size_global);
    put_op(body, OP_I32_LT_U); /* overflow */
    put_op1(body, OP_LOCAL_GET, NEW);
    put_op1(body, OP_GLOBAL_GET, merge->limit_global);
    put_op(body, OP_I32_GT_U);
    put_op(body, OP_I32_OR);
    if (merge->memory.has_max) {
        put_op1(body, OP_LOCAL_GET, NEW);
        put_i32(body, (int32_t)merge->memory.max);
        put_op(body, OP_I32_GT_U);
        put_op(body, OP_I32_OR);
    }
    put_return_failure(body);
    put_op1(body, OP_LOCAL_GET, NEW);
    put_op1(body, OP_MEMORY_SIZE, 0);
    put_op(body, OP_I32_GT_U);
    put_op1(body, OP_IF, BLOCK_EMPTY);
    put_op1(body, OP_LOCAL_GET, NEW);
    put_op1(body, OP_MEMORY_SIZE, 0);
    put_op(body, OP_I32_SUB);
    put_op1(body, OP_MEMORY_GROW, 0);
    put_i32(body, -1);
    put_op(body, OP_I32_EQ);
    put_return_failure(body);
    put_op(body, OP_END);
    put_op1(body, OP_GLOBAL_GET, merge->size_global); /* the result: the old size */
    put_op1(body, OP_LOCAL_GET, NEW);
    put_op1(body, OP_GLOBAL_SET, merge->size_global);
    put_op1(body, OP_LOCAL_GET, NEW);
    put_op1(body, OP_CALL, merge->resized); /* pointers are checked against it */
    put_op(body, OP_END);
}

static void put_table(struct buf *out, enum wasm_misc_op op, uint32_t table) {
    put_op1(out, OP_PREFIX_MISC, (uint32_t)op);
    put_u32(out, table);
}

enum { VALUE, COUNT, OLD }; /* locals of table.grow's helper */

/* One step that must not fail after the first one: what has grown cannot shrink again. The first
 * one may: nothing has grown. */
static void put_table_step(struct buf *out, uint32_t table) {
    put_table(out, MISC_TABLE_GROW, table);
    put_i32(out, -1);
    put_op(out, OP_I32_EQ);
    put_op1(out, OP_IF, BLOCK_EMPTY);
    put_table(out, MISC_TABLE_SIZE, table);
    put_op1(out, OP_LOCAL_GET, OLD);
    put_op(out, OP_I32_EQ);
    put_return_failure(out);
    put_op(out, OP_UNREACHABLE);
    put_op(out, OP_END);
}

static void put_table_small(struct buf *out, uint32_t table) {
    put_op1(out, OP_LOCAL_GET, COUNT);
    put_i32(out, BULK_TABLE_STEP);
    put_op(out, OP_I32_LE_U);
    put_op1(out, OP_IF, BLOCK_EMPTY);
    put_op1(out, OP_LOCAL_GET, VALUE);
    put_op1(out, OP_LOCAL_GET, COUNT);
    put_table(out, MISC_TABLE_GROW, table);
    put_op(out, OP_RETURN);
    put_op(out, OP_END);
}

/* The table's own maximum, and that of all tables of the call together, whose elements are counted
 * here: also when the table cannot grow then, for want of the host's memory. */
static void put_table_limits(const struct merge *merge, struct buf *out, uint32_t table) {
    put_op1(out, OP_LOCAL_GET, COUNT);
    put_i32(out, (int32_t)merge->tables[table].limits.max); /* at most LINK_MAX_TABLE */
    put_table(out, MISC_TABLE_SIZE, table);
    put_op1(out, OP_LOCAL_TEE, OLD);
    put_op(out, OP_I32_SUB);
    put_op(out, OP_I32_GT_U);
    put_op1(out, OP_LOCAL_GET, COUNT);
    put_i32(out, LINK_MAX_TABLE);
    put_op1(out, OP_GLOBAL_GET, merge->elements_global);
    put_op(out, OP_I32_SUB);
    put_op(out, OP_I32_GT_U);
    put_op(out, OP_I32_OR);
    put_return_failure(out);
    put_op1(out, OP_GLOBAL_GET, merge->elements_global);
    put_op1(out, OP_LOCAL_GET, COUNT);
    put_op(out, OP_I32_ADD);
    put_op1(out, OP_GLOBAL_SET, merge->elements_global);
}

void grow_write_table(const struct merge *merge, const struct helper *helper, struct buf *body) {
    uint32_t table = helper->a;
    put_u32(body, 1);
    put_u32(body, 1);
    buf_byte(body, VALTYPE_I32);
    put_table_limits(merge, body, table);
    put_table_small(body, table);
    put_op1(body, OP_LOOP, BLOCK_EMPTY);
    put_op1(body, OP_LOCAL_GET, VALUE);
    put_i32(body, BULK_TABLE_STEP);
    put_table_step(body, table);
    put_op1(body, OP_LOCAL_GET, COUNT);
    put_i32(body, BULK_TABLE_STEP);
    put_op(body, OP_I32_SUB);
    put_op1(body, OP_LOCAL_TEE, COUNT);
    put_i32(body, BULK_TABLE_STEP);
    put_op(body, OP_I32_GT_U);
    put_op1(body, OP_BR_IF, 0);
    put_op(body, OP_END);
    put_op1(body, OP_LOCAL_GET, VALUE);
    put_op1(body, OP_LOCAL_GET, COUNT);
    put_table_step(body, table);
    put_op1(body, OP_LOCAL_GET, OLD);
    put_op(body, OP_END);
}
