#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/must.h"

enum { THREAD_SPARE_RUNS = 64 }; /* what trimming leaves */

/* ---- slots by image ---- */

static struct shelf **shelf_bucket(struct engine_thread *thread, const struct engine_image *image) {
    uint64_t hash = (uint64_t)(uintptr_t)image * 0x9e3779b97f4a7c15ull;
    return &thread->shelves[hash >> 56];
}

static struct shelf *shelf_find(struct engine_thread *thread, const struct engine_image *image) {
    struct shelf *shelf = *shelf_bucket(thread, image);
    while (shelf && shelf->image != image) shelf = shelf->next;
    return shelf;
}

struct shelf *thread_shelf(struct engine_thread *thread, struct engine_image *image) {
    struct shelf *shelf = shelf_find(thread, image);
    if (!shelf) {
        shelf = calloc(1, sizeof *shelf);
        if (!shelf) return NULL;
        shelf->image = engine_image_retain(image);
        struct shelf **bucket = shelf_bucket(thread, image);
        shelf->next = *bucket;
        *bucket = shelf;
    }
    shelf->forgotten = false;
    return shelf;
}

static void shelf_remove(struct engine_thread *thread, struct shelf *shelf) {
    must(!shelf->free && shelf->used == 0);
    struct shelf **link = shelf_bucket(thread, shelf->image);
    while (*link != shelf) link = &(*link)->next;
    *link = shelf->next;
    engine_image_release(shelf->image);
    free(shelf);
}

/* ---- warm slots: free ones that keep their private pages, for the next call to be quick. Each
 * image has one at the front of its shelf, as many as memory allows; what stands behind those is
 * left by bursts, which must not leave all their slots so. The ones that were used the longest ago
 * are cooled. ---- */

static void warm_add(struct warm_set *set, struct slot *slot) {
    slot->warm = set;
    list_append(&set->slots, &slot->warm_link);
    set->count++;
    set->pages += slot->known.pages;
}

static void warm_remove(struct slot *slot) {
    struct warm_set *set = slot->warm;
    if (!set) return;
    slot->warm = NULL;
    list_remove(&set->slots, &slot->warm_link);
    set->count--;
    set->pages -= slot->known.pages;
}

/* What the system does not take back stays clean all the same. */
static void warm_limit(struct warm_set *set, uint32_t slots, uint64_t pages) {
    while (set->count > slots || set->pages > pages) {
        struct slot *oldest = OWNER(set->slots.first, struct slot, warm_link);
        warm_remove(oldest);
        (void)slot_cool(oldest);
    }
}

/* `slot` comes to the front of its shelf, before `second` (NULL: it is alone there). */
static void warm_front(struct engine_thread *thread, struct slot *slot, struct slot *second) {
    const struct engine_settings *settings = &thread->engine->settings;
    if (second && second->warm == &thread->fronts) {
        warm_remove(second);
        warm_add(&thread->spares, second);
        warm_limit(&thread->spares, settings->spare_slots, settings->spare_pages);
    }
    warm_add(&thread->fronts, slot);
    warm_limit(&thread->fronts, UINT32_MAX, thread->front_pages);
}

void engine_thread_keep(struct engine_thread *thread, uint64_t bytes) {
    thread->front_pages = bytes / thread->engine->scanner.page;
    warm_limit(&thread->fronts, UINT32_MAX, thread->front_pages);
}

/* ---- slots on shelves ---- */

/* Destroy the free slots behind `*link`. */
static void shelf_empty(struct engine_thread *thread, struct slot **link) {
    while (*link) {
        struct slot *slot = *link;
        *link = slot->next;
        thread->stats.slots_free--;
        warm_remove(slot);
        slot_destroy(slot);
    }
}

void thread_slot_lost(struct engine_thread *thread, struct shelf *shelf) {
    must(shelf->used > 0);
    if (--shelf->used == 0 && !shelf->free) shelf_remove(thread, shelf);
}

void thread_shelve(struct engine_thread *thread, struct slot *slot) {
    struct shelf *shelf = slot->shelf;
    if (shelf->forgotten || atomic_load(&shelf->image->retired)) {
        slot_destroy(slot);
        thread_slot_lost(thread, shelf);
        return;
    }
    shelf->rested = false;
    slot->idle_since = clock_monotonic();
    slot->next = shelf->free;
    shelf->free = slot;
    shelf->used--;
    thread->stats.slots_free++;
    warm_front(thread, slot, slot->next);
}

struct slot *thread_unshelve(struct engine_thread *thread, struct shelf *shelf) {
    struct slot *slot = shelf->free;
    if (!slot) return NULL;
    shelf->free = slot->next;
    thread->stats.slots_free--;
    warm_remove(slot);
    return slot;
}

void engine_thread_forget(struct engine_thread *thread, struct engine_image *image) {
    struct shelf *shelf = shelf_find(thread, image);
    if (!shelf) return;
    shelf_empty(thread, &shelf->free);
    shelf->forgotten = true;
    if (shelf->used == 0) shelf_remove(thread, shelf);
}

/* ---- giving back ---- */

static void stacks_free(struct engine_thread *thread, struct stack **link) {
    while (*link) {
        struct stack *stack = *link;
        *link = stack->next;
        thread->stats.stacks_free--;
        stack_destroy(stack);
    }
}

void thread_shrink(struct engine_thread *thread) {
    for (size_t i = 0; i < THREAD_SHELVES; i++) {
        for (struct shelf *shelf = thread->shelves[i], *next; shelf; shelf = next) {
            next = shelf->next;
            shelf_empty(thread, &shelf->free);
            if (shelf->used == 0) shelf_remove(thread, shelf);
        }
    }
    stacks_free(thread, &thread->stacks);
}

/* The first slot stays, so that the image's next call finds one; if it was idle as well, without
 * pages. */
static void shelf_trim(struct engine_thread *thread, struct shelf *shelf, uint64_t before) {
    struct slot *first = shelf->free;
    if (!first) return;
    struct slot **link = &first->next;
    while (*link && (*link)->idle_since > before) link = &(*link)->next;
    shelf_empty(thread, link);
    if (first->idle_since > before || shelf->rested) return;
    shelf->rested = true;
    warm_remove(first);
    image_rest(shelf->image);
    if (!slot_reset(first)) shelf_empty(thread, &shelf->free);
}

static void stacks_trim(struct engine_thread *thread, uint64_t before) {
    if (!thread->stacks) return;
    struct stack **link = &thread->stacks->next;
    while (*link && (*link)->idle_since > before) link = &(*link)->next;
    stacks_free(thread, link);
}

/* Free all spare runs but `keep`. */
static void runs_free(struct engine_thread *thread, uint32_t keep) {
    struct engine_run **link = &thread->spare_runs;
    while (*link && keep--) link = &(*link)->next;
    while (*link) {
        struct engine_run *run = *link;
        *link = run->next;
        free(run);
    }
}

void engine_thread_trim(struct engine_thread *thread, uint64_t idle_ns) {
    uint64_t now = clock_monotonic();
    uint64_t before = now > idle_ns ? now - idle_ns : 0;
    for (size_t i = 0; i < THREAD_SHELVES; i++)
        for (struct shelf *shelf = thread->shelves[i]; shelf; shelf = shelf->next)
            shelf_trim(thread, shelf, before);
    stacks_trim(thread, before);
    runs_free(thread, THREAD_SPARE_RUNS);
}

/* ---- life ---- */

bool engine_thread_new(struct engine *engine, struct engine_thread **out, struct err *err) {
    struct engine_thread *thread = calloc(1, sizeof *thread);
    if (!thread) return err_set(err, ERR_MEMORY, "engine: no memory for a thread");
    thread->engine = engine;
    thread->front_pages = engine->settings.spare_pages;
    /* The counter is the calling thread's, which need not be the one that will run guests: the
     * first stretch reads it there. */
    thread->distrust = 1;
    *out = thread;
    return true;
}

void engine_thread_free(struct engine_thread *thread) {
    if (!thread) return;
    while (thread->runs) engine_run_delete(thread->runs);
    engine_thread_busy(thread, false);
    thread_shrink(thread);
    runs_free(thread, 0);
    page_set_free(&thread->scanned);
    page_set_free(&thread->merged);
    free(thread);
}

void engine_thread_busy(struct engine_thread *thread, bool busy) {
    if (thread->busy == busy) return;
    thread->busy = busy;
    ticker_count(&thread->engine->ticker, busy);
}

uint64_t engine_thread_slice(const struct engine_thread *thread) {
    return thread->engine->settings.tick_us * CLOCK_US;
}

void engine_thread_get_stats(const struct engine_thread *thread, struct engine_thread_stats *out) {
    *out = thread->stats;
}
