#include "component/module.h"

#include "component/module_internal.h"
#include "component/names.h"

void *module_alloc(struct module_decoder *decoder, struct reader *reader, uint32_t count,
                   size_t size) {
    void *room = reader->failed ? NULL : arena_zalloc(decoder->arena, count, size);
    if (room == NULL) reader_fail(reader, ERR_MEMORY, "no memory for %u items", count);
    return room;
}

/* Sections in the order in which they must come; the order of their numbers is another. */
static const struct section {
    uint8_t id;
    const char *name;
    void (*decode)(struct module_decoder *decoder, struct reader *reader);
} sections[] = {
    {1, "type", module_types},         {2, "import", module_imports},
    {3, "function", module_functions}, {4, "table", module_tables},
    {5, "memory", module_memories},    {6, "global", module_globals},
    {7, "export", module_exports},     {8, "start", module_start},
    {9, "element", module_elements},   {12, "data count", module_data_count},
    {10, "code", module_code},         {11, "data", module_data},
};
enum { SECTION_COUNT = sizeof sections / sizeof *sections };

/* The place of a section in the order, or SECTION_COUNT. */
static uint32_t section_place(uint8_t id) {
    uint32_t place = 0;
    while (place < SECTION_COUNT && sections[place].id != id) place++;
    return place;
}

static void take_custom(struct core_module *module, struct reader *reader) {
    struct str name = reader_name(reader);
    if (reader->failed || !str_is(name, "name") || module->name_section.data != NULL) return;
    module->name_section = reader_bytes(reader, (uint32_t)(reader->end - reader->at));
}

/* `next` is the first place in the order that may still come. */
static bool decode_section(struct module_decoder *decoder, struct reader *reader, uint32_t *next) {
    uint32_t start = reader_offset(reader);
    uint8_t id = reader_byte(reader);
    struct slice contents = reader_bytes(reader, reader_u32(reader));
    if (reader->failed) return false;
    struct reader inner;
    reader_init(&inner, contents, reader->err);
    if (id == 0) {
        take_custom(decoder->module, &inner);
        return !inner.failed;
    }
    if (id == 13) return reader_fail_at(reader, start, ERR_UNSUPPORTED, "tag section (exceptions)");
    uint32_t place = section_place(id);
    if (place == SECTION_COUNT)
        return reader_fail_at(reader, start, ERR_INVALID, "module section of unknown kind %u", id);
    if (place < *next)
        return reader_fail_at(reader, start, ERR_INVALID, "%s section out of order or twice",
                              sections[place].name);
    *next = place + 1;
    sections[place].decode(decoder, &inner);
    if (!inner.failed && !reader_done(&inner))
        reader_fail(&inner, ERR_INVALID, "more bytes than things in the %s section",
                    sections[place].name);
    return !inner.failed;
}

static bool check_counts(const struct module_decoder *decoder, struct reader *reader) {
    const struct core_module *module = decoder->module;
    if (module->body_count != decoder->declared_funcs)
        return reader_fail(reader, ERR_INVALID, "%u functions declared, but %u bodies",
                           decoder->declared_funcs, module->body_count);
    if (module->has_data_count && module->data_count != decoder->declared_datas)
        return reader_fail(reader, ERR_INVALID, "%u data segments announced, but %u there",
                           decoder->declared_datas, module->data_count);
    return true;
}

bool module_decode(struct slice bytes, struct arena *arena, struct core_module *module,
                   struct err *err) {
    static const uint8_t magic[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct module_decoder decoder = {.module = module, .arena = arena};
    struct reader reader;
    reader_init(&reader, bytes, err);
    *module = (struct core_module){.bytes = bytes};
    if (bytes.size < sizeof magic || memcmp(bytes.data, magic, sizeof magic) != 0)
        return reader_fail(&reader, ERR_INVALID, "no core module of version 1");
    reader_bytes(&reader, sizeof magic);
    for (uint32_t next = 0; !reader_done(&reader);)
        if (!decode_section(&decoder, &reader, &next)) return false;
    return check_counts(&decoder, &reader);
}

const struct core_export *module_export(const struct core_module *module, struct str name) {
    return names_search(module->exports, module->export_count, sizeof *module->exports, name);
}

/* Subsection 1 of the name section: pairs of function index and name. */
static bool read_function_names(struct reader *reader, const struct core_module *module,
                                struct str *names) {
    uint32_t count = reader_count(reader, 2, MODULE_MAX_ITEMS, "names");
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        uint32_t index = reader_u32(reader);
        struct str name = reader_name(reader);
        if (index < module->count[CORE_FUNC]) names[index] = name;
    }
    return !reader->failed;
}

bool module_function_names(const struct core_module *module, struct str *names) {
    struct reader reader, inner;
    struct err ignored;
    for (uint32_t i = 0; i < module->count[CORE_FUNC]; i++) names[i] = (struct str){"", 0};
    reader_init(&reader, module->name_section, &ignored);
    while (!reader_done(&reader)) {
        uint8_t id = reader_byte(&reader);
        struct slice contents = reader_bytes(&reader, reader_u32(&reader));
        if (reader.failed) return false;
        reader_init(&inner, contents, &ignored);
        if (id == 1 && !read_function_names(&inner, module, names)) return false;
    }
    return true;
}
