/* What the files that decode core modules share. Internal to src/component. */
#ifndef PK_COMPONENT_MODULE_INTERNAL_H
#define PK_COMPONENT_MODULE_INTERNAL_H

#include "component/reader.h"

/* The numbers on which engines agree (JS-API, "Limits"); more would be refused when the linked code
 * is compiled. */
enum {
    MODULE_MAX_ITEMS = 1000000, /* types, functions, imports, exports, globals */
    MODULE_MAX_SEGMENTS = 100000,
    MODULE_MAX_TABLES = 100,
    MODULE_MAX_MEMORIES = 100,
    MODULE_MAX_PARAMS = 1000,
    MODULE_MAX_TABLE_ELEMENTS = 10000000,
    MODULE_MAX_PAGES = 65536,
    MODULE_MAX_BODY = 7654321,
};

struct module_decoder {
    struct core_module *module;
    struct arena *arena;
    uint32_t declared_funcs; /* by the function section; each wants a body */
    uint32_t declared_datas; /* by the data count section */
};

/* Room for `count` things in the arena, cleared, or NULL and a failed reader. */
void *module_alloc(struct module_decoder *decoder, struct reader *reader, uint32_t count,
                   size_t size);

/* One section each: `reader` is at its contents. A failure is left in the reader. */
void module_types(struct module_decoder *decoder, struct reader *reader);
void module_imports(struct module_decoder *decoder, struct reader *reader);
void module_functions(struct module_decoder *decoder, struct reader *reader);
void module_tables(struct module_decoder *decoder, struct reader *reader);
void module_memories(struct module_decoder *decoder, struct reader *reader);
void module_globals(struct module_decoder *decoder, struct reader *reader);
void module_exports(struct module_decoder *decoder, struct reader *reader);
void module_start(struct module_decoder *decoder, struct reader *reader);
void module_elements(struct module_decoder *decoder, struct reader *reader);
void module_data_count(struct module_decoder *decoder, struct reader *reader);
void module_code(struct module_decoder *decoder, struct reader *reader);
void module_data(struct module_decoder *decoder, struct reader *reader);

#endif
