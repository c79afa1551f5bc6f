/* The state of one link run, shared by the files of this folder (nobody else includes it).
 *
 * A run goes through the steps that link.c lists. Indices of the merged module are fixed in one
 * step (layout.c), except those of helper functions and data segments, which are numbered when the
 * first body needs them. Everything lives in the run's arena or in the buffers below. */
#ifndef PK_LINK_MERGE_H
#define PK_LINK_MERGE_H

#include "link/link.h"
#include "link/table.h"

#define LINK_NONE UINT32_MAX

enum {
    LINK_PAGE = 65536,
    LINK_MAX_GLOBALS = 900, /* values from "pk" "start"; a function has at most 1,000 results */
    /* What a call has beside its memory, made anew for each: */
    LINK_MAX_TABLE = 1000000,   /* elements of all tables together, grown ones too: 8 MB */
    LINK_MAX_TABLES = 16,       /* tables */
    LINK_MAX_INSTANCE = 20000,  /* globals: 320 KB, and some tenths of a millisecond */
    LINK_MAX_ITEMS = 1000000,   /* functions, types: the engine's own limits */
    LINK_MAX_SEGMENTS = 100000, /* element segments, and data segments in the code; likewise */
    LINK_MAX_BODY = 7654321,    /* bytes of a function's body; likewise */
    /* The instruction that grows most is call_indirect: 3 bytes become 11. Beside that a body may
     * grow by its size. */
    LINK_BODY_GROWTH = 4,
    LINK_BODY_SLACK = 32,
    LINK_MAX_OUTPUT = 1 << 30,     /* bytes of a module; likewise */
    LINK_OUTPUT_SLACK = 64 * 1024, /* output that any input may have, beside its own size */
};

/* Where a core item is defined. */
struct place {
    uint32_t instance; /* index of a core instance; LINK_NONE: a host function */
    uint32_t index;    /* in its module's index space; host: in component->items[CORE_FUNC] */
};

/* The value of a constant expression. */
struct constant {
    uint8_t valtype;
    bool known;    /* false: not evaluated (yet) */
    bool null;     /* a null reference */
    uint64_t bits; /* of a number; a reference that is not null: index of a merged function */
    uint8_t v128[16];
};

/* A core instance with a module (module NULL: a bag of items, nothing of it is merged). */
struct merged {
    const struct core_module *module;
    const struct core_instance *source;
    uint32_t id;                       /* index of the core instance */
    struct place *imports[CORE_KINDS]; /* where what it imports is defined */
    uint32_t *map[CORE_KINDS];         /* index in the module -> index in the merged module */
    uint32_t *types;                   /* likewise */
    uint32_t *datas;                   /* likewise; LINK_NONE until a body uses it */
    uint32_t element_base;             /* merged index of its first element segment */
};

/* A core import: a host function with its canonical options, or a resource drop. */
struct host {
    const struct core_item *item;
    const struct core_functype *type; /* as the modules import it */
    struct place realloc;             /* plan only */
    uint32_t number;                  /* 1, 2, … among those with the same name */
    uint32_t lowerings;               /* of that name, kept in number 1 */
    uint32_t func;                    /* what the modules call: the import, or its shim */
    bool plan;
};

/* An exported function. */
struct entry {
    struct str interface, name;
    const struct component_func *func;
    const struct core_functype *type;
    struct place core, realloc, post_return;
    bool has_realloc, has_post_return;
};

/* What the generated functions do that are made on demand. `a`, `b`: merged table, element or data
 * index, by kind. */
enum helper_kind {
    HELPER_MEMORY_GROW,
    HELPER_MEMORY_FILL,
    HELPER_MEMORY_COPY,
    HELPER_MEMORY_INIT, /* a: data */
    HELPER_TABLE_FILL,  /* a: table */
    HELPER_TABLE_COPY,  /* a: to, b: from */
    HELPER_TABLE_INIT,  /* a: element, b: table */
    HELPER_TABLE_GROW,  /* a: table */
};

struct helper {
    enum helper_kind kind;
    uint32_t a, b;
    uint32_t func, type;
};

struct type_list {
    struct core_functype *types;
    uint32_t count, room;
    struct table table;
};

struct merge {
    const struct component *component;
    const struct link_settings *settings;
    struct arena *arena;
    struct link_result *result;
    struct err *err;
    size_t cap; /* bytes that each output may have */

    struct merged *instances;        /* by core instance */
    struct place *items[CORE_KINDS]; /* of the component's core index spaces; resolved on demand */
    uint8_t *item_known[CORE_KINDS];
    uint32_t resolved_instances; /* whose imports are resolved */

    struct host *hosts;
    uint32_t host_count, *item_host; /* by core function item: index into hosts */
    struct entry *entries;
    uint32_t entry_count, plan_count;

    struct type_list types;
    uint32_t *func_types;              /* of every merged function that layout.c numbers */
    uint32_t import_count, func_count; /* func_count grows with the helpers */
    /* Indices of functions: imports, the first shim, the first entry, pk-start. */
    uint32_t put, start_import, resized, entry_imports, shim_base, entry_base, start_func;
    uint32_t table_count, global_count, element_count, data_count;
    struct core_table *tables; /* merged, with their limits */
    bool *table_grows;
    struct core_limits memory;

    struct core_global *globals; /* merged: types */
    struct constant *values;     /* their initial values */
    bool *settable;              /* initial value comes from the host */
    /* Ours, behind the merged ones: elements of all tables; the memory's size as the guest sees it,
     * and its limit (not with strict memory). */
    uint32_t elements_global, size_global, limit_global;
    uint32_t elements; /* that all tables begin with */

    /* By merged function: ref.func may name it; ref.func in a body names it. */
    uint8_t *declared, *referenced;

    struct helper *helpers;
    uint32_t helper_count, helper_room;
    struct table helper_table;
    /* A passive data segment without bytes stands for all that were applied; LINK_NONE: not yet
     * needed. */
    uint32_t empty_data;

    struct buf element_section, code_section, data_section; /* entries, without the count */
};

/* resolve.c: find what every import stands for, and check its type. */
bool resolve_all(struct merge *merge);
/* The definition of a function of the guest, which canonical options or a lift name as `what`, and
 * of a realloc. */
bool resolve_guest(struct merge *merge, uint32_t item, const char *what, struct place *place);
bool resolve_realloc(struct merge *merge, uint32_t item, struct place *place);
/* The function type of a definition that is not a host function. */
const struct core_functype *place_type(const struct merge *merge, struct place place);
bool functype_equal(const struct core_functype *a, const struct core_functype *b);

/* hosts.c: the list of host imports. */
bool hosts_collect(struct merge *merge);
/* "pk-plan-2:NAME"; `text` is emptied first. */
void host_field(const struct merge *merge, const struct host *host, struct buf *text);
struct str host_interface(const struct merge *merge, const struct host *host);
struct str host_name(const struct merge *merge, const struct host *host);

/* entries.c: the exported functions. */
bool entries_collect(struct merge *merge);

/* shims.c: shims, entries, pk-start. */
bool shims_write(struct merge *merge);   /* bodies of the shims */
bool entries_write(struct merge *merge); /* bodies of entries and pk-start */

/* layout.c: numbers. */
bool layout_all(struct merge *merge);
uint32_t place_func(const struct merge *merge, struct place place);

/* types.c: function types, each once. LINK_NONE when there is no memory. */
bool types_init(struct merge *merge);
uint32_t types_add(struct merge *merge, const struct core_functype *type);
/* Types as text: "ii:I", parameters and results; i I f F, v (v128), r (funcref), x (externref). */
uint32_t types_add_text(struct merge *merge, const char *text);
char types_valtype_letter(uint8_t valtype);

/* const_expr.c */
bool const_eval(struct merge *merge, const struct merged *instance, struct slice expression,
                uint8_t valtype, const char *what, struct constant *value);
void const_write(struct buf *out, const struct constant *value);

/* globals.c, elements.c, datas.c */
bool globals_evaluate(struct merge *merge);
bool elements_write(struct merge *merge);
/* The segment that declares what only ref.func in bodies names. */
bool elements_declare(struct merge *merge);
bool datas_collect(struct merge *merge);
/* The merged index of a data segment that a body uses; LINK_NONE and an error when it does not
 * exist. */
uint32_t datas_use(struct merge *merge, struct merged *instance, uint32_t index);

/* starts.c: is the order of start functions and segments kept? */
bool starts_check(struct merge *merge);

/* rewrite.c: all function bodies of the modules into code_section. */
bool rewrite_all(struct merge *merge);

/* helpers.c, grow.c (and bulk.c): functions made on demand. helper_use gives the index, LINK_NONE
 * and an error when there is no memory. */
uint32_t helper_use(struct merge *merge, enum helper_kind kind, uint32_t a, uint32_t b);
bool helpers_write(struct merge *merge);
void grow_write_memory(const struct merge *merge, struct buf *body);
void grow_write_table(const struct merge *merge, const struct helper *helper, struct buf *body);
void helper_name(const struct helper *helper, struct buf *text);

/* assemble.c, names.c, interface.c */
bool assemble_code(struct merge *merge);
bool names_write(struct merge *merge);
bool interface_write(struct merge *merge);

/* merge.c: errors that many steps give; all return false. */
bool merge_no_memory(struct merge *merge);
/* Put "core instance 3 (module 2 at 0x1234): " before an error that is already there. */
bool merge_at(struct merge *merge, const struct merged *instance);
/* A new error of that place: format and arguments as printf's. */
#define merge_fail(merge, instance, kind, ...)                                                     \
    (err_set((merge)->err, (kind), __VA_ARGS__), merge_at((merge), (instance)))
bool merge_too_large(struct merge *merge);
/* Values of this type outlive a function: those of WebAssembly 2.0 but externref. For an externref
 * that is kept the engine gives each instance a heap of collected objects, a second memory; and
 * nothing but null could be in it, since no function of a component takes or gives one. */
bool merge_keeps(struct merge *merge, const struct merged *instance, const char *what,
                 uint32_t index, uint8_t valtype);
/* False and an error when a buffer failed: its cap, or the system's memory. */
bool merge_buf_ok(struct merge *merge, const struct buf *buf);
/* Cleared memory; NULL and an error when there is none. */
void *merge_alloc(struct merge *merge, size_t count, size_t size);

#endif
