/* A decoded component: what it is made of, resolved as far as the component level goes, ready for
 * the linker.
 *
 * Source: the component model's binary format (WebAssembly/component-model, Binary.md and
 * CanonicalABI.md) as of 2025; what public builders make of it is in docs/linking.md. The decoder
 * takes any bytes: no input reads out of bounds, recurses deeper than COMPONENT_MAX_DEPTH, or takes
 * more than linear time (but for sorting names) and COMPONENT_ARENA_FACTOR times its size of arena,
 * and about as much again of malloc's memory until it is done.
 *
 * Everything points into the input or lives in the arena that was given; it is valid as long as
 * both. Not thread-safe while decoding, constant afterwards.
 *
 * Taken: one level of core instances; nested components only when they re-export functions under
 * other names; synchronous lifts and lowers; imported resources. Everything else is refused with a
 * text that names the construct and its offset. */
#ifndef PK_COMPONENT_COMPONENT_H
#define PK_COMPONENT_COMPONENT_H

#include "component/module.h"

enum {
    COMPONENT_MAX_DEPTH = 32,     /* of nested components, instance types and value types */
    COMPONENT_MAX_TYPES = 100000, /* value types in all */
    COMPONENT_MAX_NAME = 512,     /* bytes of an import's, export's, field's or case's name */
    /* An arena of COMPONENT_ARENA_FACTOR * size + COMPONENT_ARENA_BASE is always enough. */
    COMPONENT_ARENA_FACTOR = 32,
    COMPONENT_ARENA_BASE = 4 << 20,
    COMPONENT_MAX_MODULES = 1000,
    COMPONENT_MAX_ITEMS = 1000000, /* of each index space */
    COMPONENT_MAX_FIELDS = 10000,  /* of a record, tuple, variant, enum */
    COMPONENT_MAX_FLAGS = 32,      /* labels of a flags type, as the specification has it */
    COMPONENT_MAX_PARAMS = 1000,   /* of a function */
};

#define COMPONENT_NONE UINT32_MAX

/* Value types: a table of interned types, children before parents (so a walk by index needs no
 * recursion). */
/* clang-format off */
enum valtype_kind {
    VT_BOOL, VT_S8, VT_U8, VT_S16, VT_U16, VT_S32, VT_U32, VT_S64, VT_U64, VT_F32, VT_F64, VT_CHAR, VT_STRING,
    VT_LIST, VT_RECORD, VT_TUPLE, VT_VARIANT, VT_ENUM, VT_OPTION, VT_RESULT, VT_FLAGS, VT_OWN, VT_BORROW
};
/* clang-format on */

struct component_field {
    struct str name; /* empty for tuple elements */
    uint32_t type;   /* index into value types, or COMPONENT_NONE: case without payload */
};

/* Number of core values that something flattens to (CanonicalABI.md, "Flattening"), at most this.
 */
enum { COMPONENT_FLAT_MANY = 17 };

struct component_valtype {
    enum valtype_kind kind;
    bool has_pointer;   /* a string or list is in it: guest memory must be allocated to lower it */
    bool has_borrow;    /* a borrow is in it; never in a function's result */
    uint8_t depth;      /* 1: nothing in it */
    uint8_t flat_count; /* up to COMPONENT_FLAT_MANY */
    uint32_t resource;  /* own, borrow: index into resources; else COMPONENT_NONE */
    uint32_t element;   /* list, option: its type; else COMPONENT_NONE */
    uint32_t count;     /* of fields; 0 where there are none */
    /* Record, tuple: fields; variant, enum, flags: cases or labels; result: 2, "ok" and "error". */
    struct component_field *fields;
};

struct component_functype {
    struct component_field *params;
    uint32_t param_count;
    uint32_t result;     /* COMPONENT_NONE: no result */
    bool has_pointer;    /* a parameter has: see component_valtype */
    uint8_t flat_params; /* of all parameters together, up to COMPONENT_FLAT_MANY */
};

/* An imported resource: fresh for every imported instance that declares it; `use` of it elsewhere
 * resolves to the same index. */
struct component_resource {
    struct str interface; /* "wasi:io/poll@0.2.0"; empty when imported by the component itself */
    struct str name;      /* "pollable" */
};

enum component_encoding { ENCODING_UTF8, ENCODING_UTF16, ENCODING_LATIN1_UTF16 };

struct component_options {
    enum component_encoding encoding;
    uint32_t memory;      /* index of a core memory, or COMPONENT_NONE */
    uint32_t realloc;     /* index of a core function, or COMPONENT_NONE */
    uint32_t post_return; /* likewise */
};

enum component_func_kind { FUNC_IMPORT, FUNC_LIFT };

/* A function of the component level. */
struct component_func {
    enum component_func_kind kind;
    struct str interface; /* import: "wasi:io/poll@0.2.0", empty for one of the component itself */
    struct str name;      /* import: "[method]pollable.block" */
    uint32_t type;        /* index into functypes */
    uint32_t core_func;   /* lift: index of a core function; else COMPONENT_NONE */
    struct component_options options; /* lift */
};

enum core_item_kind { ITEM_ALIAS, ITEM_LOWER, ITEM_RESOURCE_DROP };

/* An item of the component's core function, table, memory or global index space. */
struct core_item {
    enum core_item_kind kind;
    uint32_t instance; /* alias: core instance */
    struct str name;   /* alias: export of that instance */
    uint32_t func;     /* lower: component function, an import */
    uint32_t resource; /* resource drop: index into resources */
    struct component_options options;
    uint32_t offset; /* in the file, for texts */
};

struct core_argument {
    struct str name;   /* the module's import module name */
    uint32_t instance; /* core instance */
};

struct core_bag_item {
    struct str name;
    enum core_kind kind;
    uint32_t index; /* in the component's core index space of that kind */
};

/* A core instance: a module with its named arguments, or a bag of existing items, renamed. */
struct core_instance {
    bool is_bag;
    uint32_t module;
    struct core_argument *arguments; /* sorted by name, unique */
    uint32_t argument_count;
    struct core_bag_item *items; /* sorted by name, unique */
    uint32_t item_count;
    uint32_t offset;
};

struct component_export_func {
    struct str name; /* "run" */
    uint32_t func;   /* a FUNC_LIFT */
};

/* An exported instance and its functions, through re-exporting components to what they lift. An
 * export of a single function has an empty interface. */
struct component_export {
    struct str interface; /* "pharia:skill/skill-handler@0.3.11" */
    struct component_export_func *funcs;
    uint32_t func_count;
};

struct component {
    struct slice bytes;
    struct core_module *modules;
    struct core_instance *instances;
    struct core_item *items[CORE_KINDS];
    struct component_func *funcs;
    struct component_valtype *valtypes;
    struct component_functype *functypes;
    struct component_resource *resources;
    struct component_export *exports;
    struct str *import_names; /* instances and functions that it imports, in their order */
    uint32_t module_count, instance_count, item_count[CORE_KINDS], func_count, valtype_count,
        functype_count, resource_count, export_count, import_name_count;
};

/* Is it a component, a core module, or neither? Looks at the first 8 bytes only. */
enum component_layer { LAYER_NEITHER, LAYER_MODULE, LAYER_COMPONENT };
enum component_layer component_layer(const uint8_t *bytes, size_t size);

/* Decode `bytes` into `component`. Both arena and bytes must outlive it. Sizes over 1 GiB are
 * refused. */
bool component_decode(const uint8_t *bytes, size_t size, struct arena *arena,
                      struct component *component, struct err *err);

/* Which skill world it exports, looking at exports of package pharia:skill only. */
enum component_world_kind { WORLD_FUNCTION, WORLD_MESSAGE_STREAM };
struct component_world {
    enum component_world_kind kind;
    uint32_t major, minor, patch; /* of the exported interface */
    uint32_t export_index;        /* which of the component's exports */
};
/* Fails with texts that contain "not supported yet", "no longer supported" or "unsupported world".
 */
bool component_find_world(const struct component *component, struct component_world *world,
                          struct err *err);

#endif
