/* Data segments leave the code: active ones go to the image. What a body reads by memory.init or
 * drops stays in the code: an active segment is empty once it was applied, so that one empty
 * segment stands for all of them; a passive one is copied. */
#include "link/encode.h"
#include "link/merge.h"

static bool collect_active(struct merge *merge, const struct merged *merged, uint32_t index) {
    const struct core_data *data = &merged->module->datas[index];
    struct constant offset = {0};
    if (!const_eval(merge, merged, data->offset, VALTYPE_I32, "offset of a data segment", &offset))
        return false;
    uint64_t end = offset.bits + data->bytes.size;
    if (end > (uint64_t)merge->result->image_pages * LINK_PAGE)
        return merge_fail(merge, merged, ERR_INVALID,
                          "data segment %u at 0x%x ends at %llu, beyond the memory's %u pages",
                          index, data->bytes.offset, (unsigned long long)end,
                          merge->result->image_pages);
    if (data->bytes.size > 0)
        merge->result->segments[merge->result->segment_count++] =
            (struct link_segment){offset.bits, data->bytes};
    return true;
}

bool datas_collect(struct merge *merge) {
    const struct component *component = merge->component;
    uint32_t most = 0;
    for (uint32_t i = 0; i < component->instance_count; i++)
        if (merge->instances[i].module != NULL) most += merge->instances[i].module->data_count;
    merge->result->segments = merge_alloc(merge, most, sizeof *merge->result->segments);
    if (merge->result->segments == NULL) return false;
    for (uint32_t i = 0; i < component->instance_count; i++) {
        const struct merged *merged = &merge->instances[i];
        uint32_t count = merged->module == NULL ? 0 : merged->module->data_count;
        for (uint32_t j = 0; j < count; j++)
            if (merged->module->datas[j].mode == SEGMENT_ACTIVE &&
                !collect_active(merge, merged, j))
                return false;
    }
    return true;
}

/* A passive segment in the code. */
static uint32_t write_passive(struct merge *merge, struct slice bytes) {
    buf_byte(&merge->data_section, 1);
    put_name(&merge->data_section, bytes.data, bytes.size);
    return merge->data_count++;
}

uint32_t datas_use(struct merge *merge, struct merged *merged, uint32_t index) {
    if (index >= merged->module->data_count) {
        merge_fail(merge, merged, ERR_INVALID, "there is no data segment %u", index);
        return LINK_NONE;
    }
    uint32_t *number = &merged->datas[index];
    if (*number != LINK_NONE) return *number;
    const struct core_data *data = &merged->module->datas[index];
    if (merge->data_count == LINK_MAX_SEGMENTS) {
        merge_fail(merge, merged, ERR_LIMIT, "the code keeps more than %d data segments",
                   LINK_MAX_SEGMENTS);
        return LINK_NONE;
    }
    if (data->mode == SEGMENT_PASSIVE && data->bytes.size > 0) {
        merge->result->data_in_image = false;
        merge->result->data_reason = "passive data segments are read or dropped by the code";
        return *number = write_passive(merge, data->bytes);
    }
    if (merge->empty_data == LINK_NONE) merge->empty_data = write_passive(merge, (struct slice){0});
    return *number = merge->empty_data;
}
