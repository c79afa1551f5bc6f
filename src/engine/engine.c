#include "engine/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#include <cpuid.h>
#else
#include <sys/auxv.h>
#endif

#include "base/digest.h"
#include "base/err.h"
#include "base/must.h"

#if defined(__has_feature)
#define UNDER_TSAN __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#else
#define UNDER_TSAN 0
#endif

#define STACK_FLOOR   ((size_t)64 << 10)  /* less is no use to any skill */
#define HOST_STACK    ((size_t)256 << 10) /* what host functions have below the guest */
#define STACK_CEILING ((size_t)1 << 30)
/* All that a 32-bit offset reaches, and a guard that covers constant offsets: code without bounds
 * checks. The guard is Wasmtime's own choice. */
#define RESERVATION_FULL (4ull << 30)
#define GUARD_FULL       (32ull << 20)
#define GUARD_SMALL      (1ull << 16)
#define MAPPINGS_SPARED  4096
#define CONFIG_VERSION   1 /* raise it when new_config changes what code looks like */

void engine_settings_default(struct engine_settings *settings) {
    *settings = (struct engine_settings){
        .wasm_stack = 1 << 20,
        .fiber_stack = 2 << 20,
        .reservation = RESERVATION_FULL,
        .tick_us = 2000,
        .slot_dirty_limit = 4096,
        .spare_slots = 64,
        .spare_pages = 8192,
        .code_files = 4096,
    };
#if UNDER_TSAN
    settings->reservation = 256ull << 20; /* TSan's address space carries some 800 of 4 GiB */
#endif
}

/* Wasmtime aborts the process when it does not like its configuration. */
static bool check_settings(const struct engine_settings *s, struct err *err) {
    if (s->wasm_stack < STACK_FLOOR || s->wasm_stack > STACK_CEILING ||
        s->fiber_stack > STACK_CEILING)
        return err_set(err, ERR_INVALID, "engine: stacks must have %zu KiB to %zu MiB",
                       STACK_FLOOR >> 10, STACK_CEILING >> 20);
    if (s->fiber_stack < s->wasm_stack + HOST_STACK)
        return err_set(
            err, ERR_INVALID,
            "engine: the fiber's stack (%zu bytes) must exceed the guest's (%zu bytes) by %zu KiB",
            s->fiber_stack, s->wasm_stack, HOST_STACK >> 10);
    if (s->reservation < ENGINE_PAGE || s->reservation % ENGINE_PAGE ||
        s->reservation > RESERVATION_FULL)
        return err_set(
            err, ERR_INVALID,
            "engine: a slot's reservation must be a multiple of 64 KiB up to 4 GiB, not %llu bytes",
            (unsigned long long)s->reservation);
    if (s->tick_us < 100 || s->tick_us > 1000000)
        return err_set(err, ERR_INVALID,
                       "engine: the tick must take 100 to 1000000 microseconds, not %u",
                       s->tick_us);
    return true;
}

static uint64_t guard_size(const struct engine_settings *settings) {
    return settings->reservation == RESERVATION_FULL ? GUARD_FULL : GUARD_SMALL;
}

/* What linked code may use is what src/link lets through; everything else is off, so that a hole
 * there is refused here. */
static void set_features(wasm_config_t *config) {
    wasmtime_config_wasm_reference_types_set(config, true);
    wasmtime_config_wasm_bulk_memory_set(config, true);
    wasmtime_config_wasm_multi_value_set(config, true);
    wasmtime_config_wasm_multi_memory_set(
        config, true); /* for its encodings: a second memory is refused by slot_create */
    wasmtime_config_wasm_tail_call_set(config, true);
    wasmtime_config_wasm_simd_set(config, true);
    wasmtime_config_wasm_relaxed_simd_set(config, true);
    wasmtime_config_wasm_threads_set(config, false);
    wasmtime_config_shared_memory_set(config, false);
    wasmtime_config_wasm_memory64_set(config, false);
    wasmtime_config_wasm_gc_set(config, false);
    wasmtime_config_wasm_function_references_set(config, false);
    wasmtime_config_wasm_exceptions_set(config, false);
    wasmtime_config_wasm_wide_arithmetic_set(config, false);
    wasmtime_config_wasm_custom_page_sizes_set(config, false);
    wasmtime_config_wasm_stack_switching_set(config, false);
    wasmtime_config_wasm_component_model_set(config, false);
    wasmtime_config_concurrency_support_set(config, false); /* of components; makes stores dearer */
}

static wasm_config_t *new_config(const struct engine_settings *settings) {
    wasm_config_t *config = wasm_config_new();
    set_features(config);
    wasmtime_config_strategy_set(config, WASMTIME_STRATEGY_CRANELIFT);
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_max_wasm_stack_set(config, settings->wasm_stack);
    wasmtime_config_async_stack_size_set(config, settings->fiber_stack);
    wasmtime_config_memory_reservation_set(config, settings->reservation);
    wasmtime_config_memory_guard_size_set(config, guard_size(settings));
    wasmtime_config_memory_may_move_set(config, false);
    wasmtime_config_native_unwind_info_set(config, false); /* backtraces go by frame pointers */
    /* With a memory creator, a module that kept its data would abort the process otherwise. */
    wasmtime_config_memory_init_cow_set(config, false);
    wasmtime_memory_creator_t memories = {.new_memory = slot_create};
    wasmtime_config_host_memory_creator_set(config, &memories);
    wasmtime_stack_creator_t stacks = {.new_stack = stack_create};
    wasmtime_config_host_stack_creator_set(config, &stacks);
    return config;
}

/* The processor's features that Cranelift asks for: code that uses one must not run where it is
 * missing. */
static void processor_features(uint32_t out[4]) {
    memset(out, 0, 4 * sizeof *out);
#if defined(__x86_64__)
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d)) /* sse3 ssse3 fma cx16 sse4.1 sse4.2 popcnt osxsave avx */
        out[0] = c & (1u << 0 | 1u << 9 | 1u << 12 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23 |
                      1u << 27 | 1u << 28);
    if (__get_cpuid_count(7, 0, &a, &b, &c,
                          &d)) { /* bmi1 avx2 bmi2 avx512f dq bw vl; vbmi bitalg */
        out[1] = b & (1u << 3 | 1u << 5 | 1u << 8 | 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31);
        out[2] = c & (1u << 1 | 1u << 12);
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) out[3] = c & (1u << 5); /* lzcnt */
#else
    out[0] = (uint32_t)getauxval(AT_HWCAP);
    out[1] = (uint32_t)getauxval(AT_HWCAP2);
#endif
}

static void make_key(struct engine *engine) {
#if defined(__x86_64__)
    static const char processor[] = "x86-64";
#elif defined(__aarch64__)
    static const char processor[] = "aarch64";
#else
#error "engine_key knows no name for this processor"
#endif
    uint64_t facts[5] = {CONFIG_VERSION, engine->settings.reservation,
                         guard_size(&engine->settings)};
    processor_features((uint32_t *)&facts[3]);
    snprintf(engine->key, sizeof engine->key, "wasmtime-" WASMTIME_VERSION "-cranelift-%s-%016llx",
             processor, (unsigned long long)checksum_of(facts, sizeof facts));
}

/* vm.max_map_count, less what the rest of the process may need. */
static long mappings_allowed(void) {
    long limit = 65530; /* the default, where it cannot be read */
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    if (file) {
        if (fscanf(file, "%ld", &limit) != 1 || limit < 0) limit = 65530;
        fclose(file);
    }
    return limit - (limit / 4 < MAPPINGS_SPARED ? limit / 4 : MAPPINGS_SPARED);
}

bool engine_count_mappings(struct engine *engine, long count) {
    long before = atomic_fetch_add(&engine->mappings, count);
    if (count < 0 || before + count <= engine->mappings_max) return true;
    atomic_fetch_sub(&engine->mappings, count);
    return false;
}

bool engine_new(const struct engine_settings *settings, struct engine **out, struct err *err) {
    if (!check_settings(settings, err)) return false;
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine) return err_set(err, ERR_MEMORY, "engine: no memory");
    engine->settings = *settings;
    /* Huge pages would fill a slot's pages without a fault of ours. Slots and stacks say so for
     * themselves as well (MADV_NOHUGEPAGE), so a refusal (a kernel without huge pages) is no harm.
     */
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    scanner_open(&engine->scanner, SCAN_IOCTL);
    engine->wasm = wasm_engine_new_with_config(new_config(settings));
    if (!engine->wasm) {
        engine_free(engine);
        return err_set(err, ERR_INTERNAL, "engine: Wasmtime refused its configuration");
    }
    make_key(engine);
    engine->mappings_max = mappings_allowed();
    *out = engine;
    return true;
}

void engine_free(struct engine *engine) {
    if (!engine) return;
    engine_stop_ticker(engine);
    if (engine->wasm) wasm_engine_delete(engine->wasm);
    scanner_close(&engine->scanner);
    free(engine);
}

const char *engine_scan_method(const struct engine *engine) {
    static const char *const names[][2] = {
        [SCAN_NONE] = {"none: slots are reset after every call",
                       "none: slots are reset after every call"},
        [SCAN_PAGEMAP] = {"/proc/self/pagemap after every call",
                          "/proc/self/pagemap when fault counters moved"},
        [SCAN_IOCTL] = {"PAGEMAP_SCAN after every call", "PAGEMAP_SCAN when fault counters moved"},
    };
    return names[engine->scanner.mode][engine->scanner.counters];
}

const char *engine_key(const struct engine *engine) {
    return engine->key;
}
