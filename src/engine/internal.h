/* What the files of this folder share. Nobody else includes it. */
#ifndef PK_ENGINE_INTERNAL_H
#define PK_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <wasm.h>
#include <wasmtime.h>

#include "base/list.h"
#include "engine/engine.h"
#include "engine/scan.h"

/* ---- engine.c */
struct ticker {
    atomic_uint busy;   /* threads that run guests */
    atomic_uint asleep; /* 1: the ticker waits on this word until somebody is busy (futex) */
    atomic_bool stop;
    bool running;
    pthread_t thread;
};

struct engine {
    struct engine_settings settings;
    wasm_engine_t *wasm;
    struct scanner scanner;
    struct ticker ticker;
    atomic_uint code_files; /* codes that are mapped */
    atomic_long mappings;   /* of slots and stacks, at most */
    long mappings_max;
    char key[64];
};
/* Count `count` more mappings, if that leaves enough of the system's limit to everybody else: where
 * it is reached, malloc fails, and what cannot take that aborts. A negative count always succeeds.
 */
bool engine_count_mappings(struct engine *engine, long count);

/* ---- ticker.c: `on` when a thread begins to run guests, off when it goes idle. */
void ticker_count(struct ticker *ticker, bool on);

/* ---- fault.c */
/* Take over an error and put its message on one line into `err`; returns false. */
bool error_take(wasmtime_error_t *error, struct err *err, enum err_kind kind, const char *context);
/* Take over what a call left (one of them is not NULL) and fill `fault`; `by_host`: its text is
 * there already. */
void fault_take(wasm_trap_t *trap, wasmtime_error_t *error, bool by_host,
                struct engine_fault *fault);

/* ---- code.c, image.c, program.c */
struct engine_code {
    atomic_uint references;
    struct engine *engine;
    bool mapped; /* counted in engine->code_files */
    wasmtime_module_t *module;
};

#define IMAGE_NOT_COPIED UINT64_MAX

struct engine_image {
    atomic_uint references;
    atomic_bool retired; /* no slot of it is kept */
    int directory;       /* with `name`: where the file was; NULL: it has no name */
    char *name;
    uint64_t device, inode; /* of the file */
    _Atomic uint64_t copy;  /* image_file.c: where its copy begins, IMAGE_NOT_COPIED: no copy */
    uint32_t pages;
    size_t size;          /* bytes of the memory */
    size_t data;          /* bytes of the file; the rest of the memory is zero */
    const uint8_t *bytes; /* the whole memory, read only; NULL when there are no pages */
};

/* Nobody has called it for a while: its pages leave our address space (not the page cache), where
 * they would count as resident. Any thread, also while others read it. */
void image_rest(struct engine_image *image);

/* ---- image_file.c. Any thread. */
/* Map the file's bytes, private and writable, over the `data` bytes at `at`. False: errno. */
bool image_map_private(struct engine_image *image, void *at);
void image_copy_drop(struct engine_image *image); /* with the image */

/* One import of the code, bound to its handler. */
struct host_function {
    engine_host_fn call, resume;
    void *data;
    uint32_t param_count, result_count;
    uint8_t *kinds; /* enum engine_core: parameters, then results */
};

struct engine_program {
    atomic_uint references;
    struct engine *engine;
    struct engine_code *code;
    struct host_function *functions;
    uint32_t function_count;
    uint32_t entries;
    char (*entry_names)[16];
    wasmtime_linker_t *linker;
    wasmtime_instance_pre_t *pre;
};

/* What WebAssembly implementations allow for parameters and for results. */
enum { HOST_VALUES_MAX = 1000 };

enum { SLOT_MAPPINGS = 3, STACK_MAPPINGS = 2 }; /* image, grown, reserved; guard, stack */

/* ---- slot.c: an address range with an image mapped into it, for one run at a time. */
struct slot {
    struct engine_thread *thread;
    struct shelf *shelf;
    uint8_t *base;
    /* Bytes from the base: */
    size_t image;    /* of the image */
    size_t size;     /* that are open: not less than the image */
    size_t asked;    /* that the present run has asked for; may be less than what is open */
    size_t high;     /* the largest `size` since the slot was made or reset: beyond is nothing */
    size_t reserved; /* that `size` may reach */
    size_t mapped;   /* of the whole range with its guard */
    size_t limit;    /* that the present run may grow to */
    struct page_set known; /* every private page, unless `unknown` */
    bool unknown;          /* faults were counted while the present run ran */
    bool torn;             /* a growth failed: what lies beyond `size` may be open and written */
    uint32_t restored;     /* since the last comparison with the image */
    uint64_t idle_since;
    struct slot *next;          /* in the shelf */
    struct warm_set *warm;      /* free, and keeps its private pages; NULL: not so */
    bool cool;                  /* they were dropped: those that are known are to come back */
    struct list_link warm_link; /* in `warm` */
};

/* Callbacks for Wasmtime; they find the run that is being made in `run_current`. */
wasmtime_error_t *slot_create(void *env, const wasm_memorytype_t *type, size_t minimum,
                              size_t maximum, size_t reserved, size_t guard,
                              wasmtime_linear_memory_t *out);
void slot_destroy(struct slot *slot);
/* Drop all private pages and close what was grown, as if the slot were new; false: the system
 * refused, destroy it. */
bool slot_reset(struct slot *slot);
/* Drop the private pages of a free slot, so that the next run has them again at little cost; false:
 * the system refused some, which are clean. */
bool slot_cool(struct slot *slot);

/* Bytes of private pages, or what is open where the system does not tell. */
uint64_t slot_private(const struct slot *slot);

/* Let go of the image's pages that are not private. */
void slot_rest(struct slot *slot);

/* munmap, or where that would need one mapping more than the system allows (the range's end has
 * merged with a neighbour), at least the pages. Also used for stacks. */
void mapping_drop(void *base, size_t size);

/* ---- stack.c */
struct stack {
    struct engine_thread *thread;
    uint8_t *map; /* one guard page, then `size` bytes */
    size_t guard, size;
    uint32_t uses;
    uint64_t idle_since;
    struct stack *next;
};
/* Bytes of it that are in memory. */
size_t stack_resident(const struct stack *stack);
wasmtime_error_t *stack_create(void *env, size_t size, bool zeroed, wasmtime_stack_memory_t *out);
void stack_destroy(struct stack *stack);

/* ---- thread.c */
struct shelf { /* the slots of one image */
    struct shelf *next;
    struct engine_image *image; /* counted */
    struct slot *free;          /* most recently used first */
    uint32_t used;              /* slots that runs have */
    bool forgotten;             /* used slots are destroyed when they come back */
    bool rested;                /* trimmed, and not used since */
};

/* Warm slots. */
struct warm_set {
    struct list slots; /* used the longest ago first */
    uint32_t count;
    uint64_t pages; /* private ones of them */
};

enum { THREAD_SHELVES = 256 };

struct engine_thread {
    struct engine *engine;
    bool busy;
    struct shelf *shelves[THREAD_SHELVES]; /* hashed by image */
    struct warm_set fronts;                /* first ones of their shelves */
    struct warm_set spares;                /* what stands behind those */
    uint64_t front_pages;                  /* so many may `fronts` have */
    struct stack *stacks;                  /* free ones, most recently used first */
    bool stack_deep;                       /* the stack that comes back next was used to its end */
    struct engine_run *runs, *spare_runs;
    pthread_t owner; /* the thread of the first run, and so of all others */
    bool owned;
    uint64_t faults;                 /* the thread's fault counter when it was last read */
    uint32_t distrust;               /* so many more stretches read the counter before they start */
    struct page_set scanned, merged; /* scratch of slot.c */
    uint64_t values[HOST_VALUES_MAX]; /* scratch of host calls, which do not nest */
    struct engine_thread_stats stats;
};

/* The image's shelf, made when there is none; NULL: no memory. */
struct shelf *thread_shelf(struct engine_thread *thread, struct engine_image *image);
/* A used slot comes back clean. */
void thread_shelve(struct engine_thread *thread, struct slot *slot);
/* The shelf's most recently used slot, or NULL. */
struct slot *thread_unshelve(struct engine_thread *thread, struct shelf *shelf);
/* A used slot was destroyed, or never came to be. A shelf without any slot goes away. */
void thread_slot_lost(struct engine_thread *thread, struct shelf *shelf);
/* Give every free slot and stack back to the system, because it refused a new one. */
void thread_shrink(struct engine_thread *thread);

/* ---- run.c */
struct engine_run {
    struct engine_thread *thread;
    struct engine_program *program;
    struct engine_image *image;
    uint32_t limit; /* pages */
    void *user;
    wasmtime_store_t *store;
    wasmtime_call_future_t *future;
    struct slot *slot;                  /* NULL: the code has no memory */
    struct stack *stack;                /* the store's; NULL before the first poll */
    struct engine_run *next, *previous; /* in thread->runs; spare ones use next only */
    uint64_t faults;  /* the thread's counter before the stretch (run.c) that has begun */
    uint64_t base;    /* bytes of cost at its begin or at the last measure */
    uint64_t touched; /* faults of its stretches since then */
    size_t cleared;   /* bytes of its memory that engine_run_clear has given back */
    enum engine_state state;
    bool started, woken;
    bool failed; /* a host function ended it; fault.text is its text */
    /* While a host function waits: */
    const struct host_function *parked;
    wasmtime_val_t *results;
    wasm_trap_t **late_trap;
    /* Addresses that Wasmtime keeps while the future lives: */
    wasmtime_instance_t instance;
    wasmtime_func_t entry;
    wasm_trap_t *trap;
    wasmtime_error_t *error;
    struct engine_fault fault;
};

/* The run that this thread is inside of: set around every call into Wasmtime that may call back. */
extern _Thread_local struct engine_run *run_current;

/* ---- host.c: what Wasmtime calls for an import; `env` is a struct host_function. */
wasm_trap_t *host_call(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw, size_t count);
void host_call_parking(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                       size_t arg_count, wasmtime_val_t *results, size_t result_count,
                       wasm_trap_t **trap, wasmtime_async_continuation_t *continuation);

#endif
