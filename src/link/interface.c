/* The interface as JSON (format: abi/interface.h). Types and resources that no import and no entry
 * uses are left out, the others keep their order: children come before parents. */
#include "link/merge.h"

struct writer {
    struct merge *merge;
    struct buf *out;
    /* Index in the component -> number in the text; LINK_NONE: not used. */
    uint32_t *types, *resources;
};

enum { USED = 0 }; /* a number until numbers are given */

static void use_type(struct writer *writer, uint32_t type) {
    if (type != COMPONENT_NONE) writer->types[type] = USED;
}

static void use_func(struct writer *writer, const struct component_func *func) {
    const struct component_functype *type = &writer->merge->component->functypes[func->type];
    for (uint32_t i = 0; i < type->param_count; i++) use_type(writer, type->params[i].type);
    use_type(writer, type->result);
}

static void use_parts(struct writer *writer, const struct component_valtype *type) {
    switch (type->kind) {
    case VT_LIST:
    case VT_OPTION:
        use_type(writer, type->element);
        break;
    case VT_OWN:
    case VT_BORROW:
        writer->resources[type->resource] = USED;
        break;
    case VT_RECORD:
    case VT_TUPLE:
    case VT_VARIANT:
    case VT_RESULT:
        for (uint32_t i = 0; i < type->count; i++) use_type(writer, type->fields[i].type);
        break;
    default:
        break;
    }
}

/* Number what is used. */
static void number(uint32_t *numbers, uint32_t count) {
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; i++)
        if (numbers[i] != LINK_NONE) numbers[i] = next++;
}

static bool number_used(struct writer *writer) {
    const struct component *component = writer->merge->component;
    uint32_t types = component->valtype_count, resources = component->resource_count;
    writer->types = merge_alloc(writer->merge, types, sizeof *writer->types);
    writer->resources = merge_alloc(writer->merge, resources, sizeof *writer->resources);
    if (writer->types == NULL || writer->resources == NULL) return false;
    for (uint32_t i = 0; i < types; i++) writer->types[i] = LINK_NONE;
    for (uint32_t i = 0; i < resources; i++) writer->resources[i] = LINK_NONE;
    for (uint32_t i = 0; i < writer->merge->host_count; i++) {
        const struct core_item *item = writer->merge->hosts[i].item;
        if (item->kind == ITEM_RESOURCE_DROP)
            writer->resources[item->resource] = USED;
        else
            use_func(writer, &component->funcs[item->func]);
    }
    for (uint32_t i = 0; i < writer->merge->entry_count; i++)
        use_func(writer, writer->merge->entries[i].func);
    for (uint32_t i = types; i-- > 0;)
        if (writer->types[i] != LINK_NONE) use_parts(writer, &component->valtypes[i]);
    number(writer->types, types);
    number(writer->resources, resources);
    return true;
}

static void put_string(struct writer *writer, struct str text) {
    buf_json_string(writer->out, text.data, text.size);
}

static void put_key(struct writer *writer, const char *key, struct str text) {
    buf_format(writer->out, "\"%s\": ", key);
    put_string(writer, text);
    buf_text(writer->out, ", ");
}

static void put_type_index(struct writer *writer, uint32_t type) {
    if (type == COMPONENT_NONE)
        buf_text(writer->out, "null");
    else
        buf_format(writer->out, "%u", writer->types[type]);
}

/* [["name", T], …], ["name", …] or [T, …] */
static void put_fields(struct writer *writer, const struct component_field *fields, uint32_t count,
                       bool names, bool types) {
    buf_byte(writer->out, '[');
    for (uint32_t i = 0; i < count && !writer->out->failed; i++) {
        if (i > 0) buf_text(writer->out, ", ");
        if (names && types) buf_byte(writer->out, '[');
        if (names) put_string(writer, fields[i].name);
        if (names && types) buf_text(writer->out, ", ");
        if (types) put_type_index(writer, fields[i].type);
        if (names && types) buf_byte(writer->out, ']');
    }
    buf_byte(writer->out, ']');
}

static const char *const kind_names[] = {"bool",   "s8",     "u8",     "s16",   "u16",     "s32",
                                         "u32",    "s64",    "u64",    "f32",   "f64",     "char",
                                         "string", "list",   "record", "tuple", "variant", "enum",
                                         "option", "result", "flags",  "own",   "borrow"};

static void put_type(struct writer *writer, const struct component_valtype *type) {
    struct buf *out = writer->out;
    if (type->kind <= VT_STRING) {
        buf_format(out, "\"%s\"", kind_names[type->kind]);
        return;
    }
    buf_format(out, "{\"%s\": ", kind_names[type->kind]);
    switch (type->kind) {
    case VT_LIST:
    case VT_OPTION:
        put_type_index(writer, type->element);
        break;
    case VT_OWN:
    case VT_BORROW:
        buf_format(out, "%u", writer->resources[type->resource]);
        break;
    case VT_ENUM:
    case VT_FLAGS:
        put_fields(writer, type->fields, type->count, true, false);
        break;
    case VT_TUPLE:
    case VT_RESULT:
        put_fields(writer, type->fields, type->count, false, true);
        break;
    default:
        put_fields(writer, type->fields, type->count, true, true);
    }
    buf_byte(out, '}');
}

static void put_separator(struct buf *out, bool *first) {
    buf_text(out, *first ? "\n  " : ",\n  ");
    *first = false;
}

static void put_resources(struct writer *writer) {
    const struct component *component = writer->merge->component;
    bool first = true;
    for (uint32_t i = 0; i < component->resource_count; i++) {
        if (writer->resources[i] == LINK_NONE) continue;
        put_separator(writer->out, &first);
        buf_byte(writer->out, '{');
        put_key(writer, "interface", component->resources[i].interface);
        buf_text(writer->out, "\"name\": ");
        put_string(writer, component->resources[i].name);
        buf_byte(writer->out, '}');
    }
}

static void put_types(struct writer *writer) {
    const struct component *component = writer->merge->component;
    bool first = true;
    for (uint32_t i = 0; i < component->valtype_count && !writer->out->failed; i++) {
        if (writer->types[i] == LINK_NONE) continue;
        put_separator(writer->out, &first);
        put_type(writer, &component->valtypes[i]);
    }
}

/* "params": …, "result": …, "encoding": …, "core": … */
static void put_signature(struct writer *writer, const struct component_func *func,
                          enum component_encoding encoding, const struct core_functype *core) {
    static const char *const encodings[] = {[ENCODING_UTF8] = "utf8",
                                            [ENCODING_UTF16] = "utf16",
                                            [ENCODING_LATIN1_UTF16] = "latin1+utf16"};
    const struct component_functype *type = &writer->merge->component->functypes[func->type];
    struct buf *out = writer->out;
    buf_text(out, "\"params\": ");
    put_fields(writer, type->params, type->param_count, true, true);
    buf_text(out, ", \"result\": ");
    put_type_index(writer, type->result);
    buf_format(out, ", \"encoding\": \"%s\", \"core\": \"", encodings[encoding]);
    for (uint32_t i = 0; i < core->param_count; i++)
        buf_byte(out, (uint8_t)types_valtype_letter(core->params[i]));
    buf_byte(out, ':');
    for (uint32_t i = 0; i < core->result_count; i++)
        buf_byte(out, (uint8_t)types_valtype_letter(core->results[i]));
    buf_byte(out, '"');
}

static void put_import(struct writer *writer, const struct host *host, struct buf *field) {
    struct merge *merge = writer->merge;
    struct str interface = host_interface(merge, host), name = host_name(merge, host);
    bool drop = host->item->kind == ITEM_RESOURCE_DROP;
    host_field(merge, host, field);
    struct str field_text = {(const char *)field->data, field->size};
    buf_byte(writer->out, '{');
    put_key(writer, "interface", interface);
    put_key(writer, "name", drop ? field_text : name);
    put_key(writer, "module", interface);
    put_key(writer, "field", field_text);
    if (drop) {
        buf_format(writer->out, "\"kind\": \"drop\", \"resource\": %u, \"core\": \"i:\"",
                   writer->resources[host->item->resource]);
    } else {
        buf_format(writer->out, "\"kind\": \"func\", \"plan\": %s, ",
                   host->plan ? "true" : "false");
        put_signature(writer, &merge->component->funcs[host->item->func],
                      host->item->options.encoding, host->type);
    }
    buf_byte(writer->out, '}');
}

static void put_imports(struct writer *writer) {
    struct merge *merge = writer->merge;
    struct buf field;
    buf_init(&field, merge->cap);
    bool first = true;
    for (uint32_t i = 0; i < merge->host_count && !writer->out->failed; i++) {
        put_separator(writer->out, &first);
        put_import(writer, &merge->hosts[i], &field);
    }
    if (field.failed) writer->out->failed = true;
    buf_free(&field);
}

static void put_exports(struct writer *writer) {
    const struct merge *merge = writer->merge;
    bool first = true;
    for (uint32_t i = 0; i < merge->entry_count && !writer->out->failed; i++) {
        const struct entry *entry = &merge->entries[i];
        put_separator(writer->out, &first);
        buf_byte(writer->out, '{');
        put_key(writer, "interface", entry->interface);
        put_key(writer, "name", entry->name);
        buf_format(writer->out, "\"entry\": %u, ", i);
        put_signature(writer, entry->func, entry->func->options.encoding, entry->type);
        buf_format(writer->out, ", \"post_return\": %s}",
                   entry->has_post_return ? "true" : "false");
    }
}

static void put_globals(struct writer *writer) {
    const struct link_result *result = writer->merge->result;
    for (uint32_t i = 0; i < result->global_count; i++)
        buf_byte(writer->out, (uint8_t)types_valtype_letter(result->globals[i].valtype));
}

bool interface_write(struct merge *merge) {
    struct writer writer = {.merge = merge, .out = &merge->result->interface};
    if (!number_used(&writer)) return false;
    buf_text(writer.out, "{\"format\": 1,\n\"resources\": [");
    put_resources(&writer);
    buf_text(writer.out, "],\n\"types\": [");
    put_types(&writer);
    buf_text(writer.out, "],\n\"imports\": [");
    put_imports(&writer);
    buf_text(writer.out, "],\n\"exports\": [");
    put_exports(&writer);
    buf_text(writer.out, "],\n\"globals\": \"");
    put_globals(&writer);
    buf_format(writer.out, "\",\n\"start\": true, \"strict\": %s, \"max_pages\": %u}\n",
               merge->settings->strict_memory ? "true" : "false",
               merge->memory.has_max ? merge->memory.max : LINK_PAGE);
    return merge_buf_ok(merge, writer.out);
}
