/* The only folder that knows Wasmtime (core C API): compile, map compiled code, memory slots,
 * stacks, instances, fibers. docs/engine.md has the facts and rules that it relies on.
 *
 * Objects and the threads that may use them:
 *   engine   one per process. Any thread.
 *   code     compiled code, mapped from a file. Any thread; counted, constant.
 *   program  code with its host functions, ready to be instantiated. Any thread; counted, constant.
 *   image    a skill's initial memory, mapped from a file. Any thread; counted, constant.
 *   thread   what one executor owns: free stacks, free slots by image. Only that thread.
 *   run      one new instance over one slot, on one fiber, for one call of one entry. Only its
 *            thread. After its end it is deleted and its slot is put back.
 * An object keeps what it was made from, except the engine and the thread. */
#ifndef PK_ENGINE_ENGINE_H
#define PK_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ENGINE_PAGE 65536u

struct engine_settings {
    size_t wasm_stack;  /* bytes of stack that guest code may use before it traps; default 1 MiB */
    size_t fiber_stack; /* bytes of a whole fiber's stack, larger than wasm_stack; default 2 MiB */
    uint64_t reservation; /* address range of a slot: default 4 GiB; TSan builds need less */
    uint32_t tick_us;     /* epoch interval: how long guest code keeps its thread; default 2000 */
    bool strict_memory;   /* protect grown pages between calls; must fit how the code was linked */
    uint32_t slot_dirty_limit; /* a slot with more private pages than this is reset by the kernel
                                  instead of copied; default 4096 */
    uint32_t spare_slots; /* so many free slots of a thread keep their private pages, beside one of
                             each image (engine_thread_keep); default 64 */
    uint32_t spare_pages; /* so many such pages in all; default 8192 (32 MiB) */
    uint32_t code_files;  /* so many codes stay mapped from their files, which takes a descriptor
                             each; what comes beyond is copied to memory; default 4096 */
    uint32_t verify_interval; /* compare a slot with its image after every so many calls and abort
                                 when they differ; 0: never */
};
void engine_settings_default(struct engine_settings *settings);

struct engine;
/* Checks the settings (Wasmtime would abort), sets PR_SET_THP_DISABLE, tests that stores move the
 * fault counters. */
bool engine_new(const struct engine_settings *settings, struct engine **out, struct err *err);
void engine_free(struct engine *engine); /* after everything made from it */
/* A text that names everything compiled code depends on but the code itself: part of cache file
 * names ([a-z0-9.-] only). */
const char *engine_key(const struct engine *engine);
/* How a slot's private pages are found on this system, for a log line: "PAGEMAP_SCAN when fault
 * counters moved", … Static text. */
const char *engine_scan_method(const struct engine *engine);
/* The ticker runs while at least one thread is busy. */
bool engine_start_ticker(struct engine *engine, struct err *err);
void engine_stop_ticker(struct engine *engine);
/* A tick out of turn: every guest that runs now lets its thread decide. Any thread. */
void engine_preempt(struct engine *engine);

/* ---- compile: in the child process. Validates; writes the compiled file to `fd`. */
bool engine_compile(struct engine *engine, const uint8_t *wasm, size_t size, int fd,
                    struct err *err);
bool engine_validate(struct engine *engine, const uint8_t *wasm, size_t size, struct err *err);

/* ---- code: maps the compiled file behind `fd` (through /proc/self/fd; the descriptor stays the
 * caller's), or copies it when `code_files` are mapped already: Wasmtime keeps a descriptor of its
 * own for what it maps. */
struct engine_code;
bool engine_code_open(struct engine *engine, int fd, struct engine_code **out, struct err *err);
struct engine_code *engine_code_retain(struct engine_code *code);
void engine_code_release(struct engine_code *code);

/* ---- image: a memory of pages * 64 KiB that begins with the file's bytes and goes on with zeros.
 * The file never changes, has whole pages of 4096 bytes and no holes where its file system could
 * run out of room. The image keeps no descriptor: each new slot opens the file by its name. */
struct engine_image_file {
    int fd;           /* open for reading; the caller's */
    int directory;    /* the caller's, for as long as the image is used; with `name` */
    const char *name; /* of this very file; when it leads elsewhere later, or is NULL, the bytes are
                         copied to memory for the slots that are made from then on */
};
struct engine_image;
/* pages may be 0 (the file is not looked at). */
bool engine_image_open(const struct engine_image_file *file, uint32_t pages,
                       struct engine_image **out, struct err *err);
struct engine_image *engine_image_retain(struct engine_image *image);
void engine_image_release(struct engine_image *image);
/* Its skill was dropped or replaced: from now on no thread keeps a slot of it, however late a run
 * begins or ends. What threads keep already is for engine_thread_forget. */
void engine_image_retire(struct engine_image *image);

/* ---- program */
struct engine_run;

/* In the order of enum abi_core. */
enum engine_core { ENGINE_I32, ENGINE_I64, ENGINE_F32, ENGINE_F64 };

enum engine_outcome {
    ENGINE_DONE, /* results are in `values` */
    ENGINE_FAIL, /* engine_run_fail gave the text: the run traps */
    ENGINE_PARK, /* only from imports with `resume`, which is asked after engine_run_wake */
};

/* A host function. `values`: the arguments, one 64-bit slot each of which only the type's own bits
 * are defined (upper halves of 32-bit ones are cleared by the engine); results go to the same array
 * from [0] on. It must not block and not call the guest, and nothing but a host function of the run
 * itself may write into its memory: only faults taken there are counted (docs/engine.md). */
typedef enum engine_outcome (*engine_host_fn)(void *data, struct engine_run *run, uint64_t *values);

struct engine_import {
    const char *module, *field;      /* NUL-terminated */
    const uint8_t *params, *results; /* enum engine_core */
    uint32_t param_count, result_count;
    engine_host_fn call;
    engine_host_fn resume; /* NULL: never parks. Called with the same `data` after a wake-up;
                              `values` takes the results */
    void *data;            /* must live as long as the program */
};

struct engine_program;
/* Fails when the code imports something that is not among `imports`, or of another type, or lacks
 * an entry "pk-0"…"pk-(entries-1)". */
bool engine_program_new(struct engine *engine, struct engine_code *code,
                        const struct engine_import *imports, size_t import_count, uint32_t entries,
                        struct engine_program **out, struct err *err);
struct engine_program *engine_program_retain(struct engine_program *program);
void engine_program_release(struct engine_program *program);

/* ---- thread */
struct engine_thread;
bool engine_thread_new(struct engine *engine, struct engine_thread **out, struct err *err);
void engine_thread_free(struct engine_thread *thread); /* all its runs are deleted */
/* How many bytes of private pages the free slots may keep that are the first for a call of their
 * image, so that calls of many skills in turn are all quick; default: as `spare_pages`. */
void engine_thread_keep(struct engine_thread *thread, uint64_t bytes);
/* Tell the ticker whether this thread runs guests now. Cheap; call when going idle and when coming
 * back. */
void engine_thread_busy(struct engine_thread *thread, bool busy);
/* ns between two ticks: the slice that a run has before it must let others run. */
uint64_t engine_thread_slice(const struct engine_thread *thread);
/* Give free slots of an image back to the system (it was retired). */
void engine_thread_forget(struct engine_thread *thread, struct engine_image *image);
/* Give back what has not been used for `idle_ns`: stacks, slots but for one per image, and the
 * private pages of that one. Call it now and then when idle. */
void engine_thread_trim(struct engine_thread *thread, uint64_t idle_ns);

struct engine_thread_stats {
    uint64_t runs;
    uint64_t slots_made, slots_free, stacks_made, stacks_free;
    uint64_t scans, scans_skipped; /* slots put back after and without a look at the page table */
    uint64_t pages_copied;         /* from images, or zeroed */
};
void engine_thread_get_stats(const struct engine_thread *thread, struct engine_thread_stats *out);

/* ---- run */
enum engine_state {
    ENGINE_RUNNING,  /* its time slice is over: poll again */
    ENGINE_PARKED,   /* waits in a host function: poll again after engine_run_wake */
    ENGINE_FINISHED, /* the entry returned */
    ENGINE_TRAPPED,  /* see engine_run_fault */
};

enum engine_fault_kind { FAULT_HOST, FAULT_TRAP, FAULT_STACK, FAULT_MEMORY, FAULT_OTHER };

enum { ENGINE_FAULT_FRAMES = 16 };
struct engine_fault {
    enum engine_fault_kind kind;
    char text[600];                       /* one line, without the backtrace */
    uint32_t frames[ENGINE_FAULT_FRAMES]; /* function indices in the code, innermost first */
    uint32_t frame_count;
};

/* Make store, slot and instance, and prepare the call of entry K; the first poll starts it. `user`
 * is for host functions. `memory_limit` in pages. Fails when the system has no memory, mappings or
 * the limit is below the image. */
bool engine_run_new(struct engine_thread *thread, struct engine_program *program,
                    struct engine_image *image, uint32_t entry, uint32_t memory_limit, void *user,
                    struct engine_run **out, struct err *err);
/* Run it until it finishes, traps, parks or its slice is over. */
enum engine_state engine_run_poll(struct engine_run *run);
/* Let the next poll ask the parked function's `resume`, once. Of no effect unless parked. */
void engine_run_wake(struct engine_run *run);
/* Bytes that it has made private: pages of its memory, tables, globals, its stack, and what the
 * host allocated for it within its polls. An estimate from above that costs nothing: the pages that
 * its slot kept, and a page for each fault of its thread while it ran. */
uint64_t engine_run_cost(const struct engine_run *run);
/* Make the estimate exact, but for the host's allocations, which the caller counts. Walks the page
 * table; not within a poll. */
void engine_run_measure(struct engine_run *run);
/* It will not be polled again: give back a piece of its memory, where that is so much that deleting
 * it would keep the thread for long. True: there is more. Not within a poll. */
bool engine_run_clear(struct engine_run *run);
/* It is parked and will be for a while: pages of the image that it has only read leave the address
 * space, where they would count as resident for each of a thousand waiting runs. Its own stay. The
 * next reads fault them in again (a tenth of a millisecond for a Python skill). Not within a poll.
 */
void engine_run_rest(struct engine_run *run);
/* Only when trapped; the run's. */
const struct engine_fault *engine_run_fault(const struct engine_run *run);
/* At any time but within a poll of any run: ends it wherever it is. The slot is put back and may be
 * used again at once. NULL allowed. */
void engine_run_delete(struct engine_run *run);

/* For host functions. */
void *engine_run_user(const struct engine_run *run);
/* The memory's base and its size in bytes, as the guest knows it (engine_run_resize). */
uint8_t *engine_run_memory(const struct engine_run *run, uint64_t *size);
/* The guest has grown its memory to so many pages, which were open already, so that nobody else was
 * asked. */
void engine_run_resize(struct engine_run *run, uint32_t pages);
/* Set the trap's text; returns ENGINE_FAIL. */
__attribute__((format(printf, 2, 3))) enum engine_outcome engine_run_fail(struct engine_run *run,
                                                                          const char *format, ...);
uint32_t engine_image_pages(const struct engine_image *image);

#endif
