/* The lines that a run shows: how wide they are, rates, what failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "eval/columns.h"
#include "eval/progress.h"

static struct progress progress;
static char *text;
static size_t size, seen;

static int setup(void **state) {
    (void)state;
    seen = 0;
    progress = (struct progress){.entries = 3, .out = open_memstream(&text, &size)};
    return progress.out == NULL;
}

static int teardown(void **state) {
    (void)state;
    fclose(progress.out);
    free(text);
    return 0;
}

/* What was printed since the last call. */
static const char *shown(void) {
    static char copy[1000];
    fflush(progress.out);
    snprintf(copy, sizeof copy, "%s", text + seen);
    seen = size;
    return copy;
}

static size_t width(const char *line) {
    size_t columns;
    assert_int_equal(columns_fit(line, 10000, &columns), strlen(line));
    return columns;
}

static void fit(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t most, size, columns;
    } cases[] = {
        {"", 5, 0, 0},          {"abc", 0, 0, 0},        {"abc", 2, 2, 2}, {"abc", 3, 3, 3},
        {"ÄÖÜ", 2, 4, 2},       {"漢字", 3, 3, 2},       /* the second has no room for its half */
        {"漢字", 4, 6, 4},      {"e\xcc\x81x", 1, 3, 1}, /* e and a combining acute accent */
        {"\xff\xfe", 1, 1, 1},                           /* no UTF-8 */
        {"a\xe6\xbc", 9, 3, 3},                          /* the start of a character */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t columns;
        assert_int_equal(columns_fit(cases[i].text, cases[i].most, &columns), cases[i].size);
        assert_int_equal(columns, cases[i].columns);
    }
}

static void cut(void **state) {
    (void)state;
    assert_int_equal(columns_put(progress.out, "漢字漢字", 8), 8);
    assert_string_equal(shown(), "漢字漢字");
    assert_int_equal(columns_put(progress.out, "漢字漢字", 7), 7);
    assert_string_equal(shown(), "漢字漢…");
    assert_int_equal(columns_put(progress.out, "漢字漢字", 6), 5);
    assert_string_equal(shown(), "漢字…");
    assert_int_equal(columns_put(progress.out, "x", 0), 0);
}

static void tick(const char *command, uint64_t seconds, uint64_t done, uint64_t rss) {
    progress_entry(&progress, command);
    progress.begin = clock_monotonic() - seconds * CLOCK_S;
    progress.printed = 0;
    progress_tick(&progress, done, rss);
}

static void rates_and_memory(void **state) {
    (void)state;
    tick("5 add_py", 14, 5, 123456);
    assert_string_equal(shown(), "[1/3] 5 add_py: 14.0 s, 0.4 requests/s, 123.5 MB\n");
    tick("execute_all", 10, 12345, 950);
    assert_string_equal(shown(), "[2/3] execute_all: 10.0 s, 1234 requests/s, 0.9 MB\n");
    tick("skills", 100, 995, 0);
    assert_string_equal(shown(), "[3/3] skills: 100.0 s, 9.9 requests/s, 0.0 MB\n");
    progress_tick(&progress, 996, 0); /* too early */
    assert_string_equal(shown(), "");
}

/* The width of what is no terminal is unknown: 80. */
static void a_terminal(void **state) {
    (void)state;
    char command[300];
    progress.terminal = true;
    tick("add_c", 2, 1, 1000);
    assert_string_equal(shown(), "[1/3] add_c: 2.0 s, 0.5 requests/s, 1.0 MB");
    snprintf(command, sizeof command, "execute_skill sample_c1 %0100d", 7);
    tick(command, 2, 1, 1000);
    const char *line = shown();
    assert_memory_equal(line, "\r\033[K[2/3] execute_skill sample_c1 0000", 38);
    assert_int_equal(width(line + 4), 79);
    assert_non_null(strstr(line, "0…: 2.0 s, 0.5 requests/s, 1.0 MB"));
    tick("execute_skill sample_c1 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字", 2, 1, 1000);
    line = shown();
    assert_true(width(line + 4) == 79 || width(line + 4) == 78);
    assert_non_null(strstr(line, "字…: 2.0 s") ? line : strstr(line, "漢…: 2.0 s"));
}

static const char *result(const char *command, uint64_t took, int64_t rss, uint64_t calls,
                          uint64_t errors) {
    progress_entry(&progress, command);
    progress_result(&progress, took, rss, calls, errors);
    return shown();
}

#define BLANKS10 "          "

static void results(void **state) {
    (void)state;
    assert_string_equal(result("add_c", 1234, -5678, 1, 0),
                        "add_c     " BLANKS10 BLANKS10 BLANKS10 "     1,234 ms      -5,678 KB\n");
    assert_string_equal(result("5 add_py", 14000, 0, 5, 2),
                        "5 add_py  2 failed  " BLANKS10 BLANKS10
                        "    14,000 ms           0 KB      0.4/s\n");
    assert_string_equal(result("execute_all Ada", 1000, 0, 10, 0),
                        "execute_all Ada     " BLANKS10 BLANKS10
                        "     1,000 ms           0 KB       10/s\n");
    assert_string_equal(result("execute_skill sample_c1 ÄÖÜ漢字漢字漢字漢字漢字", 0, 12, 2, 0),
                        "execute_skill sample_c1 ÄÖÜ漢字漢字漢字…         0 ms          12 KB\n");
}

static void results_fit(void **state) {
    (void)state;
    char line[1000];
    static const char *const commands[] = {
        "execute_skill sample_c1 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
        "p_execute_all MaxHeadroom 4194304 86400000 20000 4194304"};
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "%s", result(commands[i], 9999999, -99999999, 99999999, 20000));
        line[strlen(line) - 1] = '\0';
        assert_int_equal(width(line), 79);
        assert_non_null(strstr(line, "…  20000 failed "));
    }
}

static void other_lines(void **state) {
    (void)state;
    progress.terminal = true;
    tick("add_c", 2, 1, 1000);
    shown();
    progress_say(&progress, "    failed: %s", "x");
    assert_string_equal(shown(), "\r\033[K    failed: x\n");
    progress_say(&progress, "log: y");
    assert_string_equal(shown(), "log: y\n"); /* nothing to clear */
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(fit),     TEST(cut),         TEST(rates_and_memory), TEST(a_terminal),
        TEST(results), TEST(results_fit), TEST(other_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
