/* Element segments: all stay in the code, with plain constants, so that the engine fills tables
 * lazily. */
#include <stdio.h>
#include <string.h>

#include "component/reader.h"
#include "link/encode.h"
#include "link/merge.h"

/* Flags of a segment (core specification 2.0, 5.5.12). */
enum {
    ELEM_PASSIVE_OR_DECLARATIVE = 1,
    ELEM_TABLE_OR_DECLARATIVE = 2,
    ELEM_EXPRESSIONS = 4,
    ELEM_KIND_FUNC = 0,
};

struct items {
    uint32_t *funcs; /* merged indices; LINK_NONE: null */
    uint32_t count;
    bool only_funcs; /* no null, so that plain indices will do */
};

static bool read_indices(struct merge *merge, const struct merged *merged, struct reader *reader,
                         struct items *items) {
    for (uint32_t i = 0; i < items->count; i++) {
        uint32_t index = reader_u32(reader);
        if (reader->failed) return false;
        if (index >= merged->module->count[CORE_FUNC])
            return reader_fail(reader, ERR_INVALID, "element names function %u, which is not there",
                               index);
        items->funcs[i] = merged->map[CORE_FUNC][index];
        merge->declared[items->funcs[i]] = 1;
    }
    return true;
}

static bool read_expressions(struct merge *merge, const struct merged *merged, uint8_t reftype,
                             struct reader *reader, struct items *items) {
    for (uint32_t i = 0; i < items->count; i++) {
        struct slice expression = reader_const_expr(reader);
        if (reader->failed) return merge_at(merge, merged);
        struct constant value = {0};
        if (!const_eval(merge, merged, expression, reftype, "an element", &value)) return false;
        items->funcs[i] = value.null ? LINK_NONE : (uint32_t)value.bits;
        items->only_funcs = items->only_funcs && !value.null;
    }
    return true;
}

static bool check_active(struct merge *merge, const struct merged *merged, uint32_t index,
                         const struct constant *offset) {
    const struct core_element *element = &merged->module->elements[index];
    if (element->table >= merged->module->count[CORE_TABLE])
        return merge_fail(merge, merged, ERR_INVALID, "element segment %u: there is no table %u",
                          index, element->table);
    const struct core_table *table = &merge->tables[merged->map[CORE_TABLE][element->table]];
    if (table->reftype != element->reftype)
        return merge_fail(merge, merged, ERR_INVALID,
                          "element segment %u is of another type than its table", index);
    unsigned long long end = offset->bits + element->count;
    if (end <= table->limits.min) return true;
    return merge_fail(merge, merged, ERR_INVALID,
                      "element segment %u ends at %llu, beyond its table's %u elements", index, end,
                      table->limits.min);
}

/* Flags, table, offset, and the type of the items. */
static bool write_head(struct merge *merge, const struct merged *merged, uint32_t index,
                       bool plain) {
    const struct core_element *element = &merged->module->elements[index];
    struct buf *out = &merge->element_section;
    uint32_t flags = plain ? 0 : ELEM_EXPRESSIONS;
    struct constant offset = {0};
    if (element->mode != SEGMENT_ACTIVE) {
        flags |= ELEM_PASSIVE_OR_DECLARATIVE;
        if (element->mode == SEGMENT_DECLARATIVE) flags |= ELEM_TABLE_OR_DECLARATIVE;
        put_u32(out, flags);
    } else {
        if (!const_eval(merge, merged, element->offset, VALTYPE_I32, "offset of an element segment",
                        &offset) ||
            !check_active(merge, merged, index, &offset))
            return false;
        uint32_t table = merged->map[CORE_TABLE][element->table];
        if (table != 0 || element->reftype != VALTYPE_FUNCREF) flags |= ELEM_TABLE_OR_DECLARATIVE;
        put_u32(out, flags);
        if ((flags & ELEM_TABLE_OR_DECLARATIVE) != 0) put_u32(out, table);
        const_write(out, &offset);
    }
    if ((flags & 3) != 0) buf_byte(out, plain ? ELEM_KIND_FUNC : element->reftype);
    return true;
}

static bool write_element(struct merge *merge, const struct merged *merged, uint32_t index,
                          uint32_t *room) {
    const struct core_element *element = &merged->module->elements[index];
    struct items items = {room, element->count, element->reftype == VALTYPE_FUNCREF};
    struct reader reader;
    reader_init(&reader, element->items, merge->err);
    bool read = element->expressions
                    ? read_expressions(merge, merged, element->reftype, &reader, &items)
                    : read_indices(merge, merged, &reader, &items) || merge_at(merge, merged);
    if (!read) return false;
    if (!write_head(merge, merged, index, items.only_funcs) ||
        !merge_keeps(merge, merged, "element segment", index, element->reftype))
        return false;
    put_u32(&merge->element_section, items.count);
    for (uint32_t i = 0; i < items.count; i++) {
        struct constant value = {.valtype = element->reftype,
                                 .null = items.funcs[i] == LINK_NONE,
                                 .bits = items.funcs[i]};
        if (items.only_funcs)
            put_u32(&merge->element_section, items.funcs[i]);
        else
            const_write(&merge->element_section, &value);
    }
    return true;
}

static bool write_instance(struct merge *merge, const struct merged *merged, uint32_t *room) {
    for (uint32_t i = 0; i < merged->module->element_count; i++)
        if (!write_element(merge, merged, i, room)) return false;
    return true;
}

bool elements_write(struct merge *merge) {
    const struct component *component = merge->component;
    uint32_t most = 0;
    for (uint32_t i = 0; i < component->module_count; i++) {
        const struct core_module *module = &component->modules[i];
        for (uint32_t j = 0; j < module->element_count; j++)
            if (module->elements[j].count > most) most = module->elements[j].count;
    }
    uint32_t *room = merge_alloc(merge, most, sizeof *room);
    if (room == NULL) return false;
    for (uint32_t i = 0; i < component->instance_count; i++) {
        const struct merged *merged = &merge->instances[i];
        if (merged->module != NULL && !write_instance(merge, merged, room)) return false;
    }
    return merge_buf_ok(merge, &merge->element_section);
}

/* A function that only an export declared: the merged module does not export it, so a segment must
 * declare it. */
bool elements_declare(struct merge *merge) {
    struct buf *out = &merge->element_section;
    uint32_t count = 0;
    for (uint32_t i = 0; i < merge->start_func; i++)
        count += merge->referenced[i] && !merge->declared[i];
    if (count == 0) return true;
    put_u32(out, ELEM_PASSIVE_OR_DECLARATIVE | ELEM_TABLE_OR_DECLARATIVE);
    buf_byte(out, ELEM_KIND_FUNC);
    put_u32(out, count);
    for (uint32_t i = 0; i < merge->start_func; i++)
        if (merge->referenced[i] && !merge->declared[i]) put_u32(out, i);
    merge->element_count++;
    return merge_buf_ok(merge, out);
}
