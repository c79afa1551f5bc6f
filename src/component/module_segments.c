/* The sections of a core module that hold contents: elements, code, data. */
#include "component/module_internal.h"

static struct slice read_const(struct module_decoder *decoder, struct reader *reader) {
    const uint32_t *count = decoder->module->count;
    return reader_const_expr_within(reader, count[CORE_FUNC], count[CORE_GLOBAL]);
}

/* Bit 0: not active; bit 1: an explicit table, or declarative; bit 2: items are expressions. With
 * bits 0 and 1 clear the type of the items is not written down: functions. */
static void read_element_head(struct module_decoder *decoder, struct reader *reader,
                              struct core_element *element) {
    uint32_t flags = reader_u32(reader);
    if (flags > 7) reader_fail(reader, ERR_INVALID, "element segment with flags 0x%x", flags);
    element->reftype = VALTYPE_FUNCREF;
    element->expressions = (flags & 4) != 0;
    element->mode = (flags & 1) == 0   ? SEGMENT_ACTIVE
                    : (flags & 2) == 0 ? SEGMENT_PASSIVE
                                       : SEGMENT_DECLARATIVE;
    if (element->mode == SEGMENT_ACTIVE) {
        if ((flags & 2) != 0) element->table = reader_u32(reader);
        if (element->table >= decoder->module->count[CORE_TABLE])
            reader_fail(reader, ERR_INVALID, "element segment for table %u, which is not there",
                        element->table);
        element->offset = read_const(decoder, reader);
    }
    if ((flags & 3) == 0) return;
    uint8_t type = reader_byte(reader);
    if (element->expressions) element->reftype = type;
    if (element->reftype != VALTYPE_FUNCREF && element->reftype != VALTYPE_EXTERNREF)
        reader_fail(reader, ERR_UNSUPPORTED,
                    "element segment of type 0x%02x (typed reference or GC)", type);
    if (!element->expressions && type != 0)
        reader_fail(reader, ERR_INVALID, "element segment of kind 0x%02x", type);
}

static void read_element_items(struct module_decoder *decoder, struct reader *reader,
                               struct core_element *element) {
    uint32_t funcs = decoder->module->count[CORE_FUNC];
    element->count = reader_count(reader, 1, MODULE_MAX_TABLE_ELEMENTS, "elements");
    const uint8_t *start = reader->at;
    for (uint32_t i = 0; i < element->count && !reader->failed; i++) {
        if (element->expressions)
            read_const(decoder, reader);
        else if (reader_u32(reader) >= funcs)
            reader_fail(reader, ERR_INVALID, "element that is a function which is not there");
    }
    if (!reader->failed) element->items = reader_since(reader, start);
}

void module_elements(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    module->element_count = reader_count(reader, 3, MODULE_MAX_SEGMENTS, "element segments");
    module->elements =
        module_alloc(decoder, reader, module->element_count, sizeof *module->elements);
    for (uint32_t i = 0; i < module->element_count && !reader->failed; i++) {
        read_element_head(decoder, reader, &module->elements[i]);
        read_element_items(decoder, reader, &module->elements[i]);
    }
}

void module_data_count(struct module_decoder *decoder, struct reader *reader) {
    decoder->module->has_data_count = true;
    decoder->declared_datas = reader_u32(reader);
}

void module_code(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    module->body_count = reader_count(reader, 3, MODULE_MAX_ITEMS, "function bodies");
    module->bodies = module_alloc(decoder, reader, module->body_count, sizeof *module->bodies);
    for (uint32_t i = 0; i < module->body_count && !reader->failed; i++) {
        struct slice *body = &module->bodies[i];
        *body = reader_bytes(reader, reader_u32(reader));
        if (reader->failed) return;
        if (body->size < 2 || body->data[body->size - 1] != 0x0b)
            reader_fail_at(reader, body->offset, ERR_INVALID, "function body without an end");
        if (body->size > MODULE_MAX_BODY)
            reader_fail_at(reader, body->offset, ERR_LIMIT, "function body of %u bytes",
                           body->size);
    }
}

void module_data(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    module->data_count = reader_count(reader, 2, MODULE_MAX_SEGMENTS, "data segments");
    module->datas = module_alloc(decoder, reader, module->data_count, sizeof *module->datas);
    for (uint32_t i = 0; i < module->data_count && !reader->failed; i++) {
        struct core_data *data = &module->datas[i];
        uint32_t flags = reader_u32(reader);
        if (flags > 2) reader_fail(reader, ERR_INVALID, "data segment with flags 0x%x", flags);
        data->mode = flags == 1 ? SEGMENT_PASSIVE : SEGMENT_ACTIVE;
        if (flags == 2) data->memory = reader_u32(reader);
        if (data->mode == SEGMENT_ACTIVE) {
            if (data->memory >= module->count[CORE_MEMORY])
                reader_fail(reader, ERR_INVALID, "data segment for memory %u, which is not there",
                            data->memory);
            data->offset = read_const(decoder, reader);
        }
        data->bytes = reader_bytes(reader, reader_u32(reader));
    }
}
