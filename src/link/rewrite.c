/* Function bodies, with indices of the merged module. What does not change is copied in runs; a run
 * ends where an index or an instruction is replaced. Bodies are not type-checked: the engine
 * validates what comes out. */
#include "link/body.h"

static bool map_kind(struct body *body, enum core_kind kind, const char *what) {
    uint32_t mapped;
    return body_map(body, body->merged->map[kind], body->merged->module->count[kind], what,
                    &mapped);
}

static bool map_type(struct body *body) {
    uint32_t mapped;
    return body_map(body, body->merged->types, body->merged->module->type_count, "type", &mapped);
}

static bool take_types(struct body *body) {
    uint32_t count = read_u32(&body->in);
    for (uint32_t i = 0; i < count && !body->in.failed; i++)
        if (!body_valtype(body)) return false;
    return !body->in.failed;
}

static bool take_labels(struct body *body) {
    uint64_t count = (uint64_t)read_u32(&body->in) + 1;
    if (body->in.failed) return false;
    for (; count > 0; count--)
        if (!skip_leb(body, LEB_MAX_U32)) return false;
    return true;
}

static bool map_memarg(struct body *body) {
    struct reader *in = &body->in;
    const uint8_t *at = in->at;
    uint32_t align = read_u32(in);
    if (in->failed) return false;
    if ((align & 0x40) != 0) { /* multi-memory */
        if (!body_memories(body, 1)) return false;
        copy_to(body, at);
        body_write_index(body, align & ~UINT32_C(0x40));
    }
    return skip_leb(body, LEB_MAX_64);
}

static bool fail_opcode(struct body *body, uint8_t prefix, uint32_t code) {
    const char *proposal = opcode_proposal(prefix, code);
    if (prefix == 0)
        return reader_fail(&body->in, ERR_UNSUPPORTED, "instruction 0x%02x of %s is not supported",
                           code, proposal);
    return reader_fail(&body->in, ERR_UNSUPPORTED,
                       "instruction 0x%02x 0x%02x of %s is not supported", prefix, code, proposal);
}

static bool ref_func(struct body *body) {
    uint32_t mapped;
    if (!body_map(body, body->merged->map[CORE_FUNC], body->merged->module->count[CORE_FUNC],
                  "function", &mapped))
        return false;
    body->merge->referenced[mapped] = 1;
    return true;
}

static bool i32_const(struct body *body) {
    body->const_at = body->in.at;
    if (!skip_leb(body, LEB_MAX_U32)) return false;
    body->const_end = body->in.at;
    return true;
}

static bool ref_null(struct body *body) {
    struct reader *in = &body->in;
    if (in->at < in->end && *in->at != VALTYPE_FUNCREF && *in->at != VALTYPE_EXTERNREF)
        return reader_fail(in, ERR_UNSUPPORTED, "reference type that is not of WebAssembly 2.0");
    return skip_bytes(body, 1);
}

/* What follows the opcode; the instruction began at `start`. */
static bool take_immediates(struct body *body, const uint8_t *start,
                            enum opcode_immediates immediates) {
    switch (immediates) {
    case IMMEDIATES_NONE:
        return true;
    case IMMEDIATES_LOCAL:
    case IMMEDIATES_LABEL:
        return skip_leb(body, LEB_MAX_U32);
    case IMMEDIATES_I32:
        return i32_const(body);
    case IMMEDIATES_I64:
        return skip_leb(body, LEB_MAX_64);
    case IMMEDIATES_F32:
        return skip_bytes(body, 4);
    case IMMEDIATES_F64:
        return skip_bytes(body, 8);
    case IMMEDIATES_BYTES16:
        return skip_bytes(body, 16);
    case IMMEDIATES_LANE:
        return skip_bytes(body, 1);
    case IMMEDIATES_MEMARG:
        return map_memarg(body);
    case IMMEDIATES_MEMARG_LANE:
        return map_memarg(body) && skip_bytes(body, 1);
    case IMMEDIATES_FUNC:
        return map_kind(body, CORE_FUNC, "function");
    case IMMEDIATES_GLOBAL:
        return map_kind(body, CORE_GLOBAL, "global");
    case IMMEDIATES_TABLE:
        return map_kind(body, CORE_TABLE, "table");
    case IMMEDIATES_BLOCK:
        return body_block_type(body);
    case IMMEDIATES_LABELS:
        return take_labels(body);
    case IMMEDIATES_INDIRECT:
        return map_type(body) && map_kind(body, CORE_TABLE, "table");
    case IMMEDIATES_TYPES:
        return take_types(body);
    case IMMEDIATES_REFTYPE:
        return ref_null(body);
    case IMMEDIATES_REF_FUNC:
        return ref_func(body);
    case OPCODE_UNKNOWN:
        return fail_opcode(body, 0, *start);
    default:
        return body_bulk(body, start, immediates);
    }
}

static bool take_prefixed(struct body *body, const uint8_t *start, uint8_t prefix) {
    uint32_t code = read_u32(&body->in);
    if (body->in.failed) return false;
    enum opcode_immediates immediates = opcode_immediates(prefix, code);
    if (immediates == OPCODE_UNKNOWN) return fail_opcode(body, prefix, code);
    return take_immediates(body, start, immediates);
}

static bool take_instructions(struct body *body) {
    struct reader *in = &body->in;
    while (in->at < in->end) {
        const uint8_t *start = in->at++;
        enum opcode_immediates immediates = (enum opcode_immediates)opcode_plain[*start];
        if (immediates == IMMEDIATES_NONE) continue;
        bool ok = immediates != OPCODE_UNKNOWN || *start < OPCODE_PREFIX_GC ||
                          *start > OPCODE_PREFIX_THREADS
                      ? take_immediates(body, start, immediates)
                      : take_prefixed(body, start, *start);
        if (!ok) return false;
    }
    return true;
}

static bool take_locals(struct body *body) {
    uint32_t groups = read_u32(&body->in);
    for (uint32_t i = 0; i < groups && !body->in.failed; i++)
        if (!skip_leb(body, LEB_MAX_U32) || !body_valtype(body)) return false;
    return !body->in.failed;
}

static bool rewrite_body(struct merge *merge, struct merged *merged, struct slice source) {
    struct buf *code = &merge->code_section;
    if (source.size > LINK_MAX_BODY)
        return err_set(merge->err, ERR_LIMIT, "its body has %u bytes; the limit is %d", source.size,
                       LINK_MAX_BODY);
    uint8_t *room = buf_reserve(code, (size_t)LINK_BODY_GROWTH * source.size + LINK_BODY_SLACK);
    if (room == NULL) return merge_buf_ok(merge, code);
    struct body body = {
        .merge = merge, .merged = merged, .copied = source.data, .out = room + LEB_MAX_U32};
    reader_init(&body.in, source, merge->err);
    if (!take_locals(&body) || !take_instructions(&body)) return false;
    copy_to(&body, body.in.at);
    /* The size goes before the body, in as few bytes as it takes. */
    size_t size = (size_t)(body.out - room) - LEB_MAX_U32;
    uint8_t *at = leb_u32(room, (uint32_t)size);
    memmove(at, room + LEB_MAX_U32, size);
    code->size += (size_t)(at - room) + size;
    return merge_buf_ok(merge, code);
}

static bool rewrite_instance(struct merge *merge, struct merged *merged) {
    const struct core_module *module = merged->module;
    for (uint32_t i = 0; i < module->body_count; i++)
        if (!rewrite_body(merge, merged, module->bodies[i])) {
            err_prefix(merge->err, "function %u", module->imported[CORE_FUNC] + i);
            return merge_at(merge, merged);
        }
    return true;
}

bool rewrite_all(struct merge *merge) {
    for (uint32_t i = 0; i < merge->component->instance_count; i++)
        if (merge->instances[i].module != NULL && !rewrite_instance(merge, &merge->instances[i]))
            return false;
    return true;
}
