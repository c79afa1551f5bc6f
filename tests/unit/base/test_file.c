/* file: whole regular files up to a cap, and what is refused without waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"

static char top[] = "/tmp/test_base_file.XXXXXX", path[100];
static struct err err;

static void put(size_t size) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++) fputc((int)(i * 7 % 251), file);
    assert_int_equal(fclose(file), 0);
}

static void whole_up_to_the_cap(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf bytes;
        put(sizes[i]);
        buf_init(&bytes, sizes[i]);
        assert_true(file_read(path, &bytes, NULL, &err));
        assert_int_equal(bytes.size, sizes[i]);
        for (size_t at = 0; at < bytes.size; at++) assert_int_equal(bytes.data[at], at * 7 % 251);
        buf_free(&bytes);
        put(sizes[i] + 1);
        buf_init(&bytes, sizes[i]);
        assert_false(file_read(path, &bytes, NULL, &err));
        assert_int_equal(err.kind, ERR_LIMIT);
        assert_non_null(strstr(err.text, path));
        buf_free(&bytes);
    }
}

static void change_time(void **state) {
    (void)state;
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1729629737, .tv_nsec = 217000000}};
    struct buf bytes;
    uint64_t modified = 0;
    put(3);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    buf_init(&bytes, 10);
    assert_true(file_read(path, &bytes, &modified, &err));
    assert_int_equal(modified, UINT64_C(1729629737217000000));
    buf_free(&bytes);
}

static void refused(enum err_kind kind, const char *name, const char *text) {
    struct buf bytes;
    buf_init(&bytes, 100);
    assert_false(file_read(name, &bytes, NULL, &err));
    if (err.kind != kind || !strstr(err.text, name) || !strstr(err.text, text))
        fail_msg("%s: %s", name, err.text);
    buf_free(&bytes);
    assert_int_equal(file_open(name, NULL, &err), -1);
}

static void no_files(void **state) {
    (void)state;
    unlink(path);
    refused(ERR_NOT_FOUND, path, "No such file");
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(10);
    refused(ERR_INVALID, path, "is a pipe, socket or device");
    alarm(0);
    refused(ERR_INVALID, top, "is a directory");
    refused(ERR_INVALID, "/dev/null", "is a pipe, socket or device");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(path, path), 0);
    refused(ERR_IO, path, "cannot read");
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_up_to_the_cap),
        cmocka_unit_test(change_time),
        cmocka_unit_test(no_files),
    };
    if (!mkdtemp(top)) return 1;
    snprintf(path, sizeof path, "%s/file", top);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(top);
    return failed;
}
