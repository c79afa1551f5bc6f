/* The fault counter belongs to a thread (docs/engine.md, "Which pages?"). What one thread has read
 * says nothing about another: where both numbers happen to be the same, a page that a guest wrote
 * would not be looked for, and the skill's next call would find it. Here a helper thread makes that
 * happen: it takes faults until its counter says what this thread's will say after the call. */
#include "support.h"

#include <pthread.h>
#include <sys/mman.h>

#include "base/err.h"
#include "engine/internal.h"

enum { TRIES = 1000, PLACE = 5000, SECRET = 0x77 };

static struct bed bed;
static struct engine_image *image;

struct helper {
    pthread_t thread;
    pthread_barrier_t turn;
    uint64_t wanted; /* what its counter is to say; 0: end */
    struct engine_thread *made;
    uint64_t read; /* what it said right after */
};

static void take_fault(void) {
    volatile uint8_t *map =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *map = 1;
    munmap((void *)(uintptr_t)map, 4096);
}

static void *help(void *argument) {
    struct helper *helper = argument;
    struct err err;
    for (;;) {
        pthread_barrier_wait(&helper->turn);
        if (helper->wanted == 0) return NULL;
        while (scan_faults() < helper->wanted) take_fault();
        if (!engine_thread_new(bed.engine, &helper->made, &err)) helper->made = NULL;
        helper->read = scan_faults();
        pthread_barrier_wait(&helper->turn);
    }
}

static struct engine_thread *made_elsewhere(struct helper *helper, uint64_t wanted) {
    helper->wanted = wanted;
    pthread_barrier_wait(&helper->turn);
    pthread_barrier_wait(&helper->turn);
    assert_non_null(helper->made);
    return helper->made;
}

/* A call writes, the next looks. Returns this thread's counter after the first. */
static uint64_t write_and_look(struct engine_thread *thread) {
    struct bed mine = bed;
    struct guest guest;
    mine.thread = thread;
    guest_begin(&guest, &mine, image, STEPS({STEP_STORE, PLACE, SECRET}), 0);
    assert_int_equal(ENGINE_FINISHED, guest_finish(&guest));
    uint64_t after = scan_faults();
    engine_run_delete(guest.run);
    guest_run(&guest, &mine, image, STEPS({STEP_LOAD, PLACE, 0}));
    assert_int_equal(image_byte(PLACE), guest.reports[0]);
    return after;
}

/* A call on a new thread takes about as many faults as the last one did, so a few tries are enough;
 * each must be clean, and one must have been the bad case. */
static void a_counter_read_on_another_thread_says_nothing(void **state) {
    (void)state;
    struct helper helper = {0};
    uint64_t faults = 0;
    bool met = false;
    pthread_barrier_init(&helper.turn, NULL, 2);
    assert_int_equal(0, pthread_create(&helper.thread, NULL, help, &helper));
    for (int i = 0; i < TRIES && !met; i++) {
        uint64_t before = scan_faults();
        struct engine_thread *thread = made_elsewhere(&helper, before + faults);
        uint64_t after = write_and_look(thread);
        engine_thread_free(thread);
        met = after == helper.read;
        faults = after - before;
    }
    helper.wanted = 0;
    pthread_barrier_wait(&helper.turn);
    pthread_join(helper.thread, NULL);
    pthread_barrier_destroy(&helper.turn);
    assert_true(met);
}

int main(void) {
    bed_open(&bed, NULL);
    image = image_new(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_read_on_another_thread_says_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    engine_image_release(image);
    bed_close(&bed);
    return failed;
}
