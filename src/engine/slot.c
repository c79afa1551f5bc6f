/* Memory slots: taking one for a run, growing it, putting it back. docs/engine.md has the rules and
 * says why they hold.
 *
 * What is private in a slot is in `known` (a superset), or `unknown` is set. Putting back makes the
 * known pages equal to the image again (or zero, where grown) and keeps them known: they stay
 * private. Only MADV_DONTNEED takes pages out of the set. */
#include "engine/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/must.h"

void mapping_drop(void *base, size_t size) {
    if (munmap(base, size)) madvise(base, size, MADV_DONTNEED);
}

/* ---- putting back ---- */

static const struct scanner *slot_scanner(const struct slot *slot) {
    return &slot->thread->engine->scanner;
}

static uint32_t page_of(const struct slot *slot, size_t offset) {
    return (uint32_t)(offset / slot_scanner(slot)->page);
}

bool slot_reset(struct slot *slot) {
    if (slot->high && madvise(slot->base, slot->high, MADV_DONTNEED)) return false;
    if (slot->high > slot->image &&
        mprotect(slot->base + slot->image, slot->high - slot->image, PROT_NONE))
        return false;
    page_set_clear(&slot->known);
    slot->size = slot->high = slot->image;
    slot->unknown = slot->cool = slot->torn = false;
    return true;
}

/* The image's pages stay mapped, and `known`: the next run most likely writes there again. */
bool slot_cool(struct slot *slot) {
    size_t page = slot_scanner(slot)->page;
    if (slot->known.pages > slot->thread->engine->settings.slot_dirty_limit / 4)
        return slot_reset(slot);
    for (uint32_t i = 0; i < slot->known.count; i++) {
        const struct page_range *range = &slot->known.ranges[i];
        if (madvise(slot->base + range->first * page, range->count * page, MADV_DONTNEED))
            return false;
    }
    slot->cool = true;
    return true;
}

/* All pages that the last runs wrote become private at once: a third of what a fault for each
 * costs. What the system refuses is left to those faults. */
static void slot_warm(struct slot *slot) {
    size_t page = slot_scanner(slot)->page;
    for (uint32_t i = 0; i < slot->known.count; i++) {
        size_t start = slot->known.ranges[i].first * page;
        size_t end = start + slot->known.ranges[i].count * page;
        if (end > slot->size) break;
        if (madvise(slot->base + start, end - start, MADV_POPULATE_WRITE)) break;
    }
    slot->cool = false;
}

/* Bring `known` up to date. The scan covers all that the slot ever grew to, open now or not, and
 * only adds to the set. */
static bool slot_learn(struct slot *slot) {
    struct engine_thread *thread = slot->thread;
    if (!scan_private(slot_scanner(slot), slot->base, slot->high, &thread->scanned)) return false;
    if (!page_set_union(&slot->known, &thread->scanned, &thread->merged)) return false;
    /* The faults had another cause: guest reads, a new stack, the host between two polls. Those
     * between polls can be told apart. */
    if (thread->merged.pages == slot->known.pages) thread->distrust = 256;
    struct page_set old = slot->known;
    slot->known = thread->merged;
    thread->merged = old;
    slot->unknown = false;
    thread->stats.scans++;
    return true;
}

uint64_t slot_private(const struct slot *slot) {
    struct page_set *set = &slot->thread->scanned;
    if (!scan_private(slot_scanner(slot), slot->base, slot->high, set)) return slot->size;
    return set->pages * slot_scanner(slot)->page;
}

/* Between two private ranges there are only pages of the image's file, which nobody writes while
 * its run is parked. */
void slot_rest(struct slot *slot) {
    struct page_set *set = &slot->thread->scanned;
    size_t page = slot_scanner(slot)->page, at = 0;
    if (!scan_private(slot_scanner(slot), slot->base, slot->image, set)) return;
    for (uint32_t i = 0; i <= set->count; i++) {
        size_t end = i < set->count ? set->ranges[i].first * page : slot->image;
        if (end > at) madvise(slot->base + at, end - at, MADV_DONTNEED);
        if (i < set->count) at = end + set->ranges[i].count * page;
    }
}

/* Grown pages beyond a number are dropped, not zeroed: one big call must not leave a big slot. */
static bool slot_drop_grown(struct slot *slot) {
    uint32_t start = page_of(slot, slot->image);
    if (slot->high == slot->image) return true;
    if (page_set_count_from(&slot->known, start) <=
        slot->thread->engine->settings.slot_dirty_limit / 2)
        return true;
    if (madvise(slot->base + slot->image, slot->high - slot->image, MADV_DONTNEED)) return false;
    page_set_cut(&slot->known, start);
    return true;
}

/* Known pages beyond `size` could not be touched in this run and are zero already (they are
 * protected: strict mode). */
static void slot_copy(struct slot *slot) {
    const uint8_t *image = slot->shelf->image->bytes;
    size_t page = slot_scanner(slot)->page, copied = 0;
    for (uint32_t i = 0; i < slot->known.count; i++) {
        size_t start = slot->known.ranges[i].first * page;
        size_t end = start + slot->known.ranges[i].count * page;
        if (end > slot->size) end = slot->size;
        if (start >= end) break;
        copied += (end - start) / page;
        size_t middle = start > slot->image ? start : end < slot->image ? end : slot->image;
        if (start < middle) memcpy(slot->base + start, image + start, middle - start);
        if (middle < end) memset(slot->base + middle, 0, end - middle);
    }
    slot->thread->stats.pages_copied += copied;
}

static bool slot_protect(struct slot *slot) {
    if (slot->size > slot->image &&
        mprotect(slot->base + slot->image, slot->size - slot->image, PROT_NONE))
        return false;
    slot->size = slot->image;
    return true;
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* A difference is a hole between two guests: nothing may go on. */
static void slot_verify(struct slot *slot) {
    size_t grown = slot->high - slot->image;
    if (grown && mprotect(slot->base + slot->image, grown, PROT_READ | PROT_WRITE)) return;
    must(slot->image == 0 || memcmp(slot->base, slot->shelf->image->bytes, slot->image) == 0);
    must(is_zero(slot->base + slot->image, grown));
    slot->size = slot->high;
}

static bool slot_restore(struct slot *slot) {
    const struct engine *engine = slot->thread->engine;
    if (engine->scanner.mode == SCAN_NONE || slot->torn) return slot_reset(slot);
    if (!slot->unknown && engine->scanner.counters)
        slot->thread->stats.scans_skipped++;
    else if (!slot_learn(slot))
        return slot_reset(slot);
    if (!slot_drop_grown(slot)) return slot_reset(slot);
    if (slot->known.pages > engine->settings.slot_dirty_limit) return slot_reset(slot);
    slot_copy(slot);
    if (engine->settings.verify_interval && ++slot->restored >= engine->settings.verify_interval) {
        slot->restored = 0;
        slot_verify(slot);
    }
    return !engine->settings.strict_memory || slot_protect(slot);
}

/* Wasmtime's finalizer: the store is being deleted, on the slot's thread. */
static void slot_put_back(void *env) {
    struct slot *slot = env;
    if (slot_restore(slot)) {
        thread_shelve(slot->thread, slot);
    } else {
        thread_slot_lost(slot->thread, slot->shelf);
        slot_destroy(slot);
    }
}

/* ---- taking and growing ---- */

static uint8_t *slot_memory(void *env, size_t *size, size_t *capacity) {
    struct slot *slot = env;
    *size = slot->size;
    *capacity = slot->reserved;
    return slot->base;
}

static wasmtime_error_t *slot_grow(void *env, size_t size) {
    struct slot *slot = env;
    if (size <= slot->size) {
        slot->asked = size;
        return NULL;
    }
    if (size > slot->limit) return wasmtime_error_new("the invocation's memory limit");
    if (size > slot->reserved) return wasmtime_error_new("the slot's reservation");
    /* Before the call: when it fails half way, what it opened is reset all the same. */
    if (size > slot->high) slot->high = size;
    if (mprotect(slot->base + slot->size, size - slot->size, PROT_READ | PROT_WRITE)) {
        slot->torn = true;
        return wasmtime_error_new("the system refused memory");
    }
    slot->size = slot->asked = size;
    return NULL;
}

/* The image's file, and behind it the zeros up to the image's end. */
static bool slot_map_image(struct slot *slot, struct engine_image *image) {
    size_t zeros = image->size - image->data;
    if (zeros && mprotect(slot->base + image->data, zeros, PROT_READ | PROT_WRITE)) return false;
    return image_map_private(image, slot->base);
}

static bool slot_map(struct slot *slot, struct engine_image *image) {
    slot->base =
        mmap(NULL, slot->mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slot->base == MAP_FAILED) return false;
    if (!slot_map_image(slot, image)) {
        mapping_drop(slot->base, slot->mapped);
        return false;
    }
    /* khugepaged would make pages private without a fault of ours. A kernel without huge pages
     * refuses: all the better. */
    madvise(slot->base, slot->mapped, MADV_NOHUGEPAGE);
    return true;
}

static struct slot *slot_make(struct engine_thread *thread, struct shelf *shelf, size_t reserved,
                              size_t guard) {
    struct slot *slot = calloc(1, sizeof *slot);
    if (!slot || !engine_count_mappings(thread->engine, SLOT_MAPPINGS)) {
        free(slot);
        return NULL;
    }
    slot->thread = thread;
    slot->shelf = shelf;
    slot->image = slot->size = slot->high = shelf->image->size;
    slot->reserved = reserved;
    slot->mapped = reserved + guard;
    if (!slot_map(slot, shelf->image)) {
        engine_count_mappings(thread->engine, -SLOT_MAPPINGS);
        free(slot);
        return NULL;
    }
    thread->stats.slots_made++;
    return slot;
}

void slot_destroy(struct slot *slot) {
    mapping_drop(slot->base, slot->mapped);
    engine_count_mappings(slot->thread->engine, -SLOT_MAPPINGS);
    page_set_free(&slot->known);
    free(slot);
}

static struct slot *slot_take(struct engine_thread *thread, struct shelf *shelf, size_t reserved,
                              size_t guard) {
    struct slot *slot = thread_unshelve(thread, shelf);
    if (slot) return slot;
    slot = slot_make(thread, shelf, reserved, guard);
    if (slot) return slot;
    thread_shrink(thread);
    return slot_make(thread, shelf, reserved, guard);
}

wasmtime_error_t *slot_create(void *env, const wasm_memorytype_t *type, size_t minimum,
                              size_t maximum, size_t reserved, size_t guard,
                              wasmtime_linear_memory_t *out) {
    (void)env, (void)type, (void)maximum;
    struct engine_run *run = run_current;
    if (!run || run->slot) return wasmtime_error_new("the code has more than one memory");
    size_t image = run->image->size;
    if (minimum > image) return wasmtime_error_new("the code's memory is larger than the image");
    if (image > reserved)
        return wasmtime_error_new("the image is larger than a slot's reservation");
    struct engine_thread *thread = run->thread;
    struct shelf *shelf = thread_shelf(thread, run->image);
    if (!shelf) return wasmtime_error_new("no memory");
    shelf->used++;
    struct slot *slot = slot_take(thread, shelf, reserved, guard);
    if (!slot) {
        thread_slot_lost(thread, shelf);
        return wasmtime_error_new(
            "the system has no memory, mapping or descriptor left for a slot");
    }
    slot->limit = (size_t)run->limit * ENGINE_PAGE;
    slot->asked = image;
    slot->unknown = false;
    if (slot->cool) {
        slot_warm(slot);
        run->faults = scan_faults(); /* these are known: the run's stretch begins here */
    }
    run->slot = slot;
    run->base = (uint64_t)slot->known.pages * slot_scanner(slot)->page;
    *out = (wasmtime_linear_memory_t){.env = slot,
                                      .get_memory = slot_memory,
                                      .grow_memory = slot_grow,
                                      .finalizer = slot_put_back};
    return NULL;
}
