/* Functions that the linker adds: shims around host functions whose results need guest memory, the
 * entries, pk-start. Each asks for what it needs and is told, in wasm, because a host function
 * cannot call the guest's realloc itself (docs/linking.md, Shims). */
#include "link/encode.h"
#include "link/merge.h"

/* On the stack: the first request, align << 32 | size. Calls realloc and tells the host until there
 * is no request left. */
static void put_allocations(const struct merge *merge, struct buf *out, struct place realloc,
                            uint32_t request) {
    put_op1(out, OP_LOCAL_SET, request);
    put_op1(out, OP_BLOCK, BLOCK_EMPTY);
    put_op1(out, OP_LOOP, BLOCK_EMPTY);
    put_op1(out, OP_LOCAL_GET, request);
    put_op(out, OP_I64_EQZ);
    put_op1(out, OP_BR_IF, 1);
    put_i32(out, 0);
    put_i32(out, 0);
    put_op1(out, OP_LOCAL_GET, request);
    put_i64(out, 32);
    put_op(out, OP_I64_SHR_U);
    put_op(out, OP_I32_WRAP_I64);
    put_op1(out, OP_LOCAL_GET, request);
    put_op(out, OP_I32_WRAP_I64);
    put_op1(out, OP_CALL, place_func(merge, realloc));
    put_op1(out, OP_CALL, merge->put);
    put_op1(out, OP_LOCAL_SET, request);
    put_op1(out, OP_BR, 0);
    put_op(out, OP_END);
    put_op(out, OP_END);
}

static void put_locals(struct buf *out, uint8_t valtype) {
    put_u32(out, 1);
    put_u32(out, 1);
    buf_byte(out, valtype);
}

static void shim_body(const struct merge *merge, uint32_t import, struct buf *out) {
    const struct host *host = &merge->hosts[import];
    uint32_t request = host->type->param_count;
    put_locals(out, VALTYPE_I64);
    for (uint32_t i = 0; i < host->type->param_count; i++) put_op1(out, OP_LOCAL_GET, i);
    put_op1(out, OP_CALL, import);
    put_allocations(merge, out, host->realloc, request);
    put_op(out, OP_END);
}

static void entry_body(const struct merge *merge, uint32_t index, struct buf *out) {
    enum { REQUEST, RESULT };
    const struct entry *entry = &merge->entries[index];
    uint32_t enter = merge->entry_imports + 3 * index, args = enter + 1, result = enter + 2;
    uint32_t results = entry->type->result_count;
    put_u32(out, 1 + results);
    put_u32(out, 1);
    buf_byte(out, VALTYPE_I64);
    if (results > 0) {
        put_u32(out, 1);
        buf_byte(out, entry->type->results[0]);
    }
    put_op1(out, OP_CALL, merge->start_func);
    put_op1(out, OP_CALL, enter);
    if (entry->has_realloc)
        put_allocations(merge, out, entry->realloc, REQUEST);
    else
        put_op(out, OP_DROP);
    put_op1(out, OP_CALL, args);
    put_op1(out, OP_CALL, place_func(merge, entry->core));
    if (results > 0) put_op1(out, OP_LOCAL_SET, RESULT);
    /* The host takes a large result in pieces; between two of them the loop lets others run. */
    put_op1(out, OP_LOOP, BLOCK_EMPTY);
    if (results > 0) put_op1(out, OP_LOCAL_GET, RESULT);
    put_op1(out, OP_CALL, result);
    put_op1(out, OP_BR_IF, 0);
    put_op(out, OP_END);
    if (entry->has_post_return) {
        if (results > 0) put_op1(out, OP_LOCAL_GET, RESULT);
        put_op1(out, OP_CALL, place_func(merge, entry->post_return));
    }
    put_op(out, OP_END);
}

/* The host's values for the globals lie on the stack, the last on top; then the modules' start
 * functions in their order. */
static void start_body(const struct merge *merge, struct buf *out) {
    put_u32(out, 0);
    put_op1(out, OP_CALL, merge->start_import);
    for (uint32_t i = merge->global_count; i-- > 0;)
        if (merge->settable[i]) put_op1(out, OP_GLOBAL_SET, i);
    if (merge->settings->strict_memory) {
        put_op(out, OP_DROP);
        put_op(out, OP_DROP);
    } else {
        put_op1(out, OP_GLOBAL_SET, merge->limit_global);
        put_op1(out, OP_GLOBAL_SET, merge->size_global);
    }
    for (uint32_t i = 0; i < merge->component->instance_count; i++) {
        const struct merged *merged = &merge->instances[i];
        if (merged->module != NULL && merged->module->has_start)
            put_op1(out, OP_CALL, merged->map[CORE_FUNC][merged->module->start]);
    }
    put_op(out, OP_END);
}

static bool add_body(struct merge *merge, struct buf *body) {
    put_name(&merge->code_section, body->data, body->size);
    if (body->failed) return merge_no_memory(merge);
    buf_clear(body);
    return merge_buf_ok(merge, &merge->code_section);
}

bool shims_write(struct merge *merge) {
    struct buf body;
    buf_init(&body, merge->cap);
    bool ok = true;
    for (uint32_t i = 0; i < merge->host_count && ok; i++) {
        if (!merge->hosts[i].plan) continue;
        shim_body(merge, i, &body);
        ok = add_body(merge, &body);
    }
    buf_free(&body);
    return ok;
}

bool entries_write(struct merge *merge) {
    struct buf body;
    buf_init(&body, merge->cap);
    bool ok = true;
    for (uint32_t i = 0; i < merge->entry_count && ok; i++) {
        entry_body(merge, i, &body);
        ok = add_body(merge, &body);
    }
    if (ok) {
        start_body(merge, &body);
        ok = add_body(merge, &body);
    }
    buf_free(&body);
    return ok;
}
