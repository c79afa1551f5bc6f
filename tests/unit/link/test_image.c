/* The image: what is in the file, and where it has holes. argv[1]: the cases. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases.h"

static struct cases cases;

static int file_new(void) {
    char path[] = "/tmp/pk-image-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static void write_image(const struct link_result *result, int fd) {
    struct err err;
    if (!link_write_image(result, fd, &err)) fail_msg("%s", err.text);
}

static void expect_bytes(int fd, uint64_t offset, const char *bytes, size_t size) {
    char read[64];
    assert_int_equal(pread(fd, read, size, (off_t)offset), size);
    assert_memory_equal(read, bytes, size);
}

static void segments_apply_in_order(void **state) {
    (void)state;
    const struct test_case *one = cases_find(&cases, "image");
    struct linked linked;
    struct err err;
    assert_true(linked_make(&linked, one->bytes, one->size, false, &err));
    assert_int_equal(linked.result.image_pages, 40);
    int fd = file_new();
    write_image(&linked.result, fd);
    struct stat stat;
    assert_int_equal(fstat(fd, &stat), 0);
    assert_int_equal(stat.st_size, 40 * 65536);
    expect_bytes(fd, 0, "aaccbbbbbbbb\0\0", 14);
    expect_bytes(fd, 4092, "\0\0\1\2\3\4\0", 7);
    expect_bytes(fd, 65534, "\0\0\0\0\0\0\0\0", 8);
    expect_bytes(fd, 1048572, "\0\0wxyz\0\0", 8);
    expect_bytes(fd, 2621436, "\0\0!!", 4); /* the memory's end */
    assert_int_equal(lseek(fd, 8192, SEEK_DATA),
                     1048576 - 4096); /* the segment of zeros makes no data */
    assert_int_equal(lseek(fd, 1048576, SEEK_HOLE), 1048576 + 4096);
    close(fd);
    linked_free(&linked);
}

/* Against the simplest way to do it: random segments into a buffer. */
static void random_segments(void **state) {
    (void)state;
    enum { PAGES = 70, SIZE = PAGES * 65536, SEGMENTS = 300 };
    static struct link_segment segments[SEGMENTS];
    static uint8_t actual[SIZE]; /* the file ends with the last page that is not zero */
    uint8_t *bytes = malloc(SIZE), *expected = calloc(1, SIZE);
    for (uint32_t i = 0; i < SIZE; i++) bytes[i] = (uint8_t)(i % 9000 < 5000 ? 0 : i * 7 + 1);
    srand(1);
    for (int i = 0; i < SEGMENTS; i++) {
        uint32_t size = (uint32_t)rand() % (i % 10 == 0 ? 2200000 : 5000),
                 offset = (uint32_t)rand() % (SIZE - size);
        if (size == 0) size = 1;
        if (i % 7 == 0) offset &= ~4095u;
        segments[i] =
            (struct link_segment){offset, {bytes + (uint32_t)rand() % (SIZE - size), size, 0}};
        memcpy(expected + offset, segments[i].bytes.data, size);
    }
    struct link_result result = {
        .segments = segments, .segment_count = SEGMENTS, .image_pages = PAGES};
    int fd = file_new();
    write_image(&result, fd);
    assert_true(pread(fd, actual, SIZE, 0) >= 0);
    assert_true(memcmp(actual, expected, SIZE) == 0);
    close(fd);
    free(bytes);
    free(expected);
}

static void empty_and_full_memories(void **state) {
    (void)state;
    struct link_result result = {0};
    int fd = file_new();
    write_image(&result, fd);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    struct link_segment first = {5000, {(const uint8_t *)"data", 4, 0}};
    result = (struct link_result){.segments = &first, .segment_count = 1, .image_pages = 65536};
    write_image(&result, fd);
    assert_int_equal(lseek(fd, 0, SEEK_END), 2 * LINK_IMAGE_PAGE); /* the zeros need no file */
    struct link_segment last = {LINK_MAX_IMAGE - 3, {(const uint8_t *)"end", 3, 0}};
    result = (struct link_result){.segments = &last, .segment_count = 1, .image_pages = 65536};
    write_image(&result, fd);
    assert_true(lseek(fd, 0, SEEK_END) == LINK_MAX_IMAGE);
    expect_bytes(fd, (uint64_t)last.offset, "end", 3);
    close(fd);
}

static void data_at_high_addresses_is_refused(void **state) {
    (void)state;
    static const uint64_t places[] = {LINK_MAX_IMAGE - 2, UINT64_C(0x100000000) - 3};
    for (int i = 0; i < 2; i++) {
        struct link_segment last = {places[i], {(const uint8_t *)"end", 3, 0}};
        struct link_result result = {.segments = &last, .segment_count = 1, .image_pages = 65536};
        struct err err = {0};
        int fd = file_new();
        assert_false(link_write_image(&result, fd, &err));
        assert_int_equal(err.kind, ERR_LIMIT);
        assert_non_null(strstr(err.text, "data beyond 1024 MiB"));
        close(fd);
    }
}

static void errors_have_a_text(void **state) {
    (void)state;
    struct err err = {0};
    struct link_result result = {.image_pages = 1};
    struct link_segment one = {0, {(const uint8_t *)"x", 1, 0}};
    result = (struct link_result){.segments = &one, .segment_count = 1, .image_pages = 1};
    assert_false(link_write_image(&result, -1, &err));
    assert_int_equal(err.kind, ERR_IO);
    int full = open("/dev/full", O_WRONLY);
    assert_false(link_write_image(&result, full, &err));
    assert_int_equal(err.kind, ERR_IO);
    close(full);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    cases = cases_read(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_apply_in_order),
        cmocka_unit_test(random_segments),
        cmocka_unit_test(empty_and_full_memories),
        cmocka_unit_test(data_at_high_addresses_is_refused),
        cmocka_unit_test(errors_have_a_text),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cases_free(&cases);
    return failed;
}
