/* Isolation by memory slots: every test looks for what an earlier call of the same skill left
 * behind. The group runs once for each way in which private pages can be found, with and without
 * strict memory. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "engine/internal.h"

struct variant {
    const char *name;
    bool strict, counters;
    enum scan_mode mode;
    uint32_t verify;
    bool cool; /* no free slot keeps its private pages */
};
static const struct variant variants[] = {
    {"open", false, true, SCAN_IOCTL, 0, false},
    {"strict", true, true, SCAN_IOCTL, 0, false},
    {"open, verified", false, true, SCAN_IOCTL, 1, false},
    {"strict, verified", true, true, SCAN_IOCTL, 1, false},
    {"open, pagemap", false, true, SCAN_PAGEMAP, 0, false},
    {"strict, pagemap", true, true, SCAN_PAGEMAP, 0, false},
    {"open, no counters", false, false, SCAN_IOCTL, 1, false},
    {"strict, no counters", true, false, SCAN_IOCTL, 0, false},
    {"open, no scan", false, true, SCAN_NONE, 1, false},
    {"strict, no scan", true, true, SCAN_NONE, 0, false},
    {"open, cool", false, true, SCAN_IOCTL, 0, true},
    {"strict, cool", true, true, SCAN_IOCTL, 0, true},
    {"open, verified, cool", false, true, SCAN_IOCTL, 1, true},
    {"open, no counters, cool", false, false, SCAN_IOCTL, 0, true},
};
static const struct variant *variant;
static struct bed bed;
static struct engine_image *image; /* three pages with a hole in the middle: fresh in each test */

enum { PAGES = 3, SECRET = 0x77 };
#define GROWN (PAGES * ENGINE_PAGE)
#define HOLE  (1 * ENGINE_PAGE)

static void open_variant(const struct variant *wanted) {
    struct engine_settings settings;
    engine_settings_default(&settings);
    settings.tick_us = 1000;
    settings.strict_memory = wanted->strict;
    settings.verify_interval = wanted->verify;
    settings.slot_dirty_limit = 256;
    if (wanted->cool) settings.spare_pages = 0;
    variant = wanted;
    bed_open(&bed, &settings);
    if (wanted->mode < bed.engine->scanner.mode) bed.engine->scanner.mode = wanted->mode;
    if (!wanted->counters) bed.engine->scanner.counters = false;
}

static int fresh_image(void **state) {
    (void)state;
    image = image_new(PAGES);
    return 0;
}

static int drop_image(void **state) {
    (void)state;
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
    return 0;
}

/* What a call finds at `at`. */
static uint8_t look(uint32_t at) {
    struct guest guest;
    guest_run(&guest, &bed, image, STEPS({STEP_LOAD, at, 0}));
    return (uint8_t)guest.reports[0];
}

/* A scan of the present size only, and a set that is replaced by it, would find nothing wrong in
 * the second call and leave the third one's secret to the fourth. */
static void four_calls(void **state) {
    (void)state;
    struct guest guest;
    uint32_t secret = GROWN + ENGINE_PAGE + 100;
    guest_run(&guest, &bed, image, STEPS({STEP_GROW, 2, 0}, {STEP_STORE, secret, SECRET}));
    guest_run(&guest, &bed, image,
              STEPS({STEP_STORE, 5000, SECRET})); /* no growth and a new page */
    guest_run(&guest, &bed, image, STEPS({STEP_GROW, 2, 0}, {STEP_STORE, secret, SECRET}));
    guest_run(&guest, &bed, image,
              STEPS({STEP_GROW, 2, 0}, {STEP_LOAD, secret, 0}, {STEP_LOAD, 5000, 0}));
    assert_int_equal(PAGES, guest.reports[0]);
    assert_int_equal(0, guest.reports[1]);
    assert_int_equal(image_byte(5000), guest.reports[2]);
}

static void image_pages_come_back(void **state) {
    (void)state;
    static const uint32_t places[] = {0,        1, 4095, 4096, HOLE, HOLE + 4097, 2 * ENGINE_PAGE,
                                      GROWN - 1};
    struct guest guest;
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            bool hole = places[i] >= HOLE && places[i] < HOLE + ENGINE_PAGE;
            guest_run(&guest, &bed, image,
                      STEPS({STEP_LOAD, places[i], 0}, {STEP_STORE, places[i], SECRET},
                            {STEP_LOAD, places[i], 0}));
            assert_int_equal(hole ? 0 : image_byte(places[i]), guest.reports[0]);
            assert_int_equal(SECRET, guest.reports[1]);
            assert_int_equal(hole ? 0 : image_byte(places[i]), look(places[i]));
        }
}

static void globals_and_tables_are_new(void **state) {
    (void)state;
    struct guest guest;
    for (int i = 0; i < 3; i++) {
        guest_run(&guest, &bed, image,
                  STEPS({STEP_GET_GLOBAL, 0, 0}, {STEP_SET_GLOBAL, 0, SECRET},
                        {STEP_GET_TABLE, 5, 0}, {STEP_SET_TABLE, 5, 0}, {STEP_GET_TABLE, 5, 0},
                        {STEP_GET_TABLE, 0, 0}));
        assert_int_equal(7, guest.reports[0]);
        assert_int_equal(0, guest.reports[1]);
        assert_int_equal(1, guest.reports[2]);
        assert_int_equal(1, guest.reports[3]);
    }
}

static void host_stores_are_seen(void **state) {
    (void)state;
    struct guest guest;
    guest_run(&guest, &bed, image, STEPS({STEP_HOST_STORE, 9000, SECRET}, {STEP_LOAD, 9000, 0}));
    assert_int_equal(SECRET, guest.reports[0]);
    assert_int_equal(image_byte(9000), look(9000));
}

/* A guest that ends by a trap, by the host, or is cancelled, leaves as little. */
static void however_it_ends(void **state) {
    (void)state;
    struct guest guest;
    guest_begin(&guest, &bed, image, STEPS({STEP_STORE, 100, SECRET}, {STEP_TRAP, 0, 0}), 0);
    assert_int_equal(ENGINE_TRAPPED, guest_finish(&guest));
    engine_run_delete(guest.run);
    assert_int_equal(image_byte(100), look(100));
    guest_begin(&guest, &bed, image, STEPS({STEP_STORE, 5000, SECRET}, {STEP_SPIN, 0, 0}), 0);
    assert_int_equal(ENGINE_RUNNING, engine_run_poll(guest.run));
    assert_int_equal(ENGINE_RUNNING, engine_run_poll(guest.run));
    engine_run_delete(guest.run);
    assert_int_equal(image_byte(5000), look(5000));
    guest_begin(&guest, &bed, image, STEPS({STEP_STORE, 10000, SECRET}, {STEP_PARK, 0, 0}), 0);
    assert_int_equal(ENGINE_PARKED, guest_finish(&guest));
    engine_run_delete(guest.run);
    assert_int_equal(image_byte(10000), look(10000));
}

/* The system's own, but for the growth that is to fail half way: a range of several mappings is
 * opened one by one (where each is charged, overcommit_memory=2, memory may be used up in between).
 */
static size_t torn_growth;

int mprotect(void *start, size_t size, int rights) {
    if (!torn_growth || size != torn_growth || rights != (PROT_READ | PROT_WRITE))
        return (int)syscall(SYS_mprotect, start, size, rights);
    torn_growth = 0;
    assert_int_equal(0, syscall(SYS_mprotect, start, size / 2, rights));
    errno = ENOMEM;
    return -1;
}

static void a_growth_that_fails_half_way(void **state) {
    (void)state;
    struct guest guest;
    for (int round = 0; round < 2; round++) { /* a new slot, a used one */
        torn_growth = 4 * ENGINE_PAGE;
        guest_run(&guest, &bed, image,
                  STEPS({STEP_REAL_GROW, 4, 0}, {STEP_STORE, GROWN + 100, SECRET},
                        {STEP_STORE, 100, SECRET}));
        assert_int_equal(0, torn_growth);
        assert_int_equal(-1, guest.reports[0]);
        guest_run(&guest, &bed, image,
                  STEPS({STEP_REAL_GROW, 1, 0}, {STEP_LOAD, GROWN + 100, 0}, {STEP_LOAD, 100, 0}));
        assert_int_equal(PAGES, guest.reports[0]);
        assert_int_equal(0, guest.reports[1]);
        assert_int_equal(image_byte(100), guest.reports[2]);
        engine_thread_trim(bed.thread, 0);
    }
}

/* Two runs of one image take turns. The second slot's writes must not be laid to the first, nor the
 * other way round. */
static void interleaved_runs(void **state) {
    (void)state;
    struct guest a, b;
    for (int round = 0; round < 3; round++) {
        guest_begin(&a, &bed, image,
                    STEPS({STEP_STORE, 100, 1}, {STEP_PARK, 0, 0}, {STEP_STORE, 20000, 2},
                          {STEP_LOAD, 100, 0}),
                    0);
        assert_int_equal(ENGINE_PARKED, guest_finish(&a));
        guest_begin(&b, &bed, image,
                    STEPS({STEP_LOAD, 100, 0}, {STEP_STORE, 30000, 3}, {STEP_PARK, 0, 0},
                          {STEP_STORE, 40000, 4}),
                    0);
        assert_int_equal(ENGINE_PARKED, guest_finish(&b));
        assert_int_equal(image_byte(100), b.reports[0]);
        engine_run_wake(a.run);
        assert_int_equal(ENGINE_FINISHED, guest_finish(&a));
        assert_int_equal(1, a.reports[1]);
        engine_run_wake(b.run);
        assert_int_equal(ENGINE_FINISHED, guest_finish(&b));
        engine_run_delete(a.run);
        engine_run_delete(b.run);
        /* Both slots are free now: begin two at once to see both. */
        static const struct step looks[] = {{STEP_LOAD, 100, 0},
                                            {STEP_LOAD, 20000, 0},
                                            {STEP_LOAD, 30000, 0},
                                            {STEP_LOAD, 40000, 0},
                                            {STEP_END, 0, 0}};
        guest_begin(&a, &bed, image, looks, 0);
        guest_begin(&b, &bed, image, looks, 0);
        assert_int_equal(ENGINE_FINISHED, guest_finish(&b));
        assert_int_equal(ENGINE_FINISHED, guest_finish(&a));
        for (int i = 0; i < 4; i++) {
            assert_int_equal(image_byte(looks[i].at), a.reports[i]);
            assert_int_equal(image_byte(looks[i].at), b.reports[i]);
        }
        engine_run_delete(a.run);
        engine_run_delete(b.run);
    }
}

/* A run writes its page in its first stretch; then another run of another image runs, with faults
 * or without, and ends; the first run's last stretch has no fault. Its slot must still be scanned.
 */
static void faults_are_remembered_over_stretches(void **state) {
    (void)state;
    struct guest a, b;
    struct engine_image *other = image_new(2);
    guest_run(&b, &bed, other, STEPS({STEP_STORE, 0, 1}));
    guest_run(&b, &bed, other, STEPS({STEP_STORE, 0, 1})); /* no new fault any more */
    guest_run(&a, &bed, image, STEPS({STEP_STORE, 0, 1}));
    guest_begin(&a, &bed, image,
                STEPS({STEP_STORE, 50000, SECRET}, {STEP_PARK, 0, 0}, {STEP_PARK, 0, 0}), 0);
    assert_int_equal(ENGINE_PARKED, guest_finish(&a));
    guest_run(&b, &bed, other, STEPS({STEP_STORE, 0, 1}));
    engine_run_wake(a.run);
    assert_int_equal(ENGINE_PARKED, guest_finish(&a));
    guest_run(&b, &bed, other, STEPS({STEP_STORE, 0, 1}));
    engine_run_delete(a.run);
    assert_int_equal(image_byte(50000), look(50000));
    engine_thread_forget(bed.thread, other);
    engine_image_release(other);
}

/* A run that writes in its very first stretch, after others ran between its making and its first
 * poll. */
static void faults_before_the_first_poll(void **state) {
    (void)state;
    struct guest a, b;
    guest_begin(&a, &bed, image, STEPS({STEP_STORE, 50000, SECRET}), 0);
    guest_run(&b, &bed, image, STEPS({STEP_STORE, 8192, 1}));
    guest_run(&b, &bed, image, STEPS({STEP_STORE, 8192, 1}));
    assert_int_equal(ENGINE_FINISHED, guest_finish(&a));
    engine_run_delete(a.run);
    assert_int_equal(image_byte(50000), look(50000));
}

enum { CALLS = 100 };

/* How many of CALLS calls were followed by a scan. With `noise` the host takes faults of its own
 * before each. */
static uint64_t scans_of_calls(bool noise) {
    struct guest guest;
    static const struct step steps[] = {
        {STEP_STORE, 100, SECRET}, {STEP_STORE, 9000, SECRET}, {STEP_END, 0, 0}};
    for (int i = 0; i < 5; i++) guest_run(&guest, &bed, image, steps);
    struct engine_thread_stats before = bed_stats(&bed);
    for (int i = 0; i < CALLS; i++) {
        volatile uint8_t *map =
            mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (noise) *map = 1;
        munmap((void *)(uintptr_t)map, 4096);
        guest_run(&guest, &bed, image, steps);
    }
    struct engine_thread_stats after = bed_stats(&bed);
    assert_int_equal(CALLS,
                     after.scans + after.scans_skipped - before.scans - before.scans_skipped);
    assert_int_equal(2 * CALLS, after.pages_copied - before.pages_copied);
    assert_int_equal(before.slots_made, after.slots_made);
    return after.scans - before.scans;
}

static void what_is_known_is_not_scanned_again(void **state) {
    (void)state;
    if (variant->mode == SCAN_NONE) return;
    uint64_t quiet = scans_of_calls(false), noisy = scans_of_calls(true);
    if (!variant->counters) assert_int_equal(2 * CALLS, quiet + noisy);
#if !SANITIZED /* whose runtimes make faults of their own */
    if (variant->counters) assert_true(quiet <= CALLS / 10 && noisy <= CALLS / 10);
#endif
}

/* The set is only merged: here the system forgets to tell what it told before. */
static void what_was_seen_once_stays_known(void **state) {
    (void)state;
    if (variant->mode != SCAN_PAGEMAP) return;
    struct guest guest;
    guest_run(&guest, &bed, image, STEPS({STEP_STORE, 100, SECRET}));
    int lie = memfd_create("pagemap", MFD_CLOEXEC), truth = bed.engine->scanner.fd;
    assert_int_equal(0, ftruncate(lie, (off_t)1 << 40));
    bed.engine->scanner.fd = lie;
    guest_run(&guest, &bed, image,
              STEPS({STEP_STORE, 100, SECRET}, {STEP_LOAD, 2 * ENGINE_PAGE + 9000, 0}));
    bed.engine->scanner.fd = truth;
    close(lie);
    assert_int_equal(image_byte(100), look(100));
}

/* Stacks and private pages are what a slot may hold; above a number it starts again from the file.
 */
static void a_dirty_slot_is_reset(void **state) {
    (void)state;
    struct engine_image *large = image_new(40);
    struct guest guest;
    uint32_t bytes = 300 * 4096; /* the limit is 256 */
    guest_run(
        &guest, &bed, large,
        STEPS({STEP_FILL, 4096, bytes}, {STEP_GROW, 1, 0}, {STEP_STORE, 40 * ENGINE_PAGE, SECRET}));
    guest_begin(&guest, &bed, large,
                STEPS({STEP_LOAD, 4096, 0}, {STEP_LOAD, bytes, 0}, {STEP_GROW, 1, 0},
                      {STEP_LOAD, 40 * ENGINE_PAGE, 0}),
                0);
    struct slot *slot = guest.run->slot;
    assert_int_equal(0, slot->known.pages);
    assert_int_equal(40 * ENGINE_PAGE, slot->high);
    struct page_set left = {0};
    if (bed.engine->scanner.mode != SCAN_NONE) {
        assert_true(scan_private(&bed.engine->scanner, slot->base, slot->high, &left));
        assert_int_equal(0, left.pages);
    }
    page_set_free(&left);
    assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
    assert_int_equal(image_byte(4096), guest.reports[0]);
    assert_int_equal(image_byte(bytes), guest.reports[1]);
    assert_int_equal(0, guest.reports[3]);
    engine_run_delete(guest.run);
    engine_thread_forget(bed.thread, large);
    engine_image_release(large);
}

static void a_big_growth_is_dropped(void **state) {
    (void)state;
    struct guest guest;
    guest_run(&guest, &bed, image,
              STEPS({STEP_STORE, 100, SECRET}, {STEP_GROW, 20, 0}, {STEP_FILL, GROWN, 200 * 4096}));
    guest_begin(&guest, &bed, image,
                STEPS({STEP_LOAD, 100, 0}, {STEP_GROW, 20, 0}, {STEP_LOAD, GROWN + 4096, 0}), 0);
    assert_true(guest.run->slot->known.pages <= 1);
    assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
    assert_int_equal(image_byte(100), guest.reports[0]);
    assert_int_equal(0, guest.reports[2]);
    engine_run_delete(guest.run);
}

/* Between the size that the guest knows and the highest so far: zeros, or a trap when strict.
 * Beyond: a trap. */
static void beyond_the_size(void **state) {
    (void)state;
    struct guest guest;
    guest_run(&guest, &bed, image, STEPS({STEP_GROW, 2, 0}, {STEP_STORE, GROWN + 100, SECRET}));
    guest_begin(&guest, &bed, image, STEPS({STEP_LOAD, GROWN + 100, 0}), 0);
    bool closed = variant->strict || variant->mode == SCAN_NONE;
    assert_int_equal(closed ? ENGINE_TRAPPED : ENGINE_FINISHED, guest_finish(&guest));
    if (closed)
        assert_int_equal(FAULT_MEMORY, engine_run_fault(guest.run)->kind);
    else
        assert_int_equal(0, guest.reports[0]);
    engine_run_delete(guest.run);
    static const uint32_t outside[] = {GROWN + 2 * ENGINE_PAGE, 200u << 20, 0xffffffff};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        guest_begin(&guest, &bed, image, STEPS({STEP_STORE, outside[i], 0}), 0);
        assert_int_equal(ENGINE_TRAPPED, guest_finish(&guest));
        assert_int_equal(FAULT_MEMORY, engine_run_fault(guest.run)->kind);
        engine_run_delete(guest.run);
    }
}

/* What lies between its size and the highest so far can be written by a guest that forgets its
 * size; the next sees zeros. */
static void writes_beyond_the_size_are_found(void **state) {
    (void)state;
    if (variant->strict || variant->mode == SCAN_NONE) return;
    struct guest guest;
    guest_run(&guest, &bed, image, STEPS({STEP_GROW, 2, 0}, {STEP_STORE, GROWN, SECRET}));
    guest_run(&guest, &bed, image, STEPS({STEP_STORE, GROWN + ENGINE_PAGE + 5, SECRET}));
    guest_run(&guest, &bed, image,
              STEPS({STEP_LOAD, GROWN + ENGINE_PAGE + 5, 0}, {STEP_LOAD, GROWN, 0}));
    assert_int_equal(0, guest.reports[0]);
    assert_int_equal(0, guest.reports[1]);
}

static void no_pages_at_all(void **state) {
    (void)state;
    struct err err = {0};
    struct engine_image *none = NULL;
    assert_true(engine_image_open(NULL, 0, &none, &err));
    assert_int_equal(0, engine_image_pages(none));
    struct guest guest;
    for (int i = 0; i < 3; i++) {
        guest_run(&guest, &bed, none,
                  STEPS({STEP_GROW, 1, 0}, {STEP_LOAD, 50, 0}, {STEP_STORE, 50, SECRET},
                        {STEP_LOAD, 50, 0}));
        assert_int_equal(0, guest.reports[0]);
        assert_int_equal(0, guest.reports[1]);
        assert_int_equal(SECRET, guest.reports[2]);
    }
    guest_begin(&guest, &bed, none, STEPS({STEP_STORE, 3 * ENGINE_PAGE, 1}), 0);
    assert_int_equal(ENGINE_TRAPPED, guest_finish(&guest));
    engine_run_delete(guest.run);
    engine_thread_forget(bed.thread, none);
    engine_image_release(none);
}

/* ---- a model: random calls, up to four alive at once; every call first looks at places that
 * earlier ones wrote ---- */

enum { PLAYERS = 4, GAME_STEPS = 14 };

static uint8_t expected_at(uint32_t at) {
    if (at >= GROWN || (at >= HOLE && at < HOLE + ENGINE_PAGE)) return 0;
    return image_byte(at);
}

struct player {
    struct guest guest;
    struct step steps[GAME_STEPS + 1];
    bool alive;
};

/* Grow first, look at all places, write some, park in between, end in one of three ways. */
static void player_begin(struct player *player, unsigned *seed) {
    uint32_t grown = 4 * ((unsigned)rand_r(seed) % 2), count = 0;
    player->steps[count++] = (struct step){STEP_GROW, grown, 0};
    while (count < GAME_STEPS) {
        uint32_t at = (uint32_t)rand_r(seed) % ((PAGES + grown) * ENGINE_PAGE / 4096) * 4096 +
                      (uint32_t)rand_r(seed) % 4 * 1000;
        unsigned dice = (unsigned)rand_r(seed) % 8;
        if (count < 6)
            player->steps[count] = (struct step){STEP_LOAD, at, 0};
        else if (dice == 0)
            player->steps[count] = (struct step){STEP_PARK, 0, 0};
        else if (dice == 1)
            player->steps[count] = (struct step){STEP_HOST_STORE, at, SECRET};
        else
            player->steps[count] = (struct step){STEP_STORE, at, SECRET};
        count++;
    }
    player->steps[count] = (struct step){rand_r(seed) % 5 ? STEP_END : STEP_TRAP, 0, 0};
    guest_begin(&player->guest, &bed, image, player->steps, 0);
    player->alive = true;
}

static void player_move(struct player *player, unsigned *seed) {
    enum engine_state state = engine_run_poll(player->guest.run);
    engine_run_wake(player->guest.run);
    bool over = state == ENGINE_FINISHED || state == ENGINE_TRAPPED;
    if (!over && rand_r(seed) % 10) return;
    engine_run_delete(player->guest.run);
    player->alive = false;
    for (uint32_t i = 1; i < player->guest.report_count && i < 6; i++)
        if (player->steps[i].kind == STEP_LOAD &&
            player->guest.reports[i] != expected_at(player->steps[i].at))
            fail_msg("at %u is %lld", player->steps[i].at, (long long)player->guest.reports[i]);
}

static void random_calls_find_nothing(void **state) {
    (void)state;
    unsigned seed = 42;
    static struct player players[PLAYERS];
    for (int move = 0; move < 8000; move++) {
        struct player *player = &players[rand_r(&seed) % PLAYERS];
        if (player->alive)
            player_move(player, &seed);
        else
            player_begin(player, &seed);
    }
    for (int i = 0; i < PLAYERS; i++) {
        if (players[i].alive) engine_run_delete(players[i].guest.run);
        players[i].alive = false;
    }
}

static void huge_pages_are_off(void **state) {
    (void)state;
    assert_int_equal(1, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

/* Returns what went wrong, or NULL. */
static const char *play_on_a_thread(struct bed mine) {
    struct err err = {0};
    const char *failure = NULL;
    if (!engine_thread_new(mine.engine, &mine.thread, &err)) return "no thread";
    engine_thread_busy(mine.thread, true);
    for (int i = 0; i < 2000 && !failure; i++) {
        uint32_t at = (uint32_t)(i % 40) * 4096;
        const struct step steps[] = {
            {STEP_LOAD, at, 0}, {STEP_STORE, at, SECRET}, {STEP_END, 0, 0}};
        struct guest guest = {.steps = steps, .pages = PAGES, .limit = 10};
        if (!engine_run_new(mine.thread, mine.machine, image, 0, 10, &guest, &guest.run, &err))
            return "no run";
        while (engine_run_poll(guest.run) == ENGINE_RUNNING) {
        }
        if (guest.report_count != 1 || guest.reports[0] != expected_at(at))
            failure = "the secret is there";
        engine_run_delete(guest.run);
    }
    engine_thread_free(mine.thread);
    return failure;
}

static void *thread_main(void *argument) {
    return (void *)(uintptr_t)play_on_a_thread(*(struct bed *)argument);
}

static void two_threads_share_an_image(void **state) {
    (void)state;
    pthread_t threads[2];
    signals_restore_for_guests();
    for (int i = 0; i < 2; i++)
        assert_int_equal(0, pthread_create(&threads[i], NULL, thread_main, &bed));
    for (int i = 0; i < 2; i++) {
        void *failure;
        pthread_join(threads[i], &failure);
        if (failure) fail_msg("%s", (const char *)failure);
    }
}

int main(void) {
    int failed = 0;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        open_variant(&variants[i]);
        printf("---- %s\n", variant->name);
        fflush(stdout);
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh_image, drop_image)
        const struct CMUnitTest tests[] = {
            TEST(four_calls),
            TEST(image_pages_come_back),
            TEST(globals_and_tables_are_new),
            TEST(host_stores_are_seen),
            TEST(however_it_ends),
            TEST(a_growth_that_fails_half_way),
            TEST(interleaved_runs),
            TEST(faults_are_remembered_over_stretches),
            TEST(faults_before_the_first_poll),
            TEST(what_is_known_is_not_scanned_again),
            TEST(what_was_seen_once_stays_known),
            TEST(a_dirty_slot_is_reset),
            TEST(a_big_growth_is_dropped),
            TEST(beyond_the_size),
            TEST(writes_beyond_the_size_are_found),
            TEST(no_pages_at_all),
            TEST(random_calls_find_nothing),
            TEST(two_threads_share_an_image),
            TEST(huge_pages_are_off),
        };
        failed += cmocka_run_group_tests(tests, NULL, NULL);
        bed_close(&bed);
    }
    return failed;
}
