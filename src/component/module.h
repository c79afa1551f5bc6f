/* A decoded core module: its sections as tables, its bodies, expressions and segments as slices of
 * the input.
 *
 * Source: WebAssembly core specification 2.0, chapter 5 (binary format). Everything here points
 * into the component's bytes or lives in the decoder's arena; nothing is freed by itself. Decoding
 * checks structure (every count, index, length and LEB128), not the typing of function bodies: what
 * the linker makes of them is validated by the engine when it compiles. */
#ifndef PK_COMPONENT_MODULE_H
#define PK_COMPONENT_MODULE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* A part of the input. `offset` is its place in the whole file, for error texts. */
struct slice {
    const uint8_t *data;
    uint32_t size;
    uint32_t offset;
};

enum core_kind {
    CORE_FUNC,
    CORE_TABLE,
    CORE_MEMORY,
    CORE_GLOBAL,
    CORE_KINDS
}; /* as encoded in imports and exports */

enum {
    VALTYPE_I32 = 0x7f,
    VALTYPE_I64 = 0x7e,
    VALTYPE_F32 = 0x7d,
    VALTYPE_F64 = 0x7c,
    VALTYPE_V128 = 0x7b,
    VALTYPE_FUNCREF = 0x70,
    VALTYPE_EXTERNREF = 0x6f
};

struct core_functype {
    const uint8_t *params; /* value types as encoded; every other encoding was refused */
    const uint8_t *results;
    uint32_t param_count, result_count;
};

struct core_limits {
    uint32_t min, max; /* pages of 64 KiB, or table elements */
    bool has_max;
};

struct core_table {
    uint8_t reftype;
    struct core_limits limits;
};

struct core_global {
    uint8_t valtype;
    bool mutable;
    struct slice init; /* constant expression with its end opcode; empty for imported globals */
};

struct core_import {
    struct str module, name;
    enum core_kind kind;
    uint32_t index; /* in the index space of its kind */
};

struct core_export {
    struct str name;
    enum core_kind kind;
    uint32_t index;
};

enum core_segment_mode { SEGMENT_ACTIVE, SEGMENT_PASSIVE, SEGMENT_DECLARATIVE };

struct core_element {
    enum core_segment_mode mode;
    uint8_t reftype;
    bool expressions; /* items are constant expressions, else function indices */
    uint32_t table;   /* active: which table */
    uint32_t count;
    struct slice offset; /* active: constant expression with its end */
    struct slice items;  /* as encoded, without the count */
};

struct core_data {
    enum core_segment_mode mode;
    uint32_t memory;
    struct slice offset;
    struct slice bytes;
};

/* Index spaces hold imports first, then definitions; `imported` says how many of each kind are
 * imports. */
struct core_module {
    struct slice bytes;
    struct core_functype *types;
    struct core_import *imports; /* in their order */
    uint32_t *funcs;             /* type index of every function, imported ones included */
    struct core_table *tables;   /* likewise all */
    struct core_limits *memories;
    struct core_global *globals;
    struct core_export *exports; /* sorted by name, names are unique */
    struct core_element *elements;
    struct slice *bodies; /* of the defined functions, from local declarations to the end opcode */
    struct core_data *datas;
    uint32_t type_count, import_count, export_count, element_count, body_count, data_count;
    uint32_t count[CORE_KINDS];    /* sizes of the index spaces */
    uint32_t imported[CORE_KINDS]; /* of them imports, the first ones */
    bool has_start, has_data_count;
    uint32_t start;
    struct slice name_section; /* contents of the custom section "name", or empty */
};

enum { MODULE_ARENA_FACTOR = 20, MODULE_ARENA_BASE = 64 * 1024 };

/* `bytes`: one whole core module, from its magic number. Linear in its size (but for sorting
 * names); arena use is at most MODULE_ARENA_FACTOR times its size + MODULE_ARENA_BASE. Indices in
 * constant expressions are checked as well. Refuses by name (docs/linking.md): shared or
 * 64-bit memories and tables, tags, GC and typed reference types. */
bool module_decode(struct slice bytes, struct arena *arena, struct core_module *module,
                   struct err *err);
/* NULL when there is no export of that name. */
const struct core_export *module_export(const struct core_module *module, struct str name);
/* The name that the name section gives a function (index in the function index space), or an empty
 * string. Linear in the section the first time it is asked for a module: fill a table of
 * `count[CORE_FUNC]` strings instead. False: section is malformed, ignore. */
bool module_function_names(const struct core_module *module, struct str *names);

#endif
