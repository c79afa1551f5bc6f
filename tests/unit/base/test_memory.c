/* memory: limits of control groups, and what this process has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/memory.h"
#include "support/folder.h"

static void put(const char *name, const char *text) {
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static uint64_t limit_of(const char *self) {
    put("self", self);
    return memory_group_limit(in_folder("self"), folder);
}

static void make_groups(void) {
    static const char *const folders[] = {"a", "a/b", "memory", "memory/c"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdir(in_folder(folders[i]), 0700), 0);
    put("a/memory.max", "5000000\n");
    put("a/b/memory.max", "max\n");
    put("memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("memory/c/memory.limit_in_bytes", "4000000\n");
}

static void the_least_limit_of_all_levels_counts(void **state) {
    (void)state;
    make_groups();
    assert_int_equal(limit_of("0::/a/b\n"), 5000000);
    assert_int_equal(limit_of("0::/a\n"), 5000000);
    assert_int_equal(limit_of("0::/\n"), UINT64_MAX);
    put("memory.max", "3000000\n"); /* a container sees its own group as the root */
    assert_int_equal(limit_of("0::/\n"), 3000000);
    assert_int_equal(limit_of("0::/docker/0123/not/mounted/here\n"), 3000000);
}

static void the_high_mark_is_a_limit_too(void **state) {
    (void)state;
    make_groups();
    put("a/memory.high", "4500000\n");
    put("a/b/memory.high", "max\n");
    assert_int_equal(limit_of("0::/a/b\n"), 4500000);
    put("a/memory.high", "6000000\n");
    assert_int_equal(limit_of("0::/a/b\n"), 5000000);
}

static void older_groups_count_too(void **state) {
    (void)state;
    make_groups();
    assert_int_equal(limit_of("12:cpu,memory:/c\n3:cpuset:/\n"), 4000000);
    assert_int_equal(limit_of("12:memory,cpu:/c\n0::/a\n"), 4000000);
    assert_int_equal(limit_of("12:memoryless:/c\n"), UINT64_MAX);
}

static void odd_texts_are_no_limit(void **state) {
    (void)state;
    assert_int_equal(limit_of(""), UINT64_MAX);
    assert_int_equal(limit_of("\n:\n::\n0\nabc"), UINT64_MAX);
    put("memory.max", "lots\n");
    assert_int_equal(limit_of("0::/\n"), UINT64_MAX);
    assert_int_equal(memory_group_limit(in_folder("none"), folder), UINT64_MAX);
}

static void what_there_is_and_what_we_have(void **state) {
    (void)state;
    uint64_t total = memory_total();
    assert_in_range(total, 64 << 20, 1ull << 50);
    int statm = open("/proc/self/statm", O_RDONLY);
    assert_true(statm >= 0);
    uint64_t before = memory_anonymous(statm);
    assert_in_range(before, 4096, total);
    char *held = malloc(100 << 20);
    assert_non_null(held);
    memset(held, 1, 100 << 20);
    assert_in_range(memory_anonymous(statm) - before, 99 << 20, 102 << 20);
    assert_int_equal(held[5], 1);
    free(held);
    close(statm);
    assert_int_equal(memory_anonymous(-1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_least_limit_of_all_levels_counts, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(the_high_mark_is_a_limit_too, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(older_groups_count_too, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(odd_texts_are_no_limit, folder_make, folder_remove),
        cmocka_unit_test(what_there_is_and_what_we_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
