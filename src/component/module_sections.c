/* The sections of a core module that declare things: types, imports, functions, tables, memories,
 * globals, exports, start. */
#include "component/module_internal.h"
#include "component/names.h"

/* Is this a value type of WebAssembly 2.0? Else fails with the name of what it is. */
static bool check_valtype(struct reader *reader, uint8_t type) {
    if (type >= VALTYPE_V128 && type <= VALTYPE_I32) return true;
    if (type == VALTYPE_FUNCREF || type == VALTYPE_EXTERNREF) return true;
    if (type >= 0x40 && type < 0x80)
        return reader_fail(reader, ERR_UNSUPPORTED,
                           "value type 0x%02x (typed reference, GC or exception)", type);
    return reader_fail(reader, ERR_INVALID, "value type 0x%02x", type);
}

static uint8_t read_reftype(struct reader *reader) {
    uint8_t type = reader_byte(reader);
    if (!reader->failed && check_valtype(reader, type) && type != VALTYPE_FUNCREF &&
        type != VALTYPE_EXTERNREF)
        reader_fail(reader, ERR_INVALID, "0x%02x where a reference type must be", type);
    return type;
}

static const uint8_t *read_valtypes(struct reader *reader, const char *what, uint32_t *count) {
    *count = reader_count(reader, 1, MODULE_MAX_PARAMS, what);
    struct slice types = reader_bytes(reader, *count);
    for (uint32_t i = 0; i < types.size; i++)
        if (!check_valtype(reader, types.data[i])) break;
    return types.data;
}

void module_types(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    module->type_count = reader_count(reader, 3, MODULE_MAX_ITEMS, "types");
    module->types = module_alloc(decoder, reader, module->type_count, sizeof *module->types);
    for (uint32_t i = 0; i < module->type_count && !reader->failed; i++) {
        struct core_functype *type = &module->types[i];
        uint8_t form = reader_byte(reader);
        if (form == 0x4e || form == 0x4f || form == 0x50 || form == 0x5e || form == 0x5f)
            reader_fail(reader, ERR_UNSUPPORTED, "GC type (form 0x%02x)", form);
        else if (form != 0x60)
            reader_fail(reader, ERR_INVALID, "type of form 0x%02x", form);
        type->params = read_valtypes(reader, "parameters", &type->param_count);
        type->results = read_valtypes(reader, "results", &type->result_count);
    }
}

static struct core_limits read_limits(struct reader *reader, const char *what, uint32_t max) {
    struct core_limits limits = {0};
    uint32_t start = reader_offset(reader);
    uint8_t flags = reader_byte(reader);
    if ((flags & 2) != 0) reader_fail_at(reader, start, ERR_UNSUPPORTED, "shared %s", what);
    if ((flags & 4) != 0) reader_fail_at(reader, start, ERR_UNSUPPORTED, "64-bit %s", what);
    if ((flags & 8) != 0)
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "%s with a page size of its own", what);
    if (flags > 1) reader_fail_at(reader, start, ERR_INVALID, "%s with flags 0x%02x", what, flags);
    limits.has_max = flags == 1;
    limits.min = reader_u32(reader);
    if (limits.has_max) limits.max = reader_u32(reader);
    if (limits.has_max && limits.min > limits.max)
        reader_fail_at(reader, start, ERR_INVALID, "%s whose minimum exceeds its maximum", what);
    if (limits.min > max)
        reader_fail_at(reader, start, ERR_LIMIT, "%s of at least %u, at most %u are taken", what,
                       limits.min, max);
    return limits;
}

static struct core_limits read_memory(struct reader *reader) {
    uint32_t start = reader_offset(reader);
    struct core_limits limits = read_limits(reader, "memory", MODULE_MAX_PAGES);
    if (limits.has_max && limits.max > MODULE_MAX_PAGES)
        reader_fail_at(reader, start, ERR_INVALID, "memory of up to %u pages", limits.max);
    return limits;
}

static struct core_table read_table(struct reader *reader) {
    if (reader_peek(reader) == 0x40)
        reader_fail(reader, ERR_UNSUPPORTED, "table with an initial value");
    struct core_table table = {.reftype = read_reftype(reader)};
    table.limits = read_limits(reader, "table", MODULE_MAX_TABLE_ELEMENTS);
    return table;
}

static struct core_global read_global(struct reader *reader) {
    struct core_global global = {.valtype = reader_byte(reader)};
    if (!reader->failed) check_valtype(reader, global.valtype);
    uint8_t flags = reader_byte(reader);
    if (flags == 2 || flags == 3) reader_fail(reader, ERR_UNSUPPORTED, "shared global");
    if (flags > 3) reader_fail(reader, ERR_INVALID, "global with flags 0x%02x", flags);
    global.mutable = flags == 1;
    return global;
}

static uint32_t read_type_index(struct reader *reader, const struct core_module *module) {
    uint32_t start = reader_offset(reader);
    uint32_t index = reader_u32(reader);
    if (index >= module->type_count)
        reader_fail_at(reader, start, ERR_INVALID, "function of type %u, which is not there",
                       index);
    return index;
}

static enum core_kind read_kind(struct reader *reader, const char *what) {
    uint32_t start = reader_offset(reader);
    uint8_t kind = reader_byte(reader);
    if (kind < CORE_KINDS) return kind;
    if (kind == 4) reader_fail_at(reader, start, ERR_UNSUPPORTED, "%s of a tag (exceptions)", what);
    if (kind == 0x20 || kind == 0x7e || kind == 0x7f)
        reader_fail_at(reader, start, ERR_UNSUPPORTED, "%s of form 0x%02x", what, kind);
    reader_fail_at(reader, start, ERR_INVALID, "%s of kind 0x%02x", what, kind);
    return CORE_FUNC;
}

/* What is imported, as an item of its index space. */
union import_item {
    uint32_t func;
    struct core_table table;
    struct core_limits memory;
    struct core_global global;
};

static void read_import(struct reader *reader, const struct core_module *module,
                        struct core_import *import, union import_item *item) {
    import->module = reader_name(reader);
    import->name = reader_name(reader);
    import->kind = read_kind(reader, "import");
    switch (import->kind) {
    case CORE_FUNC:
        item->func = read_type_index(reader, module);
        break;
    case CORE_TABLE:
        item->table = read_table(reader);
        break;
    case CORE_MEMORY:
        item->memory = read_memory(reader);
        break;
    default:
        item->global = read_global(reader);
        break;
    }
}

static bool count_imports(struct reader reader, struct core_module *module) {
    struct core_import import;
    union import_item item;
    for (uint32_t i = 0; i < module->import_count && !reader.failed; i++) {
        read_import(&reader, module, &import, &item);
        module->imported[import.kind]++;
    }
    return !reader.failed;
}

void module_imports(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    module->import_count = reader_count(reader, 4, MODULE_MAX_ITEMS, "imports");
    module->imports = module_alloc(decoder, reader, module->import_count, sizeof *module->imports);
    /* Index spaces get their exact size, so the section is read twice. */
    if (reader->failed || !count_imports(*reader, module)) {
        reader->failed = true;
        return;
    }
    const uint32_t *count = module->imported;
    module->funcs = module_alloc(decoder, reader, count[CORE_FUNC], sizeof *module->funcs);
    module->tables = module_alloc(decoder, reader, count[CORE_TABLE], sizeof *module->tables);
    module->memories = module_alloc(decoder, reader, count[CORE_MEMORY], sizeof *module->memories);
    module->globals = module_alloc(decoder, reader, count[CORE_GLOBAL], sizeof *module->globals);
    for (uint32_t i = 0; i < module->import_count && !reader->failed; i++) {
        struct core_import *import = &module->imports[i];
        union import_item item;
        read_import(reader, module, import, &item);
        import->index = module->count[import->kind]++;
        switch (import->kind) {
        case CORE_FUNC:
            module->funcs[import->index] = item.func;
            break;
        case CORE_TABLE:
            module->tables[import->index] = item.table;
            break;
        case CORE_MEMORY:
            module->memories[import->index] = item.memory;
            break;
        default:
            module->globals[import->index] = item.global;
            break;
        }
    }
}

/* Makes an index space larger by `extra`, behind what was imported; returns the first new index. */
static uint32_t extend(struct module_decoder *decoder, struct reader *reader, enum core_kind kind,
                       void **items, uint32_t extra, size_t size) {
    uint32_t before = decoder->module->count[kind];
    void *larger = module_alloc(decoder, reader, before + extra, size);
    if (reader->failed) return 0;
    if (before > 0) memcpy(larger, *items, before * size);
    *items = larger;
    decoder->module->count[kind] = before + extra;
    return before;
}

void module_functions(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    uint32_t count = reader_count(reader, 1, MODULE_MAX_ITEMS, "functions");
    void *funcs = module->funcs;
    uint32_t first = extend(decoder, reader, CORE_FUNC, &funcs, count, sizeof *module->funcs);
    module->funcs = funcs;
    decoder->declared_funcs = count;
    for (uint32_t i = 0; i < count && !reader->failed; i++)
        module->funcs[first + i] = read_type_index(reader, module);
}

void module_tables(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    uint32_t count = reader_count(reader, 3, MODULE_MAX_TABLES, "tables");
    void *tables = module->tables;
    uint32_t first = extend(decoder, reader, CORE_TABLE, &tables, count, sizeof *module->tables);
    module->tables = tables;
    for (uint32_t i = 0; i < count && !reader->failed; i++)
        module->tables[first + i] = read_table(reader);
}

void module_memories(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    uint32_t count = reader_count(reader, 2, MODULE_MAX_MEMORIES, "memories");
    void *memories = module->memories;
    uint32_t first =
        extend(decoder, reader, CORE_MEMORY, &memories, count, sizeof *module->memories);
    module->memories = memories;
    for (uint32_t i = 0; i < count && !reader->failed; i++)
        module->memories[first + i] = read_memory(reader);
}

void module_globals(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    uint32_t count = reader_count(reader, 4, MODULE_MAX_ITEMS, "globals");
    void *globals = module->globals;
    uint32_t first = extend(decoder, reader, CORE_GLOBAL, &globals, count, sizeof *module->globals);
    module->globals = globals;
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        struct core_global *global = &module->globals[first + i];
        *global = read_global(reader);
        global->init = reader_const_expr_within(reader, module->count[CORE_FUNC], first + i);
    }
}

void module_exports(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    module->export_count = reader_count(reader, 3, MODULE_MAX_ITEMS, "exports");
    module->exports = module_alloc(decoder, reader, module->export_count, sizeof *module->exports);
    for (uint32_t i = 0; i < module->export_count && !reader->failed; i++) {
        struct core_export *export = &module->exports[i];
        uint32_t start = reader_offset(reader);
        export->name = reader_name(reader);
        export->kind = read_kind(reader, "export");
        export->index = reader_u32(reader);
        if (export->index >= module->count[export->kind])
            reader_fail_at(reader, start, ERR_INVALID, "export of something that is not there");
    }
    if (reader->failed) return;
    if (names_sort(module->exports, module->export_count, sizeof *module->exports) != NULL)
        reader_fail_at(reader, reader->base, ERR_INVALID, "two exports of one name");
}

void module_start(struct module_decoder *decoder, struct reader *reader) {
    struct core_module *module = decoder->module;
    module->has_start = true;
    module->start = reader_u32(reader);
    if (reader->failed) return;
    if (module->start >= module->count[CORE_FUNC]) {
        reader_fail(reader, ERR_INVALID, "start function that is not there");
        return;
    }
    const struct core_functype *type = &module->types[module->funcs[module->start]];
    if (type->param_count > 0 || type->result_count > 0)
        reader_fail(reader, ERR_INVALID, "start function with parameters or results");
}
