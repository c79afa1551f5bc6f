/* What the engine's tests share: an engine with a thread, modules from text, images, and a guest
 * that does what a list of steps says. */
#ifndef PK_TESTS_ENGINE_SUPPORT_H
#define PK_TESTS_ENGINE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

#if defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* ---- an engine with a ticker and one thread that counts as busy */
struct bed {
    struct engine_settings settings;
    struct engine *engine;
    struct engine_thread *thread;
    struct engine_program *machine; /* the guest below */
};
/* NULL: the defaults with a tick of 1 ms. The first one is opened outside of cmocka's functions
 * (signals.h). */
void bed_open(struct bed *bed, const struct engine_settings *settings);
void bed_close(struct bed *bed);
void signals_restore_for_guests(void); /* guest_begin does it */
struct engine_thread_stats bed_stats(const struct bed *bed);

/* ---- modules and images */
/* A descriptor with the compiled module; the caller closes it. */
int compile_text(struct engine *engine, const char *text);
struct engine_code *code_from_text(struct engine *engine, const char *text);
struct engine_program *program_from_text(struct engine *engine, const char *text,
                                         const struct engine_import *imports, size_t count,
                                         uint32_t entries);
/* `pages` pages in which the byte at offset i is image_byte(i), but for a hole of one page in the
 * middle when there are three. */
struct engine_image *image_new(uint32_t pages);
uint8_t image_byte(uint64_t offset);

/* ---- the machine: entry pk-0 asks the host for steps until STEP_END and reports what loads and
 * queries give */
enum step_kind {
    STEP_END,
    STEP_STORE,      /* a byte at `at` */
    STEP_LOAD,       /* reports the byte at `at` */
    STEP_GROW,       /* as linked code does: by `at` pages, reports the old size or -1 */
    STEP_SET_GLOBAL, /* to `value` */
    STEP_GET_GLOBAL, /* reports it */
    STEP_SET_TABLE,  /* entry `at` to a function */
    STEP_GET_TABLE,  /* reports 1 when entry `at` has a function */
    STEP_SPIN,       /* forever */
    STEP_TRAP,
    STEP_PARK,       /* reports the value that the wake-up brings */
    STEP_RECURSE,    /* `at` levels deep, then reports the depth */
    STEP_REAL_GROW,  /* memory.grow */
    STEP_REAL_SIZE,  /* reports memory.size */
    STEP_HOST_STORE, /* the host stores the byte at `at` */
    STEP_HOST_FAIL,  /* the host ends the run with a text */
    STEP_FILL,       /* `value` bytes of 0xa5 at `at` */
};
struct step {
    uint32_t kind, at;
    int64_t value;
};
enum { GUEST_REPORTS = 16 };
struct guest {
    const struct step *steps;
    uint32_t next;
    uint32_t pages, limit; /* what the guest is told */
    int64_t reports[GUEST_REPORTS];
    uint32_t report_count;
    int64_t parked_with, wake_value; /* argument of the last park; result of the next */
    bool refuse;                     /* the wake-up fails the run */
    uint32_t park_again;             /* so many wake-ups change nothing */
    struct engine_run *run;
};
extern const char machine_text[];
extern const struct engine_import machine_imports[];
extern const size_t machine_import_count;

/* Begin the steps in a new run with a limit of `limit` pages (0: 1000). */
void guest_begin(struct guest *guest, struct bed *bed, struct engine_image *image,
                 const struct step *steps, uint32_t limit);
enum engine_state guest_finish(struct guest *guest); /* polls until it ends or parks */
/* All of it: begin, finish, delete; expects ENGINE_FINISHED. */
void guest_run(struct guest *guest, struct bed *bed, struct engine_image *image,
               const struct step *steps);

#define STEPS(...) ((const struct step[]){__VA_ARGS__, {STEP_END, 0, 0}})

#endif
