#include "base/must.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Evaluates must(value) in a child; returns its wait status and what it wrote to stderr. */
static int in_child(int value, char *text, size_t size) {
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGABRT, SIG_DFL); /* cmocka and sanitizers catch it */
        dup2(ends[1], STDERR_FILENO);
        must(value == 1);
        _exit(0);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], text, size - 1);
    assert_true(got >= 0);
    text[got] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_holds(void **state) {
    (void)state;
    char text[200];
    assert_int_equal(in_child(1, text, sizeof text), 0);
    assert_string_equal(text, "");
}

static void test_broken(void **state) {
    (void)state;
    char text[200];
    int status = in_child(2, text, sizeof text);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "test_must.c:"));
    assert_non_null(strstr(text, ": broken invariant: value == 1\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_holds), cmocka_unit_test(test_broken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
