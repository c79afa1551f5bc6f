/* lanes: the same input is worked on once, so many at once and no more, a small one does not wait
 * for large ones, nobody is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "load/load.h"

static struct lanes lanes;

static struct load *load_for(unsigned input, enum lane_work work, bool small) {
    struct load *load = calloc(1, sizeof *load);
    assert_non_null(load);
    load->lane = (struct lane){.work = work, .small = small};
    memcpy(load->lane.input.bytes, &input, sizeof input);
    return load;
}

static struct load *large(unsigned input) {
    return load_for(input, LANE_LINK, false);
}

static struct load *small(unsigned input) {
    return load_for(input, LANE_COMPILE, true);
}

static int setup(void **state) {
    (void)state;
    lanes_init(&lanes, 2);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    lanes_free(&lanes);
    return 0;
}

static void leave(struct load *load) {
    struct list woken = {0};
    lanes_leave(&lanes, load, NULL, &woken);
    assert_null(woken.first);
    free(load);
}

static void same_input_once(void **state) {
    (void)state;
    struct load *first = large(1), *second = large(1), *third = large(1);
    struct load *compile = load_for(1, LANE_COMPILE, false); /* other work on the same digest */
    assert_true(lanes_enter(&lanes, first));
    assert_false(lanes_enter(&lanes, second));
    assert_false(lanes_enter(&lanes, third));
    assert_true(lanes_enter(&lanes, compile));
    struct list woken = {0};
    lanes_leave(&lanes, first, NULL, &woken);
    assert_ptr_equal(load_at(list_take(&woken)), second); /* the one that waited longer first */
    assert_ptr_equal(load_at(list_take(&woken)), third);
    assert_null(woken.first);
    assert_false(second->failed);
    assert_null(lanes_next(&lanes));
    leave(compile);
    free(first), free(second), free(third);
}

static void failure_is_shared(void **state) {
    (void)state;
    struct load *first = large(1), *second = large(1);
    struct err failure;
    err_set(&failure, ERR_UNSUPPORTED, "it is odd");
    assert_true(lanes_enter(&lanes, first));
    assert_false(lanes_enter(&lanes, second));
    struct list woken = {0};
    lanes_leave(&lanes, first, &failure, &woken);
    assert_ptr_equal(load_at(woken.first), second);
    assert_true(second->failed);
    assert_int_equal(second->error.kind, ERR_UNSUPPORTED);
    assert_string_equal(second->error.text, "it is odd");
    free(first), free(second);
}

static void so_many_at_once(void **state) {
    (void)state;
    struct load *loads[5];
    for (unsigned i = 0; i < 5; i++) {
        loads[i] = large(i);
        assert_int_equal(lanes_enter(&lanes, loads[i]), i < 2);
    }
    assert_null(lanes_next(&lanes)); /* none is free */
    leave(loads[0]);
    assert_ptr_equal(lanes_next(&lanes), loads[2]); /* the oldest */
    assert_ptr_equal(lanes_next(&lanes), loads[3]); /* the one before has not entered: still free */
    assert_true(lanes_enter(&lanes, loads[2]));
    assert_false(lanes_enter(&lanes, loads[3])); /* behind the fifth now */
    leave(loads[1]);
    assert_ptr_equal(lanes_next(&lanes), loads[4]);
    assert_true(lanes_enter(&lanes, loads[4]));
    leave(loads[2]);
    assert_ptr_equal(lanes_next(&lanes), loads[3]);
    assert_null(lanes_next(&lanes));
    assert_true(lanes_enter(&lanes, loads[3]));
    leave(loads[3]);
    leave(loads[4]);
}

/* Two of them together might take more memory than there is. */
static void large_compiles_one_by_one(void **state) {
    (void)state;
    struct load *first = load_for(1, LANE_COMPILE, false),
                *second = load_for(2, LANE_COMPILE, false);
    struct load *link = large(3), *little = small(4);
    assert_true(lanes_enter(&lanes, first));
    assert_false(lanes_enter(&lanes, second));
    assert_null(lanes_next(&lanes)); /* a lane is free, but not for a second compile */
    assert_true(lanes_enter(&lanes, little));
    assert_true(lanes_enter(&lanes, link));
    leave(link);
    assert_null(lanes_next(&lanes));
    leave(first);
    assert_ptr_equal(lanes_next(&lanes), second);
    assert_true(lanes_enter(&lanes, second));
    leave(second);
    leave(little);
}

static void small_ones_pass(void **state) {
    (void)state;
    struct load *a = large(1), *b = large(2), *c = large(3), *d = small(4), *e = small(5),
                *f = small(6);
    assert_true(lanes_enter(&lanes, a));
    assert_true(lanes_enter(&lanes, b));
    assert_false(lanes_enter(&lanes, c));
    assert_true(lanes_enter(&lanes, d));
    assert_false(lanes_enter(&lanes, e));
    assert_null(lanes_next(&lanes));
    leave(d);
    assert_ptr_equal(lanes_next(&lanes), e); /* before c, which cannot use that lane */
    assert_true(lanes_enter(&lanes, e));
    leave(a);
    assert_true(lanes_enter(&lanes, f)); /* a large one's lane will do */
    assert_null(lanes_next(&lanes));
    leave(f);
    assert_ptr_equal(lanes_next(&lanes), c);
    assert_true(lanes_enter(&lanes, c));
    leave(b), leave(c), leave(e);
}

static void waiting_ones_can_be_taken(void **state) {
    (void)state;
    struct load *loads[4];
    for (unsigned i = 0; i < 4; i++) lanes_enter(&lanes, loads[i] = large(i));
    assert_ptr_equal(lanes_take_waiting(&lanes), loads[2]);
    assert_ptr_equal(lanes_take_waiting(&lanes), loads[3]);
    assert_null(lanes_take_waiting(&lanes));
    leave(loads[0]), leave(loads[1]);
    assert_null(lanes_next(&lanes));
    free(loads[2]), free(loads[3]);
}

/* ---- many loads on many threads, as the loader runs them */

enum { LOADS = 3000, INPUTS = 200, THREADS = 6 };

static struct {
    pthread_mutex_t lock;
    struct list queue;
    bool made[INPUTS]; /* the cache */
    atomic_uint ended, running, small_running, made_twice, too_many;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void post(struct load *load) {
    pthread_mutex_lock(&world.lock);
    list_append(&world.queue, &load->place);
    pthread_mutex_unlock(&world.lock);
}

static struct load *take(void) {
    pthread_mutex_lock(&world.lock);
    struct load *load = load_at(list_take(&world.queue));
    pthread_mutex_unlock(&world.lock);
    return load;
}

static bool is_made(unsigned input, bool make) {
    pthread_mutex_lock(&world.lock);
    bool made = world.made[input];
    if (make) world.made[input] = true;
    pthread_mutex_unlock(&world.lock);
    return made;
}

static void run(struct load *load) {
    unsigned input;
    memcpy(&input, load->lane.input.bytes, sizeof input);
    while (!is_made(input, false)) {
        if (!lanes_enter(&lanes, load)) return;
        if (atomic_fetch_add(&world.running, 1) >= 3) atomic_fetch_add(&world.too_many, 1);
        /* Another may have made it between the look and the lane: look again. */
        bool made = is_made(input, false);
        sched_yield();
        if (!made && is_made(input, true)) atomic_fetch_add(&world.made_twice, 1);
        atomic_fetch_sub(&world.running, 1);
        struct list woken = {0};
        lanes_leave(&lanes, load, NULL, &woken);
        for (struct load *next; (next = load_at(list_take(&woken)));) post(next);
    }
    atomic_fetch_add(&world.ended, 1);
    free(load);
}

static void *work(void *argument) {
    (void)argument;
    while (atomic_load(&world.ended) < LOADS) {
        struct load *load = take();
        if (load != NULL) run(load);
        struct load *next = lanes_next(&lanes);
        if (next != NULL) post(next);
        if (load == NULL) sched_yield();
    }
    return NULL;
}

static void nobody_is_forgotten(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < LOADS; i++) {
        struct load *load = load_for((i * 7919) % INPUTS, LANE_LINK, i % 3 == 0);
        post(load);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, NULL), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(world.ended, LOADS);
    assert_int_equal(world.too_many, 0);
    assert_int_equal(world.made_twice, 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(same_input_once),           WITH(failure_is_shared), WITH(so_many_at_once),
        WITH(large_compiles_one_by_one), WITH(small_ones_pass),   WITH(waiting_ones_can_be_taken),
        WITH(nobody_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
