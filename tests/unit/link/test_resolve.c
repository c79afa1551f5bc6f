/* What is refused, with its text (wat/refused.wat), and the bound on copies. argv[1]: good cases,
 * argv[2]: refused ones. */
#include "cases.h"

#include <time.h>

#include "link/encode.h"

static struct cases good, refused;

static void refusals_name_construct_and_place(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < refused.count; i++) {
        const struct test_case *one = &refused.cases[i];
        struct linked linked;
        struct err err = {0};
        if (linked_make(&linked, one->bytes, one->size, false, &err)) linked_free(&linked);
        if (strcmp(err_kind_name(err.kind), one->kind) == 0 && strstr(err.text, one->text) != NULL)
            continue;
        print_error("refused.wat:%d: %s\n  got %s: %s\n", one->line, one->text,
                    err_kind_name(err.kind), err.text);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* `count` more instances of module 0, which takes no arguments. */
static void add_instances(struct buf *bytes, uint32_t count) {
    struct buf section;
    buf_init(&section, 1 << 20);
    put_u32(&section, count);
    for (uint32_t i = 0; i < count; i++) buf_add(&section, "\0\0\0", 3);
    buf_byte(bytes, 2); /* core instances */
    put_name(bytes, section.data, section.size);
    buf_free(&section);
}

static enum err_kind link_copies(uint32_t count, size_t *input, struct linked *linked) {
    const struct test_case *one = cases_find(&good, "large");
    struct err err = {0};
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    buf_add(&bytes, one->bytes, one->size);
    add_instances(&bytes, count);
    *input = bytes.size;
    bool ok = linked_make(linked, bytes.data, bytes.size, false, &err);
    if (!ok) {
        assert_non_null(strstr(err.text, "core modules are instantiated so often"));
    } else {
        assert_true(linked->result.code.size <= LINK_OUTPUT_FACTOR * *input + 65536);
        linked_free(linked);
    }
    buf_free(&bytes);
    return err.kind;
}

static void copies_are_bounded(void **state) {
    (void)state;
    struct linked linked;
    size_t input;
    assert_int_equal(link_copies(50, &input, &linked), ERR_NONE);
    assert_int_equal(link_copies(5000, &input, &linked), ERR_LIMIT);
    assert_true(input < 20000);
}

static void add_section(struct buf *bytes, uint8_t id, struct buf *section) {
    buf_byte(bytes, id);
    put_name(bytes, section->data, section->size);
    buf_clear(section);
}

/* An alias of the last instance's export "f", and a bag that exports it as "f". Instance 0 is a
 * module's. */
static void add_link(struct buf *bytes, struct buf *section, uint32_t index) {
    buf_add(section, "\1\0\0\1", 4);
    put_u32(section, index);
    put_name(section, "f", 1);
    add_section(bytes, 6, section);
    buf_add(section, "\1\1\1\1f\0", 6);
    put_u32(section, index);
    add_section(bytes, 2, section);
}

/* An instance of module 1, which imports "f" from a bag. */
static void add_user(struct buf *bytes, struct buf *section, uint32_t bag) {
    buf_add(section, "\1\0\1\1\1b\x12", 7);
    put_u32(section, bag);
    add_section(bytes, 2, section);
}

/* Chains of bags are walked once, not once for each of their users. */
static void long_chains_take_linear_time(void **state) {
    (void)state;
    enum { LENGTH = 20000 };
    struct buf bytes, section;
    buf_init(&bytes, 16 << 20);
    buf_init(&section, 16 << 20);
    const struct test_case *one = cases_find(&good, "large");
    buf_add(&bytes, one->bytes, one->size);
    for (uint32_t i = 0; i < LENGTH; i++) add_link(&bytes, &section, i);
    for (uint32_t i = 0; i < LENGTH; i++) add_user(&bytes, &section, LENGTH - i % 10);
    struct linked linked;
    struct err err = {0};
    clock_t begin = clock();
    if (linked_make(&linked, bytes.data, bytes.size, false, &err))
        linked_free(&linked);
    else
        fail_msg("%s", err.text);
    assert_true(clock() - begin < 2 * CLOCKS_PER_SEC);
    buf_free(&bytes);
    buf_free(&section);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    good = cases_read(argv[1]);
    refused = cases_read(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_name_construct_and_place),
        cmocka_unit_test(copies_are_bounded),
        cmocka_unit_test(long_chains_take_linear_time),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cases_free(&good);
    cases_free(&refused);
    return failed;
}
