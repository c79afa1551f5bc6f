/* The merged module out of its parts, sections in their order, no custom sections. */
#include <stdio.h>

#include "link/encode.h"
#include "link/merge.h"

/* The section of which `part` has the contents. */
static void end_section(struct merge *merge, enum wasm_section id, struct buf *part) {
    if (part->failed) merge->result->code.failed = true;
    put_section(&merge->result->code, id, part);
    buf_clear(part);
}

static void write_types(struct merge *merge, struct buf *part) {
    put_u32(part, merge->types.count);
    for (uint32_t i = 0; i < merge->types.count; i++) {
        const struct core_functype *type = &merge->types.types[i];
        buf_byte(part, 0x60);
        put_name(part, type->params, type->param_count);
        put_name(part, type->results, type->result_count);
    }
    end_section(merge, SECTION_TYPE, part);
}

static void put_import(struct merge *merge, struct buf *part, struct str module,
                       const struct buf *field, uint32_t func) {
    put_name(part, module.data, module.size);
    put_name(part, field->data, field->size);
    buf_byte(part, CORE_FUNC);
    put_u32(part, merge->func_types[func]);
}

static void put_own_import(struct merge *merge, struct buf *part, struct buf *field,
                           const char *name, uint32_t func) {
    buf_clear(field);
    buf_text(field, name);
    put_import(merge, part, str_of("pk"), field, func);
}

static void write_imports(struct merge *merge, struct buf *part) {
    static const char *const names[] = {"enter", "args", "result"};
    struct buf field;
    buf_init(&field, merge->cap);
    put_u32(part, merge->import_count);
    for (uint32_t i = 0; i < merge->host_count; i++) {
        host_field(merge, &merge->hosts[i], &field);
        put_import(merge, part, host_interface(merge, &merge->hosts[i]), &field, i);
    }
    put_own_import(merge, part, &field, "put", merge->put);
    put_own_import(merge, part, &field, "start", merge->start_import);
    if (merge->resized != LINK_NONE) put_own_import(merge, part, &field, "resized", merge->resized);
    for (uint32_t i = 0; i < 3 * merge->entry_count; i++) {
        buf_clear(&field);
        buf_format(&field, "%s-%u", names[i % 3], i / 3);
        put_import(merge, part, str_of("pk"), &field, merge->entry_imports + i);
    }
    if (field.failed) part->failed = true;
    buf_free(&field);
    end_section(merge, SECTION_IMPORT, part);
}

static void write_functions(struct merge *merge, struct buf *part) {
    put_u32(part, merge->func_count - merge->import_count);
    for (uint32_t i = merge->import_count; i <= merge->start_func; i++)
        put_u32(part, merge->func_types[i]);
    for (uint32_t i = 0; i < merge->helper_count; i++) put_u32(part, merge->helpers[i].type);
    end_section(merge, SECTION_FUNCTION, part);
}

/* A table that no body grows is given no room to: the engine then knows its size when it compiles
 * calls through it. */
static void write_tables(struct merge *merge, struct buf *part) {
    if (merge->table_count == 0) return;
    put_u32(part, merge->table_count);
    for (uint32_t i = 0; i < merge->table_count; i++) {
        const struct core_table *table = &merge->tables[i];
        buf_byte(part, table->reftype);
        buf_byte(part, 1);
        put_u32(part, table->limits.min);
        put_u32(part, merge->table_grows[i] ? table->limits.max : table->limits.min);
    }
    end_section(merge, SECTION_TABLE, part);
}

/* Minimum 0: the size belongs to the image, which the host supplies. */
static void write_memory(struct merge *merge, struct buf *part) {
    put_u32(part, 1);
    buf_byte(part, merge->memory.has_max);
    put_u32(part, 0);
    if (merge->memory.has_max) put_u32(part, merge->memory.max);
    end_section(merge, SECTION_MEMORY, part);
}

static void write_globals(struct merge *merge, struct buf *part) {
    uint32_t own = merge->settings->strict_memory ? 1 : 3;
    put_u32(part, merge->global_count + own);
    for (uint32_t i = 0; i < merge->global_count; i++) {
        struct constant value = merge->values[i];
        if (merge->settable[i]) value.bits = 0;
        buf_byte(part, merge->globals[i].valtype);
        buf_byte(part, merge->globals[i].mutable);
        const_write(part, &value);
    }
    for (uint32_t i = 0; i < own; i++) {
        buf_byte(part, VALTYPE_I32);
        buf_byte(part, 1);
        uint64_t bits = i == 0 ? merge->elements : 0; /* elements_global is the first */
        const_write(part, &(struct constant){.valtype = VALTYPE_I32, .bits = bits});
    }
    end_section(merge, SECTION_GLOBAL, part);
}

static void write_exports(struct merge *merge, struct buf *part) {
    put_u32(part, merge->entry_count + 2);
    for (uint32_t i = 0; i < merge->entry_count; i++) {
        char name[16];
        int size = snprintf(name, sizeof name, "pk-%u", i);
        put_name(part, name, (size_t)size);
        buf_byte(part, CORE_FUNC);
        put_u32(part, merge->entry_base + i);
    }
    put_name(part, "pk-elements", 11);
    buf_byte(part, CORE_GLOBAL);
    put_u32(part, merge->elements_global);
    put_name(part, "memory", 6);
    buf_byte(part, CORE_MEMORY);
    put_u32(part, 0);
    end_section(merge, SECTION_EXPORT, part);
}

/* A section whose entries were collected while others were written: its count goes before them,
 * without a copy between. */
static void write_collected(struct merge *merge, enum wasm_section id, uint32_t count,
                            const struct buf *entries) {
    uint8_t head[LEB_MAX_U32];
    size_t head_size = (size_t)(leb_u32(head, count) - head);
    if (count == 0) return;
    struct buf *code = &merge->result->code;
    buf_byte(code, (uint8_t)id);
    put_u32(code, (uint32_t)(head_size + entries->size));
    buf_add(code, head, head_size);
    buf_add(code, entries->data, entries->size);
}

static void write_data_count(struct merge *merge, struct buf *part) {
    if (merge->data_count == 0) return;
    put_u32(part, merge->data_count);
    end_section(merge, SECTION_DATA_COUNT, part);
}

bool assemble_code(struct merge *merge) {
    struct buf *code = &merge->result->code, part;
    size_t large =
        merge->code_section.size + merge->element_section.size + merge->data_section.size;
    if (!merge_buf_ok(merge, &merge->data_section)) return false;
    if (large > merge->cap) return merge_too_large(merge);
    /* One allocation for all: the large parts are known. */
    if (buf_reserve(code, large) == NULL) return merge_no_memory(merge);
    buf_init(&part, merge->cap);
    buf_add(code, "\0asm\1\0\0\0", 8);
    write_types(merge, &part);
    write_imports(merge, &part);
    write_functions(merge, &part);
    write_tables(merge, &part);
    write_memory(merge, &part);
    write_globals(merge, &part);
    write_exports(merge, &part);
    write_collected(merge, SECTION_ELEMENT, merge->element_count, &merge->element_section);
    write_data_count(merge, &part);
    write_collected(merge, SECTION_CODE, merge->func_count - merge->import_count,
                    &merge->code_section);
    write_collected(merge, SECTION_DATA, merge->data_count, &merge->data_section);
    buf_free(&part);
    return !code->failed || merge_too_large(merge);
}
