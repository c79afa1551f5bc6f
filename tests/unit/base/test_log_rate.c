#include "base/log_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static struct log_rate rate;
static struct log_text line;
static char formats[2 * LOG_RATE_KINDS]; /* their addresses are kinds */

static bool take_number(unsigned number, uint64_t now) {
    struct log_kind kind = {&formats[number], "area", LOG_INFO, 0};
    char *like;
    bool may = log_rate_take(&rate, &kind, now, &like);
    if (like) snprintf(like, LOG_RATE_SHOWN + 1, "number %u", number);
    return may;
}

static void told(uint64_t now, const char *part) {
    assert_true(log_rate_tell(&rate, now, &line));
    if (memmem(line.bytes, line.size, part, strlen(part)) == NULL)
        fail_msg("%.*s has no %s", (int)line.size, line.bytes, part);
}

static void test_seconds(void **state) {
    (void)state;
    log_rate_init(&rate, 2);
    assert_true(take_number(0, 5) && take_number(0, 6));
    assert_true(!take_number(0, 7) && !take_number(0, 5 + CLOCK_S - 1));
    assert_true(rate.due == 5 + CLOCK_S); /* its second began with its first line */
    assert_false(log_rate_tell(&rate, 4 + CLOCK_S, &line));
    told(5 + CLOCK_S, "INFO area: 2 more in the last second like: number 0\n");
    assert_false(log_rate_tell(&rate, 9 * CLOCK_S, &line));
    assert_true(rate.due == UINT64_MAX);
    assert_true(take_number(0, 9 * CLOCK_S) && take_number(0, 9 * CLOCK_S));
    assert_false(take_number(0, 9 * CLOCK_S));
}

/* Each kind has its own second and count. */
static void test_kinds(void **state) {
    (void)state;
    log_rate_init(&rate, 1);
    for (unsigned i = 0; i < 10; i++) assert_true(take_number(i, i));
    for (unsigned i = 0; i < 10; i++) assert_false(take_number(i, 10));
    assert_true(rate.due == CLOCK_S);
    told(CLOCK_S, "1 more in the last second like: number 0\n");
    assert_true(rate.due == CLOCK_S + 1);
    assert_false(log_rate_tell(&rate, CLOCK_S, &line));
    for (unsigned i = 1; i < 10; i++) assert_true(log_rate_tell(&rate, UINT64_MAX - 1, &line));
    assert_false(log_rate_tell(&rate, UINT64_MAX - 1, &line));
    struct log_kind kind = {&formats[0], "area", LOG_INFO, 0}, others[] = {kind, kind, kind};
    others[0].level = LOG_WARN, others[1].module = "other", others[2].number = 1;
    char *like;
    for (size_t i = 0; i < 3; i++) assert_true(log_rate_take(&rate, &others[i], 10, &like));
}

/* More kinds than the table has: they are logged, and nothing is lost of the others. */
static void test_full_table(void **state) {
    (void)state;
    log_rate_init(&rate, 1);
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < 2 * LOG_RATE_KINDS; i++)
            assert_int_equal(take_number(i, 1), round == 0 || i >= LOG_RATE_KINDS);
    for (unsigned i = 0; i < LOG_RATE_KINDS; i++)
        told(2 * CLOCK_S, " 2 more in the last second like: number ");
    assert_false(log_rate_tell(&rate, 2 * CLOCK_S, &line));
}

static void test_no_limit(void **state) {
    (void)state;
    log_rate_init(&rate, 0);
    for (unsigned i = 0; i < 1000; i++) assert_true(take_number(0, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_full_table),
        cmocka_unit_test(test_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
