/* Value types: read, with what they refer to looked up in the type index space around them. */
#include "component/decode.h"

/* 0x7f bool to 0x73 string, going down, in the order of enum valtype_kind. */
static bool primitive_kind(uint8_t form, enum valtype_kind *kind) {
    if (form < 0x73 || form > 0x7f) return false;
    *kind = (enum valtype_kind)(0x7f - form);
    return true;
}

static uint32_t primitive(struct decoder *decoder, struct reader *reader, enum valtype_kind kind) {
    struct component_valtype type = {
        .kind = kind, .resource = COMPONENT_NONE, .element = COMPONENT_NONE};
    if (decoder->primitives[kind] == 0)
        decoder->primitives[kind] = types_intern(decoder, reader, type) + 1;
    return decoder->primitives[kind] - 1;
}

uint32_t types_read_value(struct decoder *decoder, struct reader *reader, struct scope scope) {
    uint32_t start = reader_offset(reader);
    uint8_t form = reader_peek(reader);
    enum valtype_kind kind;
    if (primitive_kind(form, &kind)) {
        reader_byte(reader);
        return scope.dry ? 0 : primitive(decoder, reader, kind);
    }
    if (form == 0x64) reader_fail(reader, ERR_UNSUPPORTED, "error-context type");
    int64_t index = reader_s33(reader);
    if (index < 0) reader_fail_at(reader, start, ERR_INVALID, "value type 0x%02x", form);
    if (scope.dry || reader->failed) return 0;
    return types_get(reader, scope.types, (uint32_t)index, TYPE_VALUE).index;
}

static uint32_t read_optional(struct decoder *decoder, struct reader *reader, struct scope scope) {
    uint8_t present = reader_byte(reader);
    if (present > 1) reader_fail(reader, ERR_INVALID, "0x%02x where 0 or 1 must be", present);
    return present == 1 ? types_read_value(decoder, reader, scope) : COMPONENT_NONE;
}

bool types_check_labels(struct decoder *decoder, struct reader *reader,
                        const struct component_field *fields, uint32_t count) {
    decoder->labels.count = 0;
    struct str *labels = reader->failed ? NULL : vec_extend(&decoder->labels, count);
    if (labels == NULL) return reader_fail(reader, ERR_MEMORY, "no memory for labels");
    for (uint32_t i = 0; i < count; i++) labels[i] = fields[i].name;
    const struct str *twice = names_sort(labels, count, sizeof *labels);
    return twice == NULL ||
           reader_fail(reader, ERR_INVALID, "the label %.*s a second time", STR_ARG(*twice));
}

static struct component_field read_field(struct decoder *decoder, struct reader *reader,
                                         struct scope scope, enum valtype_kind kind) {
    struct component_field field = {.name = {"", 0}, .type = COMPONENT_NONE};
    if (kind != VT_TUPLE) field.name = names_read(reader, NAMES_LABEL, "label");
    if (kind == VT_RECORD || kind == VT_TUPLE)
        field.type = types_read_value(decoder, reader, scope);
    if (kind == VT_VARIANT) {
        field.type = read_optional(decoder, reader, scope);
        if (reader_byte(reader) != 0)
            reader_fail(reader, ERR_INVALID, "variant case that refines another");
    }
    return field;
}

static const struct fields_rule {
    const char *what;
    uint32_t min_bytes, max;
} fields_rules[] = {
    [VT_RECORD] = {"fields of a record", 3, COMPONENT_MAX_FIELDS},
    [VT_TUPLE] = {"elements of a tuple", 1, COMPONENT_MAX_FIELDS},
    [VT_VARIANT] = {"cases of a variant", 4, COMPONENT_MAX_FIELDS},
    [VT_ENUM] = {"cases of an enum", 2, COMPONENT_MAX_FIELDS},
    [VT_FLAGS] = {"flags", 2, COMPONENT_MAX_FLAGS},
};

static void read_fields(struct decoder *decoder, struct reader *reader, struct scope scope,
                        struct component_valtype *type) {
    const struct fields_rule *rule = &fields_rules[type->kind];
    type->count = reader_count(reader, rule->min_bytes, rule->max, rule->what);
    if (type->count == 0) reader_fail(reader, ERR_INVALID, "no %s", rule->what);
    decoder->fields.count = 0;
    type->fields = vec_extend(&decoder->fields, type->count);
    if (type->fields == NULL) reader_fail(reader, ERR_MEMORY, "no memory for %s", rule->what);
    for (uint32_t i = 0; i < type->count && !reader->failed; i++)
        type->fields[i] = read_field(decoder, reader, scope, type->kind);
    if (type->kind != VT_TUPLE) types_check_labels(decoder, reader, type->fields, type->count);
}

static void read_result(struct decoder *decoder, struct reader *reader, struct scope scope,
                        struct component_valtype *type) {
    type->count = 2;
    decoder->fields.count = 0;
    type->fields = vec_extend(&decoder->fields, 2);
    if (type->fields == NULL) {
        reader_fail(reader, ERR_MEMORY, "no memory for a result");
        return;
    }
    type->fields[0] = (struct component_field){str_of("ok"), read_optional(decoder, reader, scope)};
    type->fields[1] =
        (struct component_field){str_of("error"), read_optional(decoder, reader, scope)};
}

static void read_handle(struct reader *reader, struct scope scope, struct component_valtype *type) {
    uint32_t index = reader_u32(reader);
    if (!scope.dry) type->resource = types_get(reader, scope.types, index, TYPE_RESOURCE).index;
}

static enum valtype_kind composite_kind(struct reader *reader, uint32_t start, uint8_t form) {
    switch (form) {
    case 0x72:
        return VT_RECORD;
    case 0x71:
        return VT_VARIANT;
    case 0x70:
        return VT_LIST;
    case 0x6f:
        return VT_TUPLE;
    case 0x6e:
        return VT_FLAGS;
    case 0x6d:
        return VT_ENUM;
    case 0x6b:
        return VT_OPTION;
    case 0x6a:
        return VT_RESULT;
    case 0x69:
        return VT_OWN;
    case 0x68:
        return VT_BORROW;
    case 0x67:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "fixed-length list type");
        break;
    case 0x66:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "stream type");
        break;
    case 0x65:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "future type");
        break;
    case 0x64:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "error-context type");
        break;
    case 0x63:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "map type");
        break;
    default:
        reader_fail_at(reader, start, ERR_INVALID, "type of form 0x%02x", form);
        break;
    }
    return VT_BOOL;
}

struct type_entry types_define_value(struct decoder *decoder, struct reader *reader,
                                     struct scope scope) {
    struct type_entry entry = {.sort = TYPE_VALUE};
    struct component_valtype type = {.resource = COMPONENT_NONE, .element = COMPONENT_NONE};
    uint32_t start = reader_offset(reader);
    uint8_t form = reader_byte(reader);
    if (primitive_kind(form, &type.kind)) {
        if (!scope.dry) entry.index = primitive(decoder, reader, type.kind);
        return entry;
    }
    type.kind = composite_kind(reader, start, form);
    switch (type.kind) {
    case VT_LIST:
    case VT_OPTION:
        type.element = types_read_value(decoder, reader, scope);
        break;
    case VT_RESULT:
        read_result(decoder, reader, scope, &type);
        break;
    case VT_OWN:
    case VT_BORROW:
        read_handle(reader, scope, &type);
        break;
    case VT_BOOL:
        return entry; /* failed */
    default:
        read_fields(decoder, reader, scope, &type);
        break;
    }
    if (!scope.dry && !reader->failed) entry.index = types_intern(decoder, reader, type);
    return entry;
}
