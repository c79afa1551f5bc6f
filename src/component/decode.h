/* What the files that decode the component level share. Internal to src/component.
 *
 * The decoder keeps the index spaces of the component as growing arrays and reads the sections in
 * their order, each item resolved against what came before it: a component has no forward
 * references. At the end what the linker needs is copied to the arena. */
#ifndef PK_COMPONENT_DECODE_H
#define PK_COMPONENT_DECODE_H

#include "component/component.h"
#include "component/names.h"
#include "component/vec.h"

/* What an index of a type index space stands for. */
enum type_sort {
    TYPE_VALUE,    /* index: of a value type */
    TYPE_FUNC,     /* of a functype */
    TYPE_RESOURCE, /* of a resource */
    TYPE_INSTANCE, /* of decoder.instance_types */
    TYPE_OPAQUE,   /* something that may be declared but that we take nowhere */
};

struct type_entry {
    enum type_sort sort;
    uint32_t index;
};

/* An instance type is read again each time something is imported with it: each import makes its
 * resources anew. */
struct instance_type {
    struct slice declarations;
    uint32_t visible; /* so many types of the component did exist where it was defined */
};

/* An export of a component instance. */
struct instance_item {
    struct str name;
    uint32_t offset; /* in the file, for texts */
    bool is_func;
    struct type_entry type; /* a type; or the type of a function of an imported instance */
    uint32_t func;          /* a function of a local instance: its index */
};

struct instance_entry {
    bool imported;
    struct str name;       /* that it is imported by */
    uint32_t scope;        /* of its items' names in decoder.names */
    uint32_t first, count; /* of decoder.items */
};

/* A nested component: functions and types that it imports, and which of them it exports again. */
struct nested_component {
    uint32_t first_import, import_count; /* of decoder.nested_imports */
    uint32_t first_export, export_count; /* of decoder.nested_exports */
};

struct nested_import {
    struct str name;
    bool is_func;
};

struct nested_export {
    struct str name;
    bool is_func;
    uint32_t import;        /* of decoder.nested_imports, or COMPONENT_NONE */
    struct type_entry type; /* of a type that is no import */
};

#define DECODER_VECS(X)                                                                            \
    /* What stays, in the shape of component.h. */                                                 \
    X(modules, struct core_module)                                                                 \
    X(core_instances, struct core_instance)                                                        \
    X(funcs, struct component_func)                                                                \
    X(valtypes, struct component_valtype)                                                          \
    X(functypes, struct component_functype)                                                        \
    X(resources, struct component_resource)                                                        \
    X(exports, struct component_export)                                                            \
    X(import_names, struct str)                                                                    \
    /* The other index spaces, and what they refer to. */                                          \
    X(types, struct type_entry)                                                                    \
    X(instances, struct instance_entry)                                                            \
    X(components, struct nested_component)                                                         \
    X(instance_types, struct instance_type)                                                        \
    X(items, struct instance_item)                                                                 \
    X(nested_imports, struct nested_import)                                                        \
    X(nested_exports, struct nested_export)                                                        \
    /* Of the type that is being read: its fields, their names, an instance type's index space. */ \
    X(fields, struct component_field)                                                              \
    X(labels, struct str)                                                                          \
    X(inner_types, struct type_entry)

struct decoder {
    struct component *component;
    struct arena *arena;
    struct err *err;
#define X(field, type) struct vec field;
    DECODER_VECS(X)
#undef X
    struct vec core_items[CORE_KINDS];
    struct names names;
    uint32_t scopes;           /* scopes of `names` in use */
    struct interned *interned; /* value types by their contents: a hash table */
    uint32_t interned_room;
    uint32_t primitives[VT_STRING + 1]; /* indices + 1 */
    /* Instance types and nested components may be used many times. What that makes of them is paid
     * from here, so that the work stays linear in the file's size; public builders use each once.
     */
    uint64_t budget;
};

enum { SCOPE_IMPORTS, SCOPE_EXPORTS, SCOPES_FIXED };

/* decode.c: helpers. All leave a failure in the reader. */
/* A failure of a reader over a part is one of the whole. */
void decode_join(struct reader *whole, const struct reader *part);
/* A section's header: its number, and its contents as a reader of their own. */
bool decode_section_head(struct reader *reader, uint8_t *id, struct reader *contents);
void *decode_add(struct vec *vec, struct reader *reader, const char *what);
/* `offset` is where the thing of that name began, for texts. */
bool decode_name(struct decoder *decoder, struct reader *reader, uint32_t offset, uint32_t scope,
                 struct str name, uint32_t value);
bool decode_pay(struct decoder *decoder, struct reader *reader, uint64_t price);
/* An index below `count`, or 0 and a failure "WHAT 7, which is not there". */
uint32_t decode_index(struct reader *reader, uint32_t count, const char *what);
/* An index, and the item of that index: good until the vec grows. NULL and a failure as above. */
const void *decode_item(struct reader *reader, const struct vec *vec, const char *what);

/* The sorts of the component level, as encoded; 0 has a second byte that says which core sort. */
enum { SORT_CORE, SORT_FUNC, SORT_VALUE, SORT_TYPE, SORT_COMPONENT, SORT_INSTANCE };
enum {
    SORT_CORE_TAG = 4,
    SORT_CORE_TYPE = 0x10,
    SORT_CORE_MODULE = 0x11,
    SORT_CORE_INSTANCE = 0x12
};
struct sort {
    uint8_t sort, core;
};
struct sort decode_sort(struct reader *reader);
const char *decode_sort_name(struct sort sort); /* "an instance" */
const char *decode_sort_noun(struct sort sort); /* "instance" */

/* externdesc: what is imported or exported, by its type. */
struct extern_desc {
    struct sort sort;
    bool fresh_resource; /* (type (sub resource)) */
    uint32_t index;      /* of a type: of the function, the instance, or the one that it equals */
};
struct extern_desc decode_extern(struct reader *reader);
/* An export may state a more general type than the thing's own. The own one is what is called, so
 * only its form is read. */
void decode_skip_ascribed(struct reader *reader, struct sort sort);

enum { ALIAS_EXPORT, ALIAS_CORE_EXPORT, ALIAS_OUTER };
struct alias {
    uint32_t offset;
    struct sort sort;
    uint8_t target;
    uint32_t instance, outer, index; /* export: instance; outer: levels and index */
    struct str name;
};
struct alias decode_alias(struct reader *reader);

/* types.c */
struct scope {
    struct vec *types;
    bool dry; /* only find out where a declaration ends: nothing is looked up or made */
    uint32_t depth;
};
struct type_entry types_define(struct decoder *decoder, struct reader *reader, struct scope scope);
/* The entry of index `index` in a type index space, which must be of that sort. */
struct type_entry types_get(struct reader *reader, const struct vec *types, uint32_t index,
                            enum type_sort sort);
uint32_t types_add_resource(struct decoder *decoder, struct reader *reader, struct str interface,
                            struct str name);

/* types_value.c */
struct type_entry types_define_value(struct decoder *decoder, struct reader *reader,
                                     struct scope scope);
uint32_t types_read_value(struct decoder *decoder, struct reader *reader, struct scope scope);
/* Reads a field's, parameter's or case's name and checks at the end that none occurs twice. */
bool types_check_labels(struct decoder *decoder, struct reader *reader,
                        const struct component_field *fields, uint32_t count);

/* types_intern.c: fills what follows from the parts (depth, flat_count, …) and returns the index of
 * the one type of these contents. */
uint32_t types_intern(struct decoder *decoder, struct reader *reader,
                      struct component_valtype type);

/* types_instance.c */
/* The body of an instance type (or component type: it has imports too) without making anything of
 * it. */
struct slice types_skip_declarations(struct decoder *decoder, struct reader *reader,
                                     struct scope scope, bool component);
/* Make an imported instance of an instance type. */
void types_instantiate(struct decoder *decoder, struct reader *reader,
                       const struct instance_type *type, struct str name,
                       struct instance_entry *entry);

/* instances.c: items of an instance are added one after the other, to the last instance only. */
struct instance_entry instances_begin(struct decoder *decoder);
void instances_add_item(struct decoder *decoder, struct reader *reader,
                        struct instance_entry *entry, struct instance_item item);
/* A function or type by sort and index, to be handed to a local instance. */
struct instance_item instances_read_item(struct decoder *decoder, struct reader *reader,
                                         struct str name);
/* A function of an instance gets an index of its own in the component. */
void decode_add_func(struct decoder *decoder, struct reader *reader,
                     const struct instance_entry *entry, const struct instance_item *item);
extern const struct component_options decode_no_options;
const struct instance_item *instances_find(const struct decoder *decoder,
                                           const struct instance_entry *entry, struct str name);

/* One item of a section each. */
void decode_core_instance(struct decoder *decoder, struct reader *reader);
void decode_core_alias(struct decoder *decoder, struct reader *reader, const struct alias *alias);
void decode_canon(struct decoder *decoder, struct reader *reader);
void decode_import(struct decoder *decoder, struct reader *reader);
void decode_export(struct decoder *decoder, struct reader *reader);
void decode_instance(struct decoder *decoder, struct reader *reader);
void decode_component_alias(struct decoder *decoder, struct reader *reader);
void decode_type(struct decoder *decoder, struct reader *reader);

/* nested.c: a whole nested component. */
void decode_nested(struct decoder *decoder, struct reader *reader, struct slice bytes);
/* Instantiate one: reads which and its arguments. */
void decode_nested_instance(struct decoder *decoder, struct reader *reader,
                            struct instance_entry *entry);

#endif
