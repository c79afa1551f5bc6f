/* What a thread keeps: slots by image, stacks, runs; and what it gives back. */
#include "support.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/internal.h"

static struct bed bed;

static const struct step parks[] = {
    {STEP_STORE, 100, 1}, {STEP_PARK, 0, 0}, {STEP_LOAD, 100, 0}, {STEP_END, 0, 0}};

static void a_thousand_parked_runs_and_their_slots_again(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    static struct guest guests[COUNT];
    struct engine_image *image = image_new(4);
    struct engine_thread_stats before = bed_stats(&bed);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            guest_begin(&guests[i], &bed, image, parks, 0);
            assert_int_equal(ENGINE_PARKED, guest_finish(&guests[i]));
        }
        for (int i = 0; i < COUNT; i++) { /* half from the front, half from the back */
            struct guest *guest = &guests[i % 2 ? i : COUNT - 2 - i];
            engine_run_wake(guest->run);
            assert_int_equal(ENGINE_FINISHED, guest_finish(guest));
            assert_int_equal(1, guest->reports[1]);
            engine_run_delete(guest->run);
        }
    }
    struct engine_thread_stats after = bed_stats(&bed);
    assert_int_equal(COUNT, after.slots_made - before.slots_made);
    assert_int_equal(COUNT, after.slots_free - before.slots_free);
    assert_true(after.stacks_made - before.stacks_made <= COUNT);
    assert_int_equal(3 * COUNT, after.runs - before.runs);
    engine_thread_trim(bed.thread, 0);
    after = bed_stats(&bed);
    assert_int_equal(1, after.slots_free - before.slots_free);
    assert_int_equal(1, after.stacks_free);
    engine_thread_forget(bed.thread, image);
    assert_int_equal(before.slots_free, bed_stats(&bed).slots_free);
    assert_int_equal(1, image->references);
    engine_image_release(image);
}

static void trimming_spares_what_was_used_lately(void **state) {
    (void)state;
    struct engine_image *image = image_new(1);
    struct guest guests[3];
    uint64_t free_before = bed_stats(&bed).slots_free;
    for (int i = 0; i < 3; i++) {
        guest_begin(&guests[i], &bed, image, parks, 0);
        guest_finish(&guests[i]);
    }
    for (int i = 0; i < 3; i++) engine_run_delete(guests[i].run);
    engine_thread_trim(bed.thread, 3600 * CLOCK_S);
    assert_int_equal(3, bed_stats(&bed).slots_free - free_before);
    const struct timespec moment = {0, 2000000};
    nanosleep(&moment, NULL);
    engine_thread_trim(bed.thread, 1 * CLOCK_MS);
    assert_int_equal(1, bed_stats(&bed).slots_free - free_before);
    guest_begin(&guests[0], &bed, image, parks, 0); /* the one that stayed holds nothing */
    assert_int_equal(0, guests[0].run->slot->known.pages);
    engine_run_delete(guests[0].run);
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
}

static unsigned pages_present(const struct slot *slot) {
    unsigned present = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    for (size_t at = 0; at < slot->image; at += 4096) {
        uint64_t entry = 0;
        assert_int_equal(8, pread(fd, &entry, 8, (off_t)(((uintptr_t)slot->base + at) / 4096 * 8)));
        present += entry >> 63;
    }
    close(fd);
    return present;
}

/* A run that waits keeps what it has written, wherever that is, and nothing else of the image. */
static void what_rests_keeps_its_own_pages(void **state) {
    (void)state;
    enum { PAGES = 16, COUNT = 5 };
    struct engine_image *image = image_new(PAGES);
    for (unsigned seed = 0; seed < 20; seed++) {
        struct step steps[4 * COUNT + 2] = {{0}}, *step = steps;
        uint32_t at[COUNT], others[COUNT];
        srandom(seed);
        for (unsigned i = 0; i < COUNT; i++) {
            at[i] = (uint32_t)random() % (PAGES * ENGINE_PAGE) / 4096 * 4096 + i;
            others[i] = (uint32_t)random() % (PAGES * ENGINE_PAGE) / 4096 * 4096 + 100;
            *step++ = (struct step){STEP_STORE, at[i], 200 + i};
            *step++ = (struct step){STEP_LOAD, others[i], 0};
        }
        *step++ = (struct step){STEP_PARK, 0, 0};
        for (unsigned i = 0; i < COUNT; i++) {
            *step++ = (struct step){STEP_LOAD, at[i], 0};
            *step++ = (struct step){STEP_LOAD, others[i], 0};
        }
        struct guest guest;
        guest_begin(&guest, &bed, image, steps, 0);
        assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
        unsigned before = pages_present(guest.run->slot);
        engine_run_rest(guest.run);
        assert_true(before > pages_present(guest.run->slot)); /* the system reads around */
        engine_run_measure(guest.run);
        assert_in_range(engine_run_cost(guest.run) / 4096, pages_present(guest.run->slot),
                        pages_present(guest.run->slot) + 64);
        engine_run_wake(guest.run);
        assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(200 + i, guest.reports[COUNT + 1 + 2 * i]);
            assert_int_equal(image->bytes[others[i]], guest.reports[COUNT + 2 + 2 * i]);
        }
        engine_run_delete(guest.run);
        guest_begin(&guest, &bed, image, parks, 0); /* clean for the next */
        assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(image->bytes[at[i]], guest.run->slot->base[at[i]]);
        engine_run_delete(guest.run);
    }
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
}

static void none_warm(void) {
    const struct warm_set *sets[] = {&bed.thread->fronts, &bed.thread->spares};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(0, sets[i]->count);
        assert_int_equal(0, sets[i]->pages);
        assert_null(sets[i]->slots.first);
        assert_null(sets[i]->slots.last);
    }
}

/* Of many that come back at once the last ones stay warm; the others are as clean, and hold nothing
 * until they are used again. */
static void a_burst_leaves_few_slots_warm(void **state) {
    (void)state;
    enum { COUNT = 100 };
    static struct guest guests[COUNT];
    struct engine_image *image = image_new(1);
    engine_thread_trim(bed.thread, 0);
    for (int i = 0; i < COUNT; i++) {
        guest_begin(&guests[i], &bed, image, parks, 0);
        guest_finish(&guests[i]);
    }
    for (int i = 0; i < COUNT; i++) engine_run_delete(guests[i].run);
    assert_int_equal(1, bed.thread->fronts.count);
    assert_int_equal(64, bed.thread->spares.count);
    assert_int_equal(64, bed.thread->spares.pages);
    const struct slot *slot = thread_shelf(bed.thread, image)->free;
    for (int i = 0; i < COUNT; i++, slot = slot->next) { /* the warm ones come first */
        assert_ptr_equal(i == 0   ? &bed.thread->fronts
                         : i < 65 ? &bed.thread->spares
                                  : NULL,
                         slot->warm);
        assert_int_equal(i >= 65, slot->cool);
        assert_int_equal(i < 65 ? 4096 : 0, slot_private(slot));
    }
    uint64_t scans = bed.thread->stats.scans;
    for (int i = 0; i < COUNT; i++) {
        guest_begin(&guests[i], &bed, image, parks, 0);
        assert_int_equal(4096, slot_private(guests[i].run->slot));
        guest_finish(&guests[i]);
    }
    none_warm();
    for (int i = 0; i < COUNT; i++) engine_run_delete(guests[i].run);
    /* Sanitizers have faults of their own. */
    if (!SANITIZED && bed.engine->scanner.counters)
        assert_int_equal(scans, bed.thread->stats.scans);
    engine_thread_forget(bed.thread, image);
    none_warm();
    engine_image_release(image);
}

/* However many slots other images have left. */
static void each_image_keeps_one_slot_warm(void **state) {
    (void)state;
    enum { IMAGES = 100, PER_IMAGE = 4 };
    struct engine_image *images[IMAGES];
    static struct guest guests[PER_IMAGE];
    engine_thread_trim(bed.thread, 0);
    for (int i = 0; i < IMAGES; i++) {
        images[i] = image_new(1);
        for (int j = 0; j < PER_IMAGE; j++) {
            guest_begin(&guests[j], &bed, images[i], parks, 0);
            guest_finish(&guests[j]);
        }
        for (int j = 0; j < PER_IMAGE; j++) engine_run_delete(guests[j].run);
    }
    assert_int_equal(IMAGES, bed.thread->fronts.count);
    assert_int_equal(64, bed.thread->spares.count);
    for (int i = 0; i < IMAGES; i++) {
        const struct slot *slot = thread_shelf(bed.thread, images[i])->free;
        for (int j = 0; slot; slot = slot->next, j++)
            assert_int_equal(j == 0 ? 4096 : slot->cool ? 0 : 4096, slot_private(slot));
    }
    engine_thread_keep(bed.thread, 10 * 4096); /* the last ten */
    assert_int_equal(10, bed.thread->fronts.count);
    for (int i = 0; i < IMAGES; i++)
        assert_int_equal(i < IMAGES - 10, thread_shelf(bed.thread, images[i])->free->cool);
    engine_thread_keep(bed.thread, 32 << 20);
    for (int i = 0; i < IMAGES; i++) {
        engine_thread_forget(bed.thread, images[i]);
        engine_image_release(images[i]);
    }
    none_warm();
}

/* Whether it was warm or cool; and again, when it was used in between. */
static void trimming_takes_all_pages_each_time(void **state) {
    (void)state;
    struct engine_image *image = image_new(4), *other = image_new(4);
    engine_thread_keep(bed.thread, 4096); /* of one image only */
    for (int i = 0; i < 4; i++) {
        guest_run(&(struct guest){0}, &bed, image,
                  STEPS({STEP_LOAD, 60000, 0}, {STEP_STORE, 5000, 1}));
        const struct slot *slot = thread_shelf(bed.thread, image)->free;
        if (i % 2) guest_run(&(struct guest){0}, &bed, other, STEPS({STEP_STORE, 0, 1}));
        assert_int_equal(i % 2, slot->cool);
        assert_true(pages_present(slot) > 0);
        engine_thread_trim(bed.thread, 0);
        assert_int_equal(0, pages_present(slot));
    }
    engine_thread_keep(bed.thread, 32 << 20);
    engine_thread_forget(bed.thread, image);
    engine_thread_forget(bed.thread, other);
    engine_image_release(image);
    engine_image_release(other);
}

static void check_set(const struct warm_set *set) {
    uint32_t count = 0;
    uint64_t pages = 0;
    for (const struct list_link *link = set->slots.first; link; link = link->next) {
        const struct slot *slot = OWNER(link, struct slot, warm_link);
        assert_ptr_equal(set, slot->warm);
        assert_false(slot->cool);
        assert_true(set == &bed.thread->spares || slot->shelf->free == slot);
        count++;
        pages += slot->known.pages;
    }
    assert_int_equal(count, set->count);
    assert_int_equal(pages, set->pages);
}

enum { ANY_IMAGES = 5, ANY_RUNS = 12, ANY_MOVES = 4000 };

/* A call that looks for what others left, and leaves as much: in the image, beyond it. */
static void begin_any(struct guest *guest, struct step *steps, struct engine_image *image) {
    uint32_t grown = image->pages * ENGINE_PAGE;
    uint32_t at = (uint32_t)rand() % grown, beyond = grown + (uint32_t)rand() % (8 * ENGINE_PAGE);
    uint32_t last = rand() % 2 ? STEP_TRAP : STEP_END;
    const struct step all[] = {{STEP_LOAD, at, 0},     {STEP_STORE, at, 0x77}, {STEP_GROW, 8, 0},
                               {STEP_LOAD, beyond, 0}, {STEP_FILL, beyond, 1}, {STEP_PARK, 0, 0},
                               {last, 0, 0},           {STEP_END, 0, 0}};
    memcpy(steps, all, sizeof all);
    guest_begin(guest, &bed, image, steps, rand() % 3 ? 0 : image->pages + 8);
    assert_int_equal(ENGINE_PARKED, guest_finish(guest));
    bool hole = image->pages == 3 && at / ENGINE_PAGE == 1;
    assert_int_equal(hole ? 0 : image_byte(at), guest->reports[0]);
    assert_int_equal(0, guest->reports[2]);
}

/* Whatever happens to slots: what the sets of warm ones count is what they have, and no call finds
 * anything of another. */
static void warm_sets_count_right(void **state) {
    (void)state;
    static struct guest guests[ANY_RUNS];
    static struct step steps[ANY_RUNS][8];
    struct engine_image *images[ANY_IMAGES];
    struct engine_settings *settings = &bed.engine->settings, before = *settings;
    settings->spare_slots = 3;
    settings->spare_pages = 12;
    settings->slot_dirty_limit = 24;
    srand(7);
    for (int i = 0; i < ANY_IMAGES; i++) images[i] = image_new(1 + (uint32_t)i % 3);
    for (int move = 0; move < ANY_MOVES; move++) {
        int run = rand() % ANY_RUNS, what = rand() % 40;
        struct engine_image *image = images[rand() % ANY_IMAGES];
        if (what == 0) engine_thread_trim(bed.thread, rand() % 2 ? 0 : CLOCK_MS);
        if (what == 1) engine_thread_forget(bed.thread, image);
        if (what == 2) engine_thread_keep(bed.thread, (uint64_t)(rand() % 20) * 4096);
        if (what == 3) thread_shrink(bed.thread);
        if (what < 8) settings->slot_dirty_limit = rand() % 2 ? 24 : 4096;
        if (!guests[run].run) {
            begin_any(&guests[run], steps[run], image);
        } else {
            engine_run_wake(guests[run].run);
            if (rand() % 2) guest_finish(&guests[run]);
            engine_run_delete(guests[run].run);
            guests[run].run = NULL;
        }
        check_set(&bed.thread->fronts);
        check_set(&bed.thread->spares);
    }
    for (int i = 0; i < ANY_RUNS; i++) engine_run_delete(guests[i].run);
    for (int i = 0; i < ANY_IMAGES; i++) {
        engine_thread_forget(bed.thread, images[i]);
        assert_int_equal(1, images[i]->references);
        engine_image_release(images[i]);
    }
    none_warm();
    settings->spare_slots = before.spare_slots; /* one by one: the ticker reads its own */
    settings->spare_pages = before.spare_pages;
    settings->slot_dirty_limit = before.slot_dirty_limit;
    engine_thread_keep(bed.thread, 32 << 20);
}

static void forgetting_waits_for_used_slots(void **state) {
    (void)state;
    struct engine_image *image = image_new(1), *other = image_new(1);
    struct guest a, b;
    uint64_t free_before = bed_stats(&bed).slots_free;
    engine_thread_forget(bed.thread, other); /* never used here */
    guest_begin(&a, &bed, image, parks, 0);
    guest_finish(&a);
    guest_begin(&b, &bed, image, parks, 0);
    guest_finish(&b);
    engine_thread_forget(bed.thread, image);
    assert_int_equal(2, image->references);
    engine_run_delete(a.run);
    assert_int_equal(free_before, bed_stats(&bed).slots_free);
    engine_run_delete(b.run);
    assert_int_equal(1, image->references);
    /* Forgotten while in use, then used again: it is kept again. */
    guest_begin(&a, &bed, image, parks, 0);
    engine_thread_forget(bed.thread, image);
    guest_begin(&b, &bed, image, parks, 0);
    engine_run_delete(a.run);
    engine_run_delete(b.run);
    assert_int_equal(2, bed_stats(&bed).slots_free - free_before);
    engine_thread_forget(bed.thread, image);
    assert_int_equal(1, image->references);
    engine_image_release(image);
    engine_image_release(other);
}

/* A call that was accepted before its skill was dropped may begin after its thread has forgotten
 * the image. */
static void no_slot_of_a_retired_image_is_kept(void **state) {
    (void)state;
    struct engine_image *image = image_new(1);
    struct guest a, b;
    uint64_t free_before = bed_stats(&bed).slots_free;
    guest_begin(&a, &bed, image, parks, 0);
    engine_image_retire(image);
    engine_thread_forget(bed.thread, image);
    guest_begin(&b, &bed, image, parks, 0);
    engine_run_delete(a.run);
    engine_run_delete(b.run);
    guest_run(&b, &bed, image, STEPS({STEP_STORE, 100, 1}));
    assert_int_equal(free_before, bed_stats(&bed).slots_free);
    assert_int_equal(1, image->references);
    engine_image_release(image);
}

/* More skills than hash buckets: each finds its own image. */
static void many_skills_keep_apart(void **state) {
    (void)state;
    enum { COUNT = 300 };
    static struct engine_image *images[COUNT];
    struct guest guest;
    struct err err = {0};
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < COUNT; i++) {
            if (!images[i]) {
                int fd = memfd_create("image", MFD_CLOEXEC);
                assert_int_equal(0, ftruncate(fd, ENGINE_PAGE));
                assert_int_equal(sizeof i, pwrite(fd, &i, sizeof i, 4096));
                assert_true(
                    engine_image_open(&(struct engine_image_file){.fd = fd}, 1, &images[i], &err));
                close(fd);
            }
            guest_run(&guest, &bed, images[i],
                      STEPS({STEP_LOAD, 4096, 0}, {STEP_LOAD, 4097, 0}, {STEP_STORE, 4096, 1}));
            assert_int_equal(i, guest.reports[0] + 256 * guest.reports[1]);
        }
    for (int i = 0; i < COUNT; i++) {
        engine_thread_forget(bed.thread, images[i]);
        assert_int_equal(1, images[i]->references);
        engine_image_release(images[i]);
    }
}

static uint64_t resident(const uint8_t *map, size_t size) {
    static unsigned char pages[4096];
    uint64_t count = 0;
    assert_int_equal(0, mincore((void *)(uintptr_t)map, size, pages));
    for (size_t i = 0; i < size / bed.engine->scanner.page; i++) count += pages[i] & 1;
    return count;
}

static void deep_stacks_are_given_back(void **state) {
    (void)state;
    struct engine_image *image = image_new(1);
    struct guest guest;
    engine_thread_trim(bed.thread, 0);
    guest_begin(&guest, &bed, image, STEPS({STEP_RECURSE, 100000000, 0}), 0);
    assert_int_equal(ENGINE_TRAPPED, guest_finish(&guest));
    engine_run_delete(guest.run);
    const struct stack *stack = bed.thread->stacks;
    assert_true(resident(stack->map + stack->guard, stack->size) <= 16);
    /* One that came near its end without a trap is found by a look now and then. */
    int uses = 0;
    do guest_run(&guest, &bed, image, STEPS({STEP_RECURSE, 12000, 0}));
    while (resident(stack->map + stack->guard, stack->size) > 64 && ++uses < 64);
    assert_true(uses > 0 && uses < 64);
    assert_ptr_equal(stack, bed.thread->stacks);
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
}

/* Frees what it has when the system refuses, and says so when that does not help; afterwards
 * everything works. */
static void running_out_of_address_space(void **state) {
    (void)state;
#if SANITIZED
    skip(); /* their shadow counts, and they do not take a refusal */
#endif
    enum { COUNT = 64 };
    static struct guest guests[COUNT];
    struct engine_image *image = image_new(1), *other = image_new(1);
    struct err err = {0};
    guest_run(&guests[0], &bed, other, STEPS({STEP_LOAD, 0, 0}));
    struct rlimit before, tight;
    assert_int_equal(0, getrlimit(RLIMIT_AS, &before));
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    assert_int_equal(1, fscanf(file, "%lu", &pages));
    fclose(file);
    tight = before;
    tight.rlim_cur = pages * 4096 + 10 * bed.settings.reservation;
    assert_int_equal(0, setrlimit(RLIMIT_AS, &tight));
    int made = 0;
    for (; made < COUNT; made++) {
        guests[made] = (struct guest){.steps = parks, .pages = 1, .limit = 10};
        if (!engine_run_new(bed.thread, bed.machine, image, 0, 10, &guests[made], &guests[made].run,
                            &err))
            break;
        assert_int_equal(ENGINE_PARKED, guest_finish(&guests[made]));
    }
    assert_true(made >= 9 && made < COUNT);
    assert_int_equal(ERR_MEMORY, err.kind);
    assert_non_null(strstr(err.text, "left for a slot"));
    assert_int_equal(1, other->references); /* its slot was given up for one more */
    for (int i = 0; i < made; i++) engine_run_delete(guests[i].run);
    guest_run(&guests[0], &bed, image, STEPS({STEP_LOAD, 0, 0}));
    assert_int_equal(0, setrlimit(RLIMIT_AS, &before));
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
    engine_image_release(other);
}

/* The engine stops before the system does, and what it may not make a free slot is given up for. */
static void running_out_of_mappings(void **state) {
    (void)state;
    struct engine_image *image = image_new(1), *other = image_new(1);
    struct guest guests[3];
    struct err err = {0};
    engine_thread_trim(bed.thread, 0);
    assert_int_equal(STACK_MAPPINGS, atomic_load(&bed.engine->mappings)); /* one free stack */
    long before = bed.engine->mappings_max;
    bed.engine->mappings_max = 2 * STACK_MAPPINGS + 2 * SLOT_MAPPINGS;
    guest_run(&guests[0], &bed, other, STEPS({STEP_LOAD, 0, 0}));
    for (int i = 0; i < 2; i++) {
        guest_begin(&guests[i], &bed, image, parks, 0);
        assert_int_equal(ENGINE_PARKED, guest_finish(&guests[i]));
    }
    assert_int_equal(1, other->references);
    guests[2] = (struct guest){.steps = parks, .pages = 1, .limit = 10};
    assert_false(
        engine_run_new(bed.thread, bed.machine, image, 0, 10, &guests[2], &guests[2].run, &err));
    assert_int_equal(ERR_MEMORY, err.kind);
    assert_non_null(strstr(err.text, "left for a slot"));
    bed.engine->mappings_max += SLOT_MAPPINGS; /* a slot, but no stack */
    guest_begin(&guests[2], &bed, image, parks, 0);
    assert_int_equal(ENGINE_TRAPPED, guest_finish(&guests[2]));
    assert_int_equal(FAULT_OTHER, engine_run_fault(guests[2].run)->kind);
    assert_non_null(strstr(engine_run_fault(guests[2].run)->text, "no mapping left for a stack"));
    for (int i = 0; i < 3; i++) engine_run_delete(guests[i].run);
    bed.engine->mappings_max = before;
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
    engine_image_release(other);
}

static void a_thread_ends_with_its_runs(void **state) {
    (void)state;
    struct err err = {0};
    struct bed mine = bed;
    struct engine_image *image = image_new(2);
    struct guest guests[3];
    assert_true(engine_thread_new(mine.engine, &mine.thread, &err));
    guest_begin(&guests[0], &mine, image, parks, 0);
    guest_begin(&guests[1], &mine, image, parks, 0);
    guest_finish(&guests[1]);
    guest_begin(&guests[2], &mine, image, STEPS({STEP_TRAP, 0, 0}), 0);
    guest_finish(&guests[2]);
    engine_thread_free(mine.thread);
    engine_thread_free(NULL);
    assert_int_equal(1, image->references);
    engine_image_release(image);
}

/* Many threads, each with parked runs, over one program and one image. */
static void *busy_thread(void *argument) {
    struct engine_image *image = argument;
    struct engine_thread *thread = NULL;
    struct err err = {0};
    enum { COUNT = 20 };
    struct guest guests[COUNT];
    if (!engine_thread_new(bed.engine, &thread, &err)) return (void *)1;
    uintptr_t wrong = 0;
    for (int round = 0; round < 20; round++) {
        engine_thread_busy(thread, true);
        for (int i = 0; i < COUNT; i++) {
            guests[i] = (struct guest){.steps = parks, .pages = 2, .limit = 10};
            if (!engine_run_new(thread, bed.machine, image, 0, 10, &guests[i], &guests[i].run,
                                &err))
                return (void *)1;
            while (engine_run_poll(guests[i].run) == ENGINE_RUNNING) {
            }
        }
        for (int i = 0; i < COUNT; i++) {
            engine_run_wake(guests[i].run);
            while (engine_run_poll(guests[i].run) == ENGINE_RUNNING) {
            }
            wrong += guests[i].report_count != 2 || guests[i].reports[1] != 1;
            engine_run_delete(guests[i].run);
        }
        engine_thread_busy(thread, false);
    }
    engine_thread_free(thread);
    return (void *)wrong;
}

static void threads_do_not_meet(void **state) {
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    struct engine_image *image = image_new(2);
    signals_restore_for_guests();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(0, pthread_create(&threads[i], NULL, busy_thread, image));
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(1, image->references);
    engine_image_release(image);
}

int main(void) {
    bed_open(&bed, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_parked_runs_and_their_slots_again),
        cmocka_unit_test(trimming_spares_what_was_used_lately),
        cmocka_unit_test(what_rests_keeps_its_own_pages),
        cmocka_unit_test(a_burst_leaves_few_slots_warm),
        cmocka_unit_test(each_image_keeps_one_slot_warm),
        cmocka_unit_test(trimming_takes_all_pages_each_time),
        cmocka_unit_test(warm_sets_count_right),
        cmocka_unit_test(forgetting_waits_for_used_slots),
        cmocka_unit_test(no_slot_of_a_retired_image_is_kept),
        cmocka_unit_test(many_skills_keep_apart),
        cmocka_unit_test(deep_stacks_are_given_back),
        cmocka_unit_test(running_out_of_address_space),
        cmocka_unit_test(running_out_of_mappings),
        cmocka_unit_test(a_thread_ends_with_its_runs),
        cmocka_unit_test(threads_do_not_meet),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bed_close(&bed);
    return failed;
}
