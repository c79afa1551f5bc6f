/* Functions that bodies call instead of bulk and growing instructions: numbered behind all others
 * when a body first needs them. */
#include "link/bulk.h"
#include "link/encode.h"
#include "link/merge.h"

static uint64_t helper_hash(const struct helper *helper) {
    return ((uint64_t)helper->kind << 48 ^ (uint64_t)helper->a << 24 ^ helper->b) *
           UINT64_C(0x9e3779b97f4a7c15);
}

struct key {
    const struct merge *merge;
    struct helper helper;
};

static bool same_helper(const void *context, uint32_t index) {
    const struct key *key = context;
    const struct helper *other = &key->merge->helpers[index];
    return other->kind == key->helper.kind && other->a == key->helper.a &&
           other->b == key->helper.b;
}

static const char *type_text(const struct merge *merge, const struct helper *helper) {
    switch (helper->kind) {
    case HELPER_MEMORY_GROW:
        return "i:i";
    case HELPER_TABLE_FILL:
        return merge->tables[helper->a].reftype == VALTYPE_FUNCREF ? "iri:" : "ixi:";
    case HELPER_TABLE_GROW:
        return merge->tables[helper->a].reftype == VALTYPE_FUNCREF ? "ri:i" : "xi:i";
    default:
        return "iii:";
    }
}

static bool make_room(struct merge *merge) {
    if (merge->helper_count < merge->helper_room) return true;
    uint32_t room = merge->helper_room == 0 ? 16 : 2 * merge->helper_room;
    struct helper *helpers = merge_alloc(merge, room, sizeof *helpers);
    if (helpers == NULL) return false;
    for (uint32_t i = 0; i < merge->helper_count; i++) helpers[i] = merge->helpers[i];
    merge->helpers = helpers;
    merge->helper_room = room;
    return true;
}

uint32_t helper_use(struct merge *merge, enum helper_kind kind, uint32_t a, uint32_t b) {
    struct key key = {merge, {.kind = kind, .a = a, .b = b}};
    uint64_t hash = helper_hash(&key.helper);
    uint32_t found = table_find(&merge->helper_table, hash, same_helper, &key);
    if (found != TABLE_NONE) return merge->helpers[found].func;
    key.helper.type = types_add_text(merge, type_text(merge, &key.helper));
    if (key.helper.type == LINK_NONE || !make_room(merge)) return LINK_NONE;
    if (!table_add(&merge->helper_table, hash, merge->helper_count)) {
        merge_no_memory(merge);
        return LINK_NONE;
    }
    key.helper.func = merge->func_count++;
    merge->helpers[merge->helper_count++] = key.helper;
    return key.helper.func;
}

static bool helper_write(struct merge *merge, const struct helper *helper, struct buf *body) {
    buf_clear(body);
    if (helper->kind == HELPER_MEMORY_GROW)
        grow_write_memory(merge, body);
    else if (helper->kind == HELPER_TABLE_GROW)
        grow_write_table(merge, helper, body);
    else
        bulk_write(helper, body);
    put_name(&merge->code_section, body->data, body->size);
    return !body->failed;
}

bool helpers_write(struct merge *merge) {
    struct buf body;
    buf_init(&body, 4096);
    bool ok = true;
    for (uint32_t i = 0; i < merge->helper_count && ok; i++)
        ok = helper_write(merge, &merge->helpers[i], &body) &&
             merge_buf_ok(merge, &merge->code_section);
    if (body.failed) merge_no_memory(merge);
    buf_free(&body);
    return ok;
}

void helper_name(const struct helper *helper, struct buf *text) {
    static const char *const names[] = {
        [HELPER_MEMORY_GROW] = "pk-memory-grow", [HELPER_MEMORY_FILL] = "pk-memory-fill",
        [HELPER_MEMORY_COPY] = "pk-memory-copy", [HELPER_MEMORY_INIT] = "pk-memory-init",
        [HELPER_TABLE_FILL] = "pk-table-fill",   [HELPER_TABLE_COPY] = "pk-table-copy",
        [HELPER_TABLE_INIT] = "pk-table-init",   [HELPER_TABLE_GROW] = "pk-table-grow",
    };
    buf_text(text, names[helper->kind]);
    if (helper->kind > HELPER_MEMORY_COPY) buf_format(text, "-%u", helper->a);
    if (helper->kind == HELPER_TABLE_COPY || helper->kind == HELPER_TABLE_INIT)
        buf_format(text, "-%u", helper->b);
}
