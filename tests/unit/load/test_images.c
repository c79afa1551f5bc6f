/* images: one for all users of a skill file, gone with its last one, never handed out after that.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "load/images.h"
#include "support/folder.h"

static struct err err;
static struct cache *cache;
static struct images images;

static int setup(void **state) {
    if (folder_make(state) != 0) return 1;
    images_init(&images);
    return cache_open(in_folder("c"), "link-1", "engine-1", &cache, &err) ? 0 : 1;
}

static int teardown(void **state) {
    images_free(&images);
    cache_close(cache);
    return folder_remove(state);
}

/* A skill of component `component` whose image is a page of `byte`. */
static struct skill_manifest manifest_of(uint8_t component, uint8_t byte) {
    static uint8_t page[ENGINE_PAGE];
    struct skill_manifest manifest = {.facts.pages = 1};
    struct cache_file file;
    memset(&manifest.component, component, sizeof manifest.component);
    memset(page, byte, sizeof page);
    assert_true(cache_create(cache, &file, &err));
    assert_int_equal(write(file.fd, page, sizeof page), sizeof page);
    assert_true(cache_seal(cache, &file, ARTEFACT_IMAGE, &manifest.image, &err));
    close(file.fd);
    return manifest;
}

static struct engine_image *get(const struct skill_manifest *manifest) {
    struct engine_image *image = NULL;
    assert_int_equal(images_get(&images, cache, manifest, &image, &err), LOAD_DONE);
    return image;
}

static bool let_go(struct engine_image *image) {
    bool last = images_let_go(&images, image);
    engine_image_release(image);
    return last;
}

static void one_for_all_users(void **state) {
    (void)state;
    struct skill_manifest manifest = manifest_of(1, 'a');
    struct engine_image *image = get(&manifest);
    for (int i = 0; i < 10; i++) assert_ptr_equal(get(&manifest), image);
    for (int i = 0; i < 10; i++) assert_false(let_go(image));
    assert_ptr_equal(get(&manifest), image);
    assert_false(let_go(image));
    assert_non_null(images.items);
    assert_true(let_go(image));
    assert_null(images.items);
}

/* Equal bytes of another component, too: its code may be a stranger's. */
static void others_have_their_own(void **state) {
    (void)state;
    struct skill_manifest manifests[] = {manifest_of(1, 'a'), manifest_of(1, 'b'),
                                         manifest_of(2, 'a')};
    struct engine_image *found[3];
    for (int i = 0; i < 3; i++) found[i] = get(&manifests[i]);
    assert_memory_equal(&manifests[0].image, &manifests[2].image, sizeof manifests[0].image);
    assert_true(found[0] != found[1] && found[0] != found[2] && found[1] != found[2]);
    for (int i = 0; i < 3; i++) assert_ptr_equal(get(&manifests[i]), found[i]);
    assert_false(let_go(found[1])); /* in the middle of the list */
    assert_true(let_go(found[1]));
    for (int i = 0; i < 3; i += 2) {
        assert_false(let_go(found[i]));
        assert_true(let_go(found[i]));
    }
    assert_null(images.items);
}

/* Whoever runs the skill still has the old one meanwhile. */
static void a_new_one_after_the_last(void **state) {
    (void)state;
    struct skill_manifest manifest = manifest_of(1, 'a');
    struct engine_image *old = engine_image_retain(get(&manifest));
    assert_true(let_go(old));
    struct engine_image *new = get(&manifest);
    assert_ptr_not_equal(old, new);
    engine_image_release(old);
    assert_true(let_go(new));
}

static void skills_may_live_on(void **state) {
    (void)state;
    struct skill_manifest manifest = manifest_of(1, 'a');
    struct engine_image *image = get(&manifest);
    images_free(&images);
    assert_int_equal(engine_image_pages(image), 1);
    engine_image_release(image);
    images_init(&images);
}

static void failures_leave_nothing(void **state) {
    (void)state;
    struct skill_manifest manifest = manifest_of(1, 'a'), wrong = manifest_of(2, 'b');
    struct engine_image *image = NULL;
    wrong.facts.pages = 65537;
    assert_int_equal(images_get(&images, cache, &wrong, &image, &err), LOAD_FAILED);
    assert_non_null(strstr(err.text, "65537 pages"));
    memset(&wrong.image.sha256, 0, sizeof wrong.image.sha256);
    assert_int_equal(images_get(&images, cache, &wrong, &image, &err), LOAD_UNLINKED);
    assert_null(image);
    assert_null(images.items);
    /* What is open needs no file. */
    image = get(&manifest);
    cache_close(cache);
    assert_true(cache_open(in_folder("d"), "link-1", "engine-1", &cache, &err));
    assert_ptr_equal(get(&manifest), image);
    assert_false(let_go(image));
    assert_true(let_go(image));
}

/* ---- the last goes while a new one comes */

enum { THREADS = 4, ROUNDS = 3000 };

static struct skill_manifest raced;
static struct engine_image *retired[THREADS * ROUNDS]; /* kept: an address means one image */
static atomic_uint retired_count, handed_out_again;

static bool is_retired(const struct engine_image *image) {
    unsigned count = atomic_load(&retired_count);
    for (unsigned i = count; i-- > 0;)
        if (retired[i] == image) return true;
    return false;
}

static pthread_mutex_t retired_lock = PTHREAD_MUTEX_INITIALIZER;

static void retire(struct engine_image *image) {
    pthread_mutex_lock(&retired_lock);
    retired[atomic_load(&retired_count)] = engine_image_retain(image);
    atomic_fetch_add(&retired_count, 1);
    pthread_mutex_unlock(&retired_lock);
}

static void *race(void *context) {
    for (int i = 0; i < ROUNDS && atomic_load(&retired_count) < 2000; i++) {
        struct engine_image *image = NULL;
        struct err mine;
        if (images_get(&images, cache, &raced, &image, &mine) != LOAD_DONE) abort();
        if (is_retired(image)) atomic_fetch_add(&handed_out_again, 1);
        if (images_let_go(&images, image)) retire(image);
        engine_image_release(image);
    }
    return context;
}

static void last_and_next_at_once(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    raced = manifest_of(1, 'a');
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, NULL), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(handed_out_again, 0);
    assert_null(images.items);
    assert_true(retired_count > 0);
    while (retired_count > 0) engine_image_release(retired[--retired_count]);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(one_for_all_users),  WITH(others_have_their_own),  WITH(a_new_one_after_the_last),
        WITH(skills_may_live_on), WITH(failures_leave_nothing), WITH(last_and_next_at_once),
    };
    return cmocka_run_group_tests_name("images", tests, NULL, NULL);
}
