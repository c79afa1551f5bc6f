/* The sample skills, where they were built (skills/build.sh): each is linked into valid code;
 * skills of one builder and world share it. */
#include <glob.h>

#include "cases.h"
#include "run.h"

static wasm_engine_t *engine;
static char folder[300];

static bool sample_bytes(const char *path, struct buf *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    buf_init(bytes, (size_t)1 << 30);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    uint8_t *to = buf_reserve(bytes, (size_t)size);
    assert_non_null(to);
    bytes->size = fread(to, 1, (size_t)size, file);
    fclose(file);
    return true;
}

static void link_bytes(const struct buf *bytes, const char *path, struct linked *linked) {
    struct err err;
    if (!linked_make(linked, bytes->data, bytes->size, false, &err))
        fail_msg("%s: %s", path, err.text);
}

static void every_sample_links(void **state) {
    (void)state;
    char pattern[320];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.wasm", folder);
    if (glob(pattern, 0, NULL, &found) != 0) skip();
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct buf bytes;
        struct linked linked;
        assert_true(sample_bytes(found.gl_pathv[i], &bytes));
        link_bytes(&bytes, found.gl_pathv[i], &linked);
        run_fail(
            wasmtime_module_validate(engine, linked.result.code.data, linked.result.code.size));
        assert_true(linked.result.data_in_image);
        assert_true(linked.result.code.size < bytes.size);
        linked_free(&linked);
        buf_free(&bytes);
    }
    globfree(&found);
}

/* Two Python skills, made from other sources, differ only in image and values of globals.
 */
static void python_skills_share_their_code(void **state) {
    (void)state;
    static const char *const names[] = {"sample_py", "sample_py_heavy"};
    struct buf bytes[2];
    struct linked linked[2];
    for (int i = 0; i < 2; i++) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s.wasm", folder, names[i]);
        if (!sample_bytes(path, &bytes[i])) {
            for (; i-- > 0;) linked_free(&linked[i]), buf_free(&bytes[i]);
            skip();
        }
        link_bytes(&bytes[i], path, &linked[i]);
    }
    const struct link_result *a = &linked[0].result, *b = &linked[1].result;
    assert_int_equal(a->code.size, b->code.size);
    assert_true(memcmp(a->code.data, b->code.data, a->code.size) == 0);
    assert_int_equal(a->interface.size, b->interface.size);
    assert_true(memcmp(a->interface.data, b->interface.data, a->interface.size) == 0);
    assert_true(a->image_pages != b->image_pages);
    for (int i = 0; i < 2; i++) {
        linked_free(&linked[i]);
        buf_free(&bytes[i]);
    }
}

int main(void) {
    const char *cache = getenv("PHARIA_DEV_CACHE"), *home = getenv("HOME");
    if (cache != NULL)
        snprintf(folder, sizeof folder, "%s/skills/out", cache);
    else
        snprintf(folder, sizeof folder, "%s/.cache/pharia-kernel-dev/skills/out",
                 home == NULL ? "" : home);
    engine = run_engine();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_links),
        cmocka_unit_test(python_skills_share_their_code),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wasm_engine_delete(engine);
    return failed;
}
