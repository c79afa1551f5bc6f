/* engine_compile, engine_validate, engine_code_open, and what a compiled file that is not right
 * leads to. */
#include "support.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

static struct engine *engine;

static struct engine *engine_with(uint64_t reservation) {
    struct err err = {0};
    struct engine_settings settings;
    engine_settings_default(&settings);
    if (reservation) settings.reservation = reservation;
    struct engine *made = NULL;
    if (!engine_new(&settings, &made, &err)) fail_msg("%s", err.text);
    return made;
}

static void is_one_line(const char *text) {
    assert_null(strpbrk(text, "\n\r\t"));
    assert_true(*text);
}

static void refuses_what_is_not_wasm(void **state) {
    (void)state;
    struct err err = {0};
    static const uint8_t garbage[] = "this is no module";
    assert_false(engine_validate(engine, garbage, sizeof garbage, &err));
    assert_int_equal(ERR_INVALID, err.kind);
    is_one_line(err.text);
    int fd = memfd_create("code", MFD_CLOEXEC);
    assert_false(engine_compile(engine, garbage, sizeof garbage, fd, &err));
    assert_int_equal(ERR_INVALID, err.kind);
    is_one_line(err.text);
    struct stat status;
    assert_int_equal(0, fstat(fd, &status));
    assert_int_equal(0, status.st_size);
    close(fd);
}

/* A body that pops what is not there; \x00 bytes in a module make string literals awkward, hence an
 * array. */
static void refuses_an_invalid_body(void **state) {
    (void)state;
    struct err err = {0};
    static const uint8_t module[] = {0, 'a', 's', 'm', 1, 0,  0, 0, 1, 4, 1,    0x60, 0,
                                     0, 3,   2,   1,   0, 10, 5, 1, 3, 0, 0x1a, 0x0b};
    assert_false(engine_validate(engine, module, sizeof module, &err));
    assert_non_null(strstr(err.text, "type mismatch"));
    is_one_line(err.text);
}

static void refuses_features_that_linking_does_not_produce(void **state) {
    (void)state;
    static const uint8_t memory64[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 5, 3, 1, 4, 0};
    static const uint8_t shared[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 5, 4, 1, 3, 0, 1};
    struct err err = {0};
    assert_false(engine_validate(engine, memory64, sizeof memory64, &err));
    assert_false(engine_validate(engine, shared, sizeof shared, &err));
}

static void reports_a_full_disk(void **state) {
    (void)state;
    struct err err = {0};
    static const uint8_t module[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    assert_true(engine_validate(engine, module, sizeof module, &err));
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_false(engine_compile(engine, module, sizeof module, fd, &err));
    assert_int_equal(ERR_IO, err.kind);
    close(fd);
}

static int copy_of(int fd, off_t size) {
    int copy = memfd_create("copy", MFD_CLOEXEC);
    char *bytes = malloc((size_t)size);
    assert_true(copy >= 0 && bytes);
    assert_int_equal(size, pread(fd, bytes, (size_t)size, 0));
    assert_int_equal(size, write(copy, bytes, (size_t)size));
    free(bytes);
    return copy;
}

static void refuses_truncated_files(void **state) {
    (void)state;
    int fd = compile_text(engine, machine_text);
    struct stat status;
    assert_int_equal(0, fstat(fd, &status));
    for (off_t size = 0; size < status.st_size; size += status.st_size / 64 + 1) {
        int copy = copy_of(fd, size);
        struct err err = {0};
        struct engine_code *code = NULL;
        assert_false(engine_code_open(engine, copy, &code, &err));
        assert_null(code);
        is_one_line(err.text);
        close(copy);
    }
    close(fd);
}

static void refuses_garbage_and_foreign_files(void **state) {
    (void)state;
    struct err err = {0};
    struct engine_code *code = NULL;
    int fd = memfd_create("garbage", MFD_CLOEXEC);
    char noise[9000];
    memset(noise, 0x5a, sizeof noise);
    assert_int_equal(sizeof noise, write(fd, noise, sizeof noise));
    assert_false(engine_code_open(engine, fd, &code, &err));
    is_one_line(err.text);
    close(fd);
    fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC); /* an ELF file, but not Wasmtime's */
    assert_false(engine_code_open(engine, fd, &code, &err));
    is_one_line(err.text);
    close(fd);
    assert_false(engine_code_open(engine, 987, &code, &err)); /* no such descriptor */
    is_one_line(err.text);
}

static void code_belongs_to_its_settings(void **state) {
    (void)state;
    struct err err = {0};
    struct engine *other = engine_with(64 << 20);
    assert_string_not_equal(engine_key(engine), engine_key(other));
    int fd = compile_text(other, machine_text);
    struct engine_code *code = NULL;
    assert_false(engine_code_open(engine, fd, &code, &err));
    is_one_line(err.text);
    assert_true(engine_code_open(other, fd, &code, &err));
    close(fd);
    engine_code_release(engine_code_retain(code));
    engine_code_release(code);
    engine_free(other);
}

static void another_engine_of_the_same_settings_takes_it(void **state) {
    (void)state;
    struct err err = {0};
    struct engine *other = engine_with(0);
    assert_string_equal(engine_key(engine), engine_key(other));
    int fd = compile_text(other, machine_text);
    engine_free(other);
    struct engine_code *code = NULL;
    assert_true(engine_code_open(engine, fd, &code, &err));
    close(fd);
    engine_code_release(code);
}

int main(void) {
    engine = engine_with(0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_wasm),
        cmocka_unit_test(refuses_an_invalid_body),
        cmocka_unit_test(refuses_features_that_linking_does_not_produce),
        cmocka_unit_test(reports_a_full_disk),
        cmocka_unit_test(refuses_truncated_files),
        cmocka_unit_test(refuses_garbage_and_foreign_files),
        cmocka_unit_test(code_belongs_to_its_settings),
        cmocka_unit_test(another_engine_of_the_same_settings_takes_it),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    engine_free(engine);
    return failed;
}
