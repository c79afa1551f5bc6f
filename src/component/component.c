#include "component/component.h"

#include "component/decode.h"

enum { MAX_SIZE = 1 << 30, BUDGET_BASE = 64 * 1024 };

enum component_layer component_layer(const uint8_t *bytes, size_t size) {
    static const uint8_t module[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    static const uint8_t component[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    if (size < sizeof module) return LAYER_NEITHER;
    if (memcmp(bytes, module, sizeof module) == 0) return LAYER_MODULE;
    return memcmp(bytes, component, sizeof component) == 0 ? LAYER_COMPONENT : LAYER_NEITHER;
}

/* A section that is a vector of items. */
static bool decode_items(struct decoder *decoder, struct reader *contents, uint32_t min_bytes,
                         const char *what,
                         void (*decode)(struct decoder *decoder, struct reader *reader)) {
    uint32_t count = reader_count(contents, min_bytes, COMPONENT_MAX_ITEMS, what);
    for (uint32_t i = 0; i < count && !contents->failed; i++) decode(decoder, contents);
    if (!contents->failed && !reader_done(contents))
        reader_fail(contents, ERR_INVALID, "more bytes than %s in a section", what);
    return !contents->failed;
}

static void decode_module(struct decoder *decoder, struct reader *contents) {
    struct slice bytes = reader_bytes(contents, (uint32_t)(contents->end - contents->at));
    if (decoder->modules.count >= COMPONENT_MAX_MODULES)
        reader_fail(contents, ERR_LIMIT, "more than %d core modules", COMPONENT_MAX_MODULES);
    struct core_module *module = decode_add(&decoder->modules, contents, "core modules");
    if (module == NULL || module_decode(bytes, decoder->arena, module, contents->err)) return;
    err_prefix(contents->err, "core module %u", decoder->modules.count - 1);
    contents->failed = true;
}

static void decode_component_section(struct decoder *decoder, struct reader *contents) {
    decode_nested(decoder, contents,
                  reader_bytes(contents, (uint32_t)(contents->end - contents->at)));
}

static void refuse_core_types(struct decoder *decoder, struct reader *contents) {
    (void)decoder;
    reader_u32(contents);
    reader_fail(contents, ERR_UNSUPPORTED, "core type section%s",
                reader_peek(contents) == 0x50 ? " with a module type" : "");
}

/* Sections by number: of one thing each, or of a vector of things that take at least min_bytes. */
static const struct section {
    const char *what;
    void (*decode)(struct decoder *decoder, struct reader *reader);
    uint32_t min_bytes; /* 0: no vector */
    const char *refused;
} sections[] = {
    [1] = {"core module", decode_module, 0, NULL},
    [2] = {"core instances", decode_core_instance, 2, NULL},
    [3] = {"core types", refuse_core_types, 0, NULL},
    [4] = {"component", decode_component_section, 0, NULL},
    [5] = {"instances", decode_instance, 2, NULL},
    [6] = {"aliases", decode_component_alias, 4, NULL},
    [7] = {"types", decode_type, 1, NULL},
    [8] = {"canonical definitions", decode_canon, 1, NULL},
    [9] = {"start", NULL, 0, "component start function"},
    [10] = {"imports", decode_import, 5, NULL},
    [11] = {"exports", decode_export, 6, NULL},
    [12] = {"values", NULL, 0, "value section"},
};
enum { SECTION_COUNT = sizeof sections / sizeof *sections };

static bool decode_section(struct decoder *decoder, struct reader *reader) {
    uint32_t start = reader_offset(reader);
    struct reader contents;
    uint8_t id;
    if (!decode_section_head(reader, &id, &contents)) return false;
    if (id == 0) {
        reader_name(&contents);
        return !contents.failed;
    }
    if (id >= SECTION_COUNT)
        return reader_fail_at(reader, start, ERR_INVALID, "section of unknown kind %u", id);
    const struct section *section = &sections[id];
    if (section->refused != NULL)
        return reader_fail_at(reader, start, ERR_UNSUPPORTED, "%s", section->refused);
    if (section->min_bytes > 0)
        return decode_items(decoder, &contents, section->min_bytes, section->what, section->decode);
    section->decode(decoder, &contents);
    return !contents.failed;
}

static void decoder_init(struct decoder *decoder, struct component *component, struct arena *arena,
                         struct err *err) {
    *decoder = (struct decoder){.component = component,
                                .arena = arena,
                                .err = err,
                                .scopes = SCOPES_FIXED,
                                .budget = (uint64_t)component->bytes.size + BUDGET_BASE};
#define X(field, type) decoder->field.item_size = sizeof(type);
    DECODER_VECS(X)
#undef X
    for (int kind = 0; kind < CORE_KINDS; kind++)
        decoder->core_items[kind].item_size = sizeof(struct core_item);
}

static void decoder_free(struct decoder *decoder) {
#define X(field, type) vec_free(&decoder->field);
    DECODER_VECS(X)
#undef X
    for (int kind = 0; kind < CORE_KINDS; kind++) vec_free(&decoder->core_items[kind]);
    names_free(&decoder->names);
    free(decoder->interned);
}

static bool keep(struct decoder *decoder) {
    struct component *component = decoder->component;
    bool kept = true;
#define KEEP(from, to)                                                                             \
    kept = (component->to##s = vec_copy(&decoder->from, decoder->arena)) != NULL && kept;          \
    component->to##_count = decoder->from.count;
    KEEP(modules, module)
    KEEP(core_instances, instance)
    KEEP(funcs, func)
    KEEP(valtypes, valtype)
    KEEP(functypes, functype)
    KEEP(resources, resource)
    KEEP(exports, export)
    KEEP(import_names, import_name)
#undef KEEP
    for (int kind = 0; kind < CORE_KINDS; kind++) {
        component->items[kind] = vec_copy(&decoder->core_items[kind], decoder->arena);
        component->item_count[kind] = decoder->core_items[kind].count;
        kept = kept && component->items[kind] != NULL;
    }
    return kept || err_set(decoder->err, ERR_MEMORY, "no memory for the component's tables");
}

static bool check_layer(const uint8_t *bytes, size_t size, struct err *err) {
    switch (component_layer(bytes, size)) {
    case LAYER_COMPONENT:
        break;
    case LAYER_MODULE:
        return err_set(err, ERR_INVALID, "not a component, but a core module");
    default:
        return err_set(err, ERR_INVALID, "not a WebAssembly component");
    }
    if (size <= MAX_SIZE) return true;
    return err_set(err, ERR_LIMIT, "component of %zu bytes, at most %d are taken", size, MAX_SIZE);
}

bool component_decode(const uint8_t *bytes, size_t size, struct arena *arena,
                      struct component *component, struct err *err) {
    struct decoder decoder;
    struct reader reader;
    *component = (struct component){0};
    if (!check_layer(bytes, size, err)) return false;
    component->bytes = (struct slice){.data = bytes, .size = (uint32_t)size};
    decoder_init(&decoder, component, arena, err);
    reader_init(&reader, component->bytes, err);
    reader_bytes(&reader, 8);
    bool good = true;
    while (good && !reader_done(&reader)) good = decode_section(&decoder, &reader);
    good = good && keep(&decoder);
    decoder_free(&decoder);
    return good;
}
