/* file_budget: what the kernel, codes and connections get fits into the limit of open files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/file_budget.h"

static const struct file_users two_cores = {
    .executors = 2, .shell_threads = 1, .loaders = 2, .namespaces = 1, .connections = 31000};

static void shares_fit(void **state) {
    (void)state;
    for (uint64_t total = 256; total <= 1 << 20; total *= 2) {
        struct file_budget budget = file_budget(total, &two_cores);
        assert_false(budget.too_little);
        assert_true(budget.own + budget.codes + budget.connections <= total);
        assert_true(budget.connections >= total / 4 || budget.connections == 31000);
    }
}

/* The case that once unloaded every skill: 1,024 descriptors, 600 connections, 490 skills. */
static void a_thousand_are_enough_for_600_connections(void **state) {
    (void)state;
    struct file_budget budget = file_budget(1024, &two_cores);
    assert_in_range(budget.connections, 600, 800);
    assert_in_range(budget.codes, 100, 300);
}

static void no_more_than_wanted(void **state) {
    (void)state;
    struct file_users users = two_cores;
    users.connections = 100;
    assert_int_equal(file_budget(1 << 20, &users).connections, 100);
}

static void threads_and_namespaces_count(void **state) {
    (void)state;
    struct file_users users = two_cores;
    users.namespaces = 100;
    users.loaders = 16;
    struct file_budget few = file_budget(4096, &two_cores), many = file_budget(4096, &users);
    assert_true(many.own >= few.own + 99 + 14 * 18);
    assert_true(many.connections < few.connections);
}

static void too_little_is_said(void **state) {
    (void)state;
    struct file_budget budget = file_budget(64, &two_cores);
    assert_true(budget.too_little);
    assert_true(budget.connections > 0 && budget.codes > 0); /* it runs all the same */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_fit),
        cmocka_unit_test(a_thousand_are_enough_for_600_connections),
        cmocka_unit_test(no_more_than_wanted),
        cmocka_unit_test(threads_and_namespaces_count),
        cmocka_unit_test(too_little_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
