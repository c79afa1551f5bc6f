/* The ABI state of one instance (one invocation): its memory as the host sees it, its handles, its
 * budget. Thread: the executor that runs the invocation. Nothing is shared.
 *
 * Source: CanonicalABI.md of the component model ("Lifting", "Lowering", "Resource State").
 * Everything that comes from the guest is checked: bounds and alignment (for
 * empty lists too), discriminants, characters, UTF-8, handles and their types. */
#ifndef PK_ABI_INSTANCE_H
#define PK_ABI_INSTANCE_H

#include "abi/interface.h"
#include "abi/value.h"

enum {
    ABI_MAX_HANDLES = 65536, /* live at once in one instance */
    ABI_MAX_LENDS = 4096,    /* borrows in one host call */
    ABI_CALL_BUDGET =
        64 << 20,           /* bytes that one host call may lift: lists of a guest can overlap */
    ABI_TRANSCODE_COST = 8, /* a unit of a string that is not UTF-8 counts as so many of them: it is
                               transcoded without a pause */
};

/* A guest's handle. Index 0 is never used; the index freed last is used next, as in Wasmtime. */
struct abi_handle {
    uint32_t resource;
    uint32_t rep;   /* a free entry: the next free index */
    uint32_t lends; /* borrows of it in the running host call */
    bool live;
    bool own; /* false: a borrow that an entry's parameter gave; must be dropped before the entry
                 returns */
};

/* What abi_drop_handle tells for a borrow: nothing ends with it. No host resource may have this
 * rep. */
#define ABI_REP_BORROWED UINT32_MAX

struct abi_lower;

/* Work that grows with what a guest gives is done a piece at a time. */
enum { ABI_PIECE = 64 << 10, ABI_UNCHECKED = 4 };
enum abi_step { ABI_STEP_DONE, ABI_STEP_MORE, ABI_STEP_FAIL /* abi_fail told why */ };

struct abi_instance {
    const struct abi_interface *interface;
    /* Where lifted values and the results of host functions live. The caller empties it at the
     * begin of each call from the guest to a host function, so that a skill may make any number of
     * them. */
    struct arena *arena;
    uint64_t budget; /* bytes that the running lift may still take: ABI_CALL_BUDGET at its begin */
    uint8_t *memory; /* set anew by whoever calls us, at the start of each call from the guest */
    uint64_t memory_size;
    bool may_leave;             /* may the guest call imports now? */
    struct abi_handle *handles; /* malloc; [0] unused */
    uint32_t handle_count, handle_room, free_handle;
    uint32_t *lent; /* handles lent in this host call */
    uint32_t lent_count, lent_room;
    uint32_t borrow_count;   /* live borrows of the running entry */
    struct abi_lower *lower; /* malloc, kept between calls: a lowering that may wait for addresses;
                                NULL before the first */
    struct abi_bytes {
        const uint8_t *at;
        uint32_t left;
    } unchecked[ABI_UNCHECKED]; /* long strings of a result: abi_check_strings looks at them */
    uint32_t unchecked_count;
    bool defers;     /* a result is being lifted */
    char error[300]; /* why the last operation failed: becomes the trap's text */
};

void abi_instance_init(struct abi_instance *instance, const struct abi_interface *interface,
                       struct arena *arena);
/* Frees tables. Calls `drop` (may be NULL) for every handle that the guest left: resource index and
 * rep. */
typedef void (*abi_drop_fn)(void *context, uint32_t resource, uint32_t rep);
void abi_instance_end(struct abi_instance *instance, abi_drop_fn drop, void *context);
/* Keep the tables' memory for the next instance on this thread: like end then init, without malloc.
 */
void abi_instance_reuse(struct abi_instance *instance, const struct abi_interface *interface,
                        struct arena *arena, abi_drop_fn drop, void *context);

/* Set instance->error (first one wins) and return false. */
__attribute__((format(printf, 2, 3))) bool abi_fail(struct abi_instance *instance,
                                                    const char *format, ...);

/* Core values come and go in arrays of 64-bit slots: i32 and f32 in the low 32 bits, whose upper
 * halves may hold anything when they come and are written as 0. */

/* ---- calls from the guest to the host. */

/* Lift the parameters of an import. `values` has room for signature.param_count. Also checks the
 * result pointer. False: trap. */
bool abi_lift_params(struct abi_instance *instance, const struct abi_signature *signature,
                     const uint64_t *core, struct abi_value *values);
/* Write the result of an import that has no plan; `core` gets the flat result if there is one.
 * `core_args`: as given to lift. */
bool abi_lower_result(struct abi_instance *instance, const struct abi_signature *signature,
                      const uint64_t *core_args, const struct abi_value *result, uint64_t *core);
/* An import with a plan: note what must be allocated. Returns the first request in *request (align
 * << 32 | size), or 0 when nothing must be allocated and the result is written already. `result`
 * must stay valid (arena, not guest memory) until the last put. */
bool abi_plan_result(struct abi_instance *instance, const struct abi_signature *signature,
                     const uint64_t *core_args, const struct abi_value *result, uint64_t *request);
/* The guest's realloc gave `address` for the last request: the next one, or 0 after everything was
 * written. */
bool abi_put(struct abi_instance *instance, uint32_t address, uint64_t *request);
/* Borrows end with the host call. Call it before lowering the result. */
void abi_end_lends(struct abi_instance *instance);
/* A [resource-drop] call: checks, frees the handle, tells the rep (ABI_REP_BORROWED: the handle was
 * a borrow, do nothing more). */
bool abi_drop_handle(struct abi_instance *instance, uint32_t resource, uint32_t handle,
                     uint32_t *rep);

/* ---- calls from the host to the guest. */

/* "enter-K": begin lowering `params` (valid until abi_args); first request as above. */
bool abi_enter(struct abi_instance *instance, const struct abi_signature *signature,
               const struct abi_value *params, uint64_t *request);
/* "args-K": the flat parameters into `core`. */
bool abi_args(struct abi_instance *instance, uint64_t *core);
/* "result-K": lift the result; bytes point into guest memory until the guest runs again. */
bool abi_result(struct abi_instance *instance, const struct abi_signature *signature,
                const uint64_t *core, struct abi_value *result);

/* Look whether the long strings of the result are UTF-8, ABI_PIECE at a time. The guest must not
 * have run since abi_result. */
enum abi_step abi_check_strings(struct abi_instance *instance);

/* ---- handles, for tests and host functions that make resources: the rep is the host's; the index
 * is made when an own is lowered. */
uint32_t abi_handle_new(struct abi_instance *instance, uint32_t resource,
                        uint32_t rep); /* 0: no room */

#endif
