/* Host functions: what a folder like wasi/ or csi/ offers, as a table of interface, name, type,
 * handler. */
#ifndef PK_ABI_HOST_H
#define PK_ABI_HOST_H

#include "abi/instance.h"
#include "base/err.h"

struct abi_call {
    struct abi_instance *instance;
    void *context; /* the invocation's host state (struct skill_call) */
    const struct abi_import *import;
    const struct abi_value *args; /* lifted parameters; valid while parked */
    struct abi_value result;      /* to be filled; cleared */
    uint64_t wake_at; /* set together with HOST_PARK: monotonic ns when to resume at the latest,
                         UINT64_MAX: when told */
};

enum host_outcome {
    HOST_DONE, /* `result` is filled */
    HOST_FAIL, /* abi_fail told why: the invocation ends with a trap */
    HOST_PARK, /* the fiber waits; `resume` is called when it is woken */
};

typedef enum host_outcome (*host_fn)(struct abi_call *call);
/* After a wake-up. HOST_DONE or HOST_PARK; HOST_FAIL ends the invocation. */
typedef enum host_outcome (*host_resume_fn)(struct abi_call *call);

struct host_function {
    const char *interface; /* without version: "wasi:io/poll" */
    const char *name;      /* "[method]pollable.block"; also "[resource-drop]pollable": call gets
                              args[0].u = rep */
    const char *type; /* "(borrow<pollable>)": compared with the component's own; NULL for a stub */
    host_fn call; /* NULL: known, but has no backend yet: a call of it ends the invocation with a
                     text that says so */
    host_resume_fn resume; /* NULL: never parks */
};

/* Results, and what a host function needs until its call is answered, are made here: gone when the
 * next host call begins. */
static inline struct arena *abi_call_arena(struct abi_call *call) {
    return call->instance->arena;
}

/* The functions of one package and minor version. Sorted by interface, then by name, bytewise
 * (host_table_sorted checks it). A name of a resource means the same kind of thing in all tables:
 * types are compared as text, in which a resource is only its name. */
struct host_table {
    const char *package; /* "wasi:" or "wasi:io" or "pharia:skill": up to what follows ':' or '/' */
    uint32_t major, minor, patch; /* accepted: major.minor.0 to .patch (UINT32_MAX: any patch) */
    const struct host_function *functions;
    size_t count;
};

/* `interface` without version. NULL: not in this table. */
const struct host_function *host_find(const struct host_table *table, struct str interface,
                                      struct str name);
/* What answers an import of a component, by its interface with version ("wasi:io/poll@0.2.9").
 * Fails with ERR_UNSUPPORTED and a text that says what is unknown: package, version, interface or
 * function. */
bool host_lookup(const struct host_table *tables, size_t table_count, struct str interface,
                 struct str name, const struct host_function **out, struct err *err);
bool host_table_sorted(const struct host_table *table);

#endif
