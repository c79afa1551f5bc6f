/* images: what a slot maps when the file has its name, has lost it, or ends before the memory; and
 * that none of this keeps a descriptor, and of codes only so many do. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/internal.h"
#include "support.h"

static struct bed bed;
static char directory_path[] = "/tmp/pk-engine-image-XXXXXX";
static int directory = -1;

static int setup(void **state) {
    (void)state;
    if (!mkdtemp(directory_path)) return 1;
    directory = open(directory_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bed_open(&bed, NULL);
    return directory < 0;
}

static int teardown(void **state) {
    (void)state;
    bed_close(&bed);
    close(directory);
    return rmdir(directory_path);
}

static unsigned descriptors(void) {
    DIR *listing = opendir("/proc/self/fd");
    unsigned count = 0;
    assert_non_null(listing);
    while (readdir(listing)) count++;
    closedir(listing);
    return count;
}

/* A file of `size` bytes of image_byte, then zeros up to `pages`. */
static struct engine_image *named_image(const char *name, size_t size, uint32_t pages) {
    struct err err = {0};
    struct engine_image *image = NULL;
    int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) bytes[i] = image_byte(i);
    assert_int_equal(size, write(fd, bytes, size));
    free(bytes);
    struct engine_image_file file = {fd, directory, name};
    if (!engine_image_open(&file, pages, &image, &err)) fail_msg("%s", err.text);
    close(fd);
    return image;
}

/* Write over bytes of the file and of the zeros behind it, and find them as they were next time. */
static void expect_restored(struct engine_image *image, size_t data) {
    struct guest guest;
    for (int i = 0; i < 3; i++) {
        guest_run(&guest, &bed, image,
                  STEPS({STEP_LOAD, 5, 0}, {STEP_LOAD, data - 1, 0}, {STEP_LOAD, data, 0},
                        {STEP_STORE, 5, 77}, {STEP_STORE, data - 1, 78}, {STEP_STORE, data, 79},
                        {STEP_LOAD, data, 0}));
        assert_int_equal(image_byte(5), guest.reports[0]);
        assert_int_equal(image_byte(data - 1), guest.reports[1]);
        assert_int_equal(0, guest.reports[2]);
        assert_int_equal(79, guest.reports[3]);
    }
}

static void a_slot_opens_the_file_and_closes_it(void **state) {
    (void)state;
    unsigned before = descriptors();
    struct engine_image *image = named_image("a", 3 * 4096, 2);
    expect_restored(image, 3 * 4096);
    assert_int_equal(before, descriptors());
    assert_true(image->copy == IMAGE_NOT_COPIED);
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
    assert_int_equal(0, unlinkat(directory, "a", 0));
}

/* All such images share one descriptor. */
static void a_file_without_its_name_is_copied(void **state) {
    (void)state;
    enum { COUNT = 20 };
    struct engine_image *images[COUNT];
    unsigned before = descriptors();
    for (int i = 0; i < COUNT; i++) {
        images[i] = named_image("a", 4096 * (size_t)(i + 1), 2);
        assert_int_equal(0, unlinkat(directory, "a", 0));
    }
    for (int i = 0; i < COUNT; i++) expect_restored(images[i], 4096 * (size_t)(i + 1));
    assert_true(descriptors() <= before + 1);
    for (int i = 0; i < COUNT; i++) {
        assert_true(images[i]->copy != IMAGE_NOT_COPIED);
        engine_thread_forget(bed.thread, images[i]);
        engine_image_release(images[i]);
    }
}

static void another_file_of_the_name_is_not_taken(void **state) {
    (void)state;
    struct engine_image *image = named_image("a", 4096, 1);
    assert_int_equal(0, unlinkat(directory, "a", 0));
    int fd = openat(directory, "a", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(0, ftruncate(fd, 4096));
    close(fd);
    expect_restored(image, 4096);
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
    assert_int_equal(0, unlinkat(directory, "a", 0));
}

static void a_memory_without_data(void **state) {
    (void)state;
    struct guest guest;
    struct engine_image *image = named_image("a", 0, 2);
    assert_int_equal(0, unlinkat(directory, "a", 0));
    for (int i = 0; i < 3; i++) {
        guest_run(&guest, &bed, image, STEPS({STEP_LOAD, 70000, 0}, {STEP_STORE, 70000, 3}));
        assert_int_equal(0, guest.reports[0]);
    }
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
}

/* A run that finds no descriptor fails with a text, and the next one goes on. */
static void no_descriptor_is_an_error_of_the_run(void **state) {
    (void)state;
    struct err err = {0};
    struct engine_run *run = NULL;
    struct rlimit files, none;
    struct engine_image *image = named_image("a", 4096, 1);
    assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &files));
    none = (struct rlimit){3, files.rlim_max};
    assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &none));
    bool made = engine_run_new(bed.thread, bed.machine, image, 0, 10, NULL, &run, &err);
    assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &files));
    assert_false(made);
    assert_non_null(strstr(err.text, "descriptor"));
    expect_restored(image, 4096);
    engine_thread_forget(bed.thread, image);
    engine_image_release(image);
    assert_int_equal(0, unlinkat(directory, "a", 0));
}

/* ---- codes, for which Wasmtime keeps a descriptor each */

/* What comes beyond the limit is copied, and works as well; what goes makes room. */
static void so_many_codes_are_mapped(void **state) {
    (void)state;
    static const char text[] = "(module (memory (export \"memory\") 0) (func (export \"pk-0\")))";
    struct bed few = {0};
    struct engine_settings settings = bed.settings;
    struct engine_code *codes[5];
    settings.code_files = 3;
    bed_open(&few, &settings); /* which has one of them */
    unsigned before = descriptors();
    for (int i = 0; i < 5; i++) codes[i] = code_from_text(few.engine, text);
    assert_int_equal(before + 2, descriptors());
    engine_code_release(codes[0]);
    codes[0] = code_from_text(few.engine, text);
    assert_int_equal(before + 2, descriptors());
    assert_int_equal(3, atomic_load(&few.engine->code_files));
    struct engine_image *image = image_new(1);
    for (int i = 0; i < 5; i++) {
        struct err err = {0};
        struct engine_program *program = NULL;
        struct engine_run *run = NULL;
        signals_restore_for_guests();
        assert_true(engine_program_new(few.engine, codes[i], NULL, 0, 1, &program, &err));
        assert_true(engine_run_new(few.thread, program, image, 0, 10, NULL, &run, &err));
        assert_int_equal(ENGINE_FINISHED, engine_run_poll(run));
        engine_run_delete(run);
        engine_program_release(program);
        engine_code_release(codes[i]);
    }
    assert_int_equal(1, atomic_load(&few.engine->code_files));
    engine_thread_forget(few.thread, image);
    engine_image_release(image);
    bed_close(&few);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_opens_the_file_and_closes_it),
        cmocka_unit_test(a_file_without_its_name_is_copied),
        cmocka_unit_test(another_file_of_the_name_is_not_taken),
        cmocka_unit_test(a_memory_without_data),
        cmocka_unit_test(no_descriptor_is_an_error_of_the_run),
        cmocka_unit_test(so_many_codes_are_mapped),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
