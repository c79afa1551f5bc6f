/* Types of the component level but value types: functions, instances, resources. */
#include "component/decode.h"

struct type_entry types_get(struct reader *reader, const struct vec *types, uint32_t index,
                            enum type_sort sort) {
    static const char *const names[] = {
        [TYPE_VALUE] = "a value type",        [TYPE_FUNC] = "a function type",
        [TYPE_RESOURCE] = "a resource",       [TYPE_INSTANCE] = "an instance type",
        [TYPE_OPAQUE] = "a type of this use",
    };
    struct type_entry none = {.sort = sort};
    if (reader->failed) return none;
    if (index >= types->count) {
        reader_fail(reader, ERR_INVALID, "type %u, which is not there", index);
        return none;
    }
    struct type_entry entry = ((const struct type_entry *)types->items)[index];
    if (entry.sort == sort) return entry;
    if (entry.sort == TYPE_OPAQUE)
        reader_fail(reader, ERR_UNSUPPORTED,
                    "use of type %u, which is a component type or was made inside another "
                    "component or instance",
                    index);
    else
        reader_fail(reader, ERR_INVALID, "type %u is not %s", index, names[sort]);
    return none;
}

uint32_t types_add_resource(struct decoder *decoder, struct reader *reader, struct str interface,
                            struct str name) {
    struct component_resource *resource = decode_add(&decoder->resources, reader, "resources");
    if (resource == NULL) return 0;
    *resource = (struct component_resource){.interface = interface, .name = name};
    return decoder->resources.count - 1;
}

static void add_param(const struct decoder *decoder, const struct reader *reader,
                      struct component_functype *type, uint32_t index) {
    if (reader->failed) return;
    const struct component_valtype *types = decoder->valtypes.items;
    uint32_t flat = type->flat_params + types[index].flat_count;
    type->flat_params = (uint8_t)(flat > COMPONENT_FLAT_MANY ? COMPONENT_FLAT_MANY : flat);
    type->has_pointer |= types[index].has_pointer;
}

static void read_params(struct decoder *decoder, struct reader *reader, struct scope scope,
                        struct component_functype *type) {
    type->param_count = reader_count(reader, 3, COMPONENT_MAX_PARAMS, "parameters");
    decoder->fields.count = 0;
    type->params = vec_extend(&decoder->fields, type->param_count);
    if (type->params == NULL) reader_fail(reader, ERR_MEMORY, "no memory for parameters");
    for (uint32_t i = 0; i < type->param_count && !reader->failed; i++) {
        type->params[i].name = names_read(reader, NAMES_LABEL, "parameter's name");
        type->params[i].type = types_read_value(decoder, reader, scope);
        if (!scope.dry) add_param(decoder, reader, type, type->params[i].type);
    }
    types_check_labels(decoder, reader, type->params, type->param_count);
}

/* One result without a name; or the older list of named ones, of which only the empty one is left.
 */
static void read_result(struct decoder *decoder, struct reader *reader, struct scope scope,
                        struct component_functype *type) {
    uint8_t form = reader_byte(reader);
    type->result = COMPONENT_NONE;
    if (form == 0)
        type->result = types_read_value(decoder, reader, scope);
    else if (form != 1 || reader_byte(reader) != 0)
        reader_fail(reader, ERR_UNSUPPORTED, "function type with named results");
    if (scope.dry || reader->failed || type->result == COMPONENT_NONE) return;
    const struct component_valtype *types = decoder->valtypes.items;
    if (types[type->result].has_borrow)
        reader_fail(reader, ERR_INVALID, "function type with a borrow in its result");
}

static struct type_entry define_func(struct decoder *decoder, struct reader *reader,
                                     struct scope scope) {
    struct type_entry entry = {.sort = TYPE_FUNC};
    struct component_functype type = {0};
    read_params(decoder, reader, scope, &type);
    read_result(decoder, reader, scope, &type);
    if (scope.dry || reader->failed) return entry;
    size_t size = type.param_count * sizeof *type.params;
    void *params = arena_alloc(decoder->arena, size);
    if (params == NULL) {
        reader_fail(reader, ERR_MEMORY, "no memory for parameters");
        return entry;
    }
    type.params = size == 0 ? params : memcpy(params, type.params, size);
    struct component_functype *added = decode_add(&decoder->functypes, reader, "function types");
    if (added == NULL) return entry;
    *added = type;
    entry.index = decoder->functypes.count - 1;
    return entry;
}

/* Only those of the component itself can be used: an instance in an instance is refused where it is
 * declared. */
static struct type_entry define_instance(struct decoder *decoder, struct reader *reader,
                                         struct scope scope) {
    struct type_entry entry = {.sort = TYPE_OPAQUE};
    struct slice declarations = types_skip_declarations(decoder, reader, scope, false);
    if (scope.dry || scope.depth > 0) return entry;
    struct instance_type *type = decode_add(&decoder->instance_types, reader, "instance types");
    if (type == NULL) return entry;
    *type = (struct instance_type){.declarations = declarations, .visible = scope.types->count};
    entry.sort = TYPE_INSTANCE;
    entry.index = decoder->instance_types.count - 1;
    return entry;
}

struct type_entry types_define(struct decoder *decoder, struct reader *reader, struct scope scope) {
    struct type_entry opaque = {.sort = TYPE_OPAQUE};
    uint32_t start = reader_offset(reader);
    switch (reader_peek(reader)) {
    case 0x3f:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "resource defined by the guest");
        return opaque;
    case 0x40:
        reader_byte(reader);
        return define_func(decoder, reader, scope);
    case 0x41:
        reader_byte(reader);
        types_skip_declarations(decoder, reader, scope, true);
        return opaque;
    case 0x42:
        reader_byte(reader);
        return define_instance(decoder, reader, scope);
    case 0x43:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "async function type");
        return opaque;
    default:
        return types_define_value(decoder, reader, scope);
    }
}

void decode_type(struct decoder *decoder, struct reader *reader) {
    struct type_entry entry =
        types_define(decoder, reader, (struct scope){.types = &decoder->types});
    struct type_entry *added = decode_add(&decoder->types, reader, "types");
    if (added != NULL) *added = entry;
}
