/* Canonical definitions: functions lifted from core and lowered to it, and drops of resources. */
#include "component/decode.h"

const struct component_options decode_no_options = {.encoding = ENCODING_UTF8,
                                                    .memory = COMPONENT_NONE,
                                                    .realloc = COMPONENT_NONE,
                                                    .post_return = COMPONENT_NONE};

enum { MAX_OPTIONS = 10, MAX_FLAT_PARAMS = 16, MAX_FLAT_RESULTS = 1 };

static void set_index(struct reader *reader, uint32_t *option, uint32_t count, const char *what) {
    if (*option != COMPONENT_NONE) reader_fail(reader, ERR_INVALID, "option %s twice", what);
    *option = decode_index(reader, count, what);
}

static void read_option(const struct decoder *decoder, struct reader *reader,
                        struct component_options *options, bool *has_encoding, const char *what) {
    const struct vec *items = decoder->core_items;
    uint32_t start = reader_offset(reader);
    uint8_t form = reader_byte(reader);
    switch (form) {
    case 0:
    case 1:
    case 2:
        if (*has_encoding) reader_fail(reader, ERR_INVALID, "two string encodings");
        *has_encoding = true;
        options->encoding = (enum component_encoding)form;
        break;
    case 3:
        set_index(reader, &options->memory, items[CORE_MEMORY].count, "core memory");
        break;
    case 4:
        set_index(reader, &options->realloc, items[CORE_FUNC].count, "realloc core function");
        break;
    case 5:
        set_index(reader, &options->post_return, items[CORE_FUNC].count,
                  "post-return core function");
        break;
    case 6:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "async %s", what);
        break;
    case 7:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "%s with a callback (async)", what);
        break;
    case 8:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "%s to a core type", what);
        break;
    case 9:
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "%s to GC values", what);
        break;
    default:
        reader_fail_at(reader, start, ERR_INVALID, "canonical option 0x%02x", form);
        break;
    }
}

static struct component_options read_options(const struct decoder *decoder, struct reader *reader,
                                             const char *what) {
    struct component_options options = decode_no_options;
    bool has_encoding = false;
    uint32_t count = reader_count(reader, 1, MAX_OPTIONS, "canonical options");
    for (uint32_t i = 0; i < count && !reader->failed; i++)
        read_option(decoder, reader, &options, &has_encoding, what);
    if (options.realloc != COMPONENT_NONE && options.memory == COMPONENT_NONE)
        reader_fail(reader, ERR_INVALID, "realloc without a memory");
    return options;
}

/* What the type of a function demands: memory to read from, and in it a place for what is given to
 * the guest. A lowered function's result has its place from the caller. */
static void check_options(const struct decoder *decoder, struct reader *reader, uint32_t offset,
                          const struct component_func *func,
                          const struct component_options *options, bool lift) {
    const struct component_functype *type =
        &((const struct component_functype *)decoder->functypes.items)[func->type];
    static const struct component_valtype nothing;
    const struct component_valtype *result = &nothing;
    if (type->result != COMPONENT_NONE)
        result = &((const struct component_valtype *)decoder->valtypes.items)[type->result];
    bool params = type->has_pointer || type->flat_params > MAX_FLAT_PARAMS;
    bool results = result->has_pointer || result->flat_count > MAX_FLAT_RESULTS;
    bool allocates = lift ? params : result->has_pointer;
    const char *what = lift ? "lift" : "lower";
    if ((params || results) && options->memory == COMPONENT_NONE)
        reader_fail_at(reader, offset, ERR_INVALID, "%s without the memory that its type needs",
                       what);
    if (allocates && options->realloc == COMPONENT_NONE)
        reader_fail_at(reader, offset, ERR_INVALID, "%s without the realloc that its type needs",
                       what);
}

static void read_lift(struct decoder *decoder, struct reader *reader, uint32_t offset) {
    struct component_func func = {.kind = FUNC_LIFT, .interface = {"", 0}, .name = {"", 0}};
    if (reader_byte(reader) != 0) reader_fail(reader, ERR_INVALID, "lift of no function");
    func.core_func = decode_index(reader, decoder->core_items[CORE_FUNC].count, "core function");
    func.options = read_options(decoder, reader, "lift");
    func.type = types_get(reader, &decoder->types, reader_u32(reader), TYPE_FUNC).index;
    if (reader->failed) return;
    check_options(decoder, reader, offset, &func, &func.options, true);
    struct component_func *added = decode_add(&decoder->funcs, reader, "functions");
    if (added != NULL) *added = func;
}

static void add_core_func(struct decoder *decoder, struct reader *reader,
                          const struct core_item *item) {
    struct core_item *added = decode_add(&decoder->core_items[CORE_FUNC], reader, "core functions");
    if (added != NULL) *added = *item;
}

static void read_lower(struct decoder *decoder, struct reader *reader, uint32_t offset) {
    struct core_item item = {.kind = ITEM_LOWER,
                             .instance = COMPONENT_NONE,
                             .name = {"", 0},
                             .resource = COMPONENT_NONE,
                             .offset = offset};
    if (reader_byte(reader) != 0) reader_fail(reader, ERR_INVALID, "lower of no function");
    item.func = decode_index(reader, decoder->funcs.count, "function");
    item.options = read_options(decoder, reader, "lower");
    if (reader->failed) return;
    const struct component_func *func =
        &((const struct component_func *)decoder->funcs.items)[item.func];
    if (func->kind != FUNC_IMPORT)
        reader_fail_at(reader, offset, ERR_UNSUPPORTED,
                       "lower of a function that the component lifts itself");
    if (item.options.post_return != COMPONENT_NONE)
        reader_fail_at(reader, offset, ERR_INVALID, "lower with a post-return function");
    check_options(decoder, reader, offset, func, &item.options, false);
    add_core_func(decoder, reader, &item);
}

static void read_resource_drop(struct decoder *decoder, struct reader *reader, uint32_t offset) {
    struct core_item item = {.kind = ITEM_RESOURCE_DROP,
                             .instance = COMPONENT_NONE,
                             .name = {"", 0},
                             .func = COMPONENT_NONE,
                             .options = decode_no_options,
                             .offset = offset};
    item.resource = types_get(reader, &decoder->types, reader_u32(reader), TYPE_RESOURCE).index;
    add_core_func(decoder, reader, &item);
}

/* What is not taken, by name; the holes are not assigned. */
static const char *refused_name(uint8_t form) {
    static const char *const names[] = {
        [0x02] = "resource.new (resource defined by the guest)",
        [0x04] = "resource.rep (resource defined by the guest)",
        [0x05] = "task.cancel",
        [0x06] = "subtask.cancel",
        [0x07] = "async resource.drop",
        [0x08] = "backpressure.set",
        [0x09] = "task.return",
        [0x0a] = "context.get",
        [0x0b] = "context.set",
        [0x0c] = "thread.yield",
        [0x0d] = "subtask.drop",
        [0x0e] = "stream.new",
        [0x0f] = "stream.read",
        [0x10] = "stream.write",
        [0x11] = "stream.cancel-read",
        [0x12] = "stream.cancel-write",
        [0x13] = "stream.drop-readable",
        [0x14] = "stream.drop-writable",
        [0x15] = "future.new",
        [0x16] = "future.read",
        [0x17] = "future.write",
        [0x18] = "future.cancel-read",
        [0x19] = "future.cancel-write",
        [0x1a] = "future.drop-readable",
        [0x1b] = "future.drop-writable",
        [0x1c] = "error-context.new",
        [0x1d] = "error-context.debug-message",
        [0x1e] = "error-context.drop",
        [0x1f] = "waitable-set.new",
        [0x20] = "waitable-set.wait",
        [0x21] = "waitable-set.poll",
        [0x22] = "waitable-set.drop",
        [0x23] = "waitable.join",
        [0x24] = "backpressure.inc",
        [0x25] = "backpressure.dec",
        [0x26] = "thread.index",
        [0x27] = "thread.new-indirect",
        [0x28] = "thread.resume-later",
        [0x29] = "thread.suspend",
        [0x2a] = "thread.suspend-then-resume",
        [0x2b] = "thread.yield-then-resume",
        [0x2c] = "thread.suspend-then-promote",
        [0x2d] = "thread.yield-then-promote",
        [0x2e] = "stream.forward",
        [0x2f] = "future.forward",
        [0x40] = "thread.spawn-ref",
        [0x41] = "thread.spawn-indirect",
        [0x42] = "thread.available-parallelism",
    };
    return form < sizeof names / sizeof *names ? names[form] : NULL;
}

void decode_canon(struct decoder *decoder, struct reader *reader) {
    uint32_t offset = reader_offset(reader);
    uint8_t form = reader_byte(reader);
    if (reader->failed) return;
    switch (form) {
    case 0:
        read_lift(decoder, reader, offset);
        return;
    case 1:
        read_lower(decoder, reader, offset);
        return;
    case 3:
        read_resource_drop(decoder, reader, offset);
        return;
    default:
        break;
    }
    const char *name = refused_name(form);
    if (name != NULL)
        reader_fail_at(reader, offset, ERR_UNSUPPORTED, "canonical built-in %s", name);
    else
        reader_fail_at(reader, offset, ERR_INVALID, "canonical definition 0x%02x", form);
}
