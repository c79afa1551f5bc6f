/* What every step of a merge needs: memory, and errors that say where. */
#include "link/merge.h"

bool merge_no_memory(struct merge *merge) {
    return err_set(merge->err, ERR_MEMORY, "no memory for linking (the arena holds %zu bytes)",
                   merge->arena->used);
}

bool merge_at(struct merge *merge, const struct merged *instance) {
    return err_prefix(merge->err, "core instance %u (module %u at 0x%x)", instance->id,
                      instance->source->module, instance->module->bytes.offset);
}

bool merge_keeps(struct merge *merge, const struct merged *instance, const char *what,
                 uint32_t index, uint8_t valtype) {
    if (valtype != VALTYPE_EXTERNREF) return true;
    return merge_fail(merge, instance, ERR_UNSUPPORTED,
                      "%s %u keeps externref, which only functions may", what, index);
}

void *merge_alloc(struct merge *merge, size_t count, size_t size) {
    void *memory = arena_zalloc(merge->arena, count, size);
    if (memory == NULL) merge_no_memory(merge);
    return memory;
}

bool merge_too_large(struct merge *merge) {
    return err_set(merge->err, ERR_LIMIT,
                   "linked output is larger than %d times the component (%u bytes) and %d KiB",
                   LINK_OUTPUT_FACTOR, merge->component->bytes.size, LINK_OUTPUT_SLACK / 1024);
}

bool merge_buf_ok(struct merge *merge, const struct buf *buf) {
    if (!buf->failed && buf->size <= merge->cap) return true;
    /* No single addition is half as large as the cap, so a cap stops a buffer that is nearly full.
     */
    if (buf->failed && buf->size < merge->cap / 2) return merge_no_memory(merge);
    return merge_too_large(merge);
}
