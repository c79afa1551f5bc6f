#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"

static void test_clocks(void **state) {
    (void)state;
    uint64_t before = clock_monotonic(), cpu = clock_thread_cpu();
    usleep(20000);
    assert_in_range(clock_monotonic() - before, 20 * CLOCK_MS, 20 * CLOCK_S);
    assert_in_range(clock_thread_cpu() - cpu, 0, 19 * CLOCK_MS); /* it slept */
    uint64_t now = clock_realtime() / CLOCK_S;
    assert_in_range(now, (uint64_t)time(NULL) - 2, (uint64_t)time(NULL) + 2);
}

/* libc's calendar is the judge, for every day of 64 bits of nanoseconds and for odd instants. */
static void test_format(void **state) {
    (void)state;
    char ours[32], theirs[128];
    clock_format(1795509025123000000, ours, sizeof ours);
    assert_string_equal(ours, "2026-11-24T08:30:25.123Z");
    for (uint64_t at = 0; at < UINT64_MAX - 90000 * CLOCK_S; at += 86413 * CLOCK_S + 1234567) {
        time_t seconds = (time_t)(at / CLOCK_S);
        struct tm utc;
        gmtime_r(&seconds, &utc);
        size_t size = strftime(theirs, 32, "%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(theirs + size, 32, ".%03dZ", (int)(at % CLOCK_S / CLOCK_MS));
        clock_format(at, ours, sizeof ours);
        if (strcmp(ours, theirs) != 0) fail_msg("%s is not %s", ours, theirs);
    }
    clock_format(UINT64_MAX, ours, 25);
    assert_string_equal(ours, "2554-07-21T23:34:33.709Z");
}

static void test_good_durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t nanoseconds;
    } cases[] = {
        {"0", 0},
        {"0s", 0},
        {"7ns", 7},
        {"7us", 7 * CLOCK_US},
        {"7\u00b5s", 7 * CLOCK_US},
        {"250ms", 250 * CLOCK_MS},
        {"10s", 10 * CLOCK_S},
        {"10 s", 10 * CLOCK_S},
        {" 10s\t", 10 * CLOCK_S},
        {"10 SECONDS", 10 * CLOCK_S},
        {"1m 30s", 90 * CLOCK_S},
        {"1m30s", 90 * CLOCK_S},
        {"2h", 7200 * CLOCK_S},
        {"1d", 86400 * CLOCK_S},
        {"2 weeks", 1209600 * CLOCK_S},
        {"1.5h", 5400 * CLOCK_S},
        {"0.000000001s", 1},
        {"1.000001ms", 1000001},
        {"18446744073709551615ns", UINT64_MAX},
        {"PT10S", 10 * CLOCK_S},
        {"pt10s", 10 * CLOCK_S},
        {"PT0S", 0},
        {"PT1H30M", 5400 * CLOCK_S},
        {"P1D", 86400 * CLOCK_S},
        {"P1W2DT3H4M5S", 788645 * CLOCK_S},
        {"PT0.25S", 250 * CLOCK_MS},
        {"PT0,25S", 250 * CLOCK_MS},
        {"PT1.5M", 90 * CLOCK_S},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err;
        uint64_t nanoseconds = 1234;
        if (!clock_parse_duration(cases[i].text, &nanoseconds, &err))
            fail_msg("'%s': %s", cases[i].text, err.text);
        if (nanoseconds != cases[i].nanoseconds)
            fail_msg("'%s' became %llu", cases[i].text, (unsigned long long)nanoseconds);
    }
}

static void test_bad_durations(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",         " ",    "10",      "s",     "10 x",          "-1s",
        "+1s",      "1s,",  "1s 2",    "1.s",   ".5s",           "1..5s",
        "1e3s",     "0x1s", "10s!",    "s10",   "1 s s",         "1M1y",
        "1\u00b5",  "P",    "PT",      "P1",    "PT1",           "P1DT",
        "P1S",      "PT1D", "P1Y",     "P1M",   "PT1S1M",        "PT1S1S",
        "PT1.5M1S", "P1H",  "PT 1S",   "PT1S ", "P-1D",          "PTT1S",
        "P1DTT1S",  "PTS",  "1d PT1S", "P1.5",  "0.0000000001s", "18446744073709551616ns",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {.kind = ERR_NONE};
        uint64_t nanoseconds = 1234;
        if (clock_parse_duration(cases[i], &nanoseconds, &err))
            fail_msg("'%s' was taken", cases[i]);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.text, cases[i])); /* says the whole text, not a part of it */
        assert_int_equal(nanoseconds, 1234);
    }
}

static void test_long_durations(void **state) {
    (void)state;
    static const char *const cases[] = {
        "18446744073.709551616s",
        "18446744073709551615s",
        "18446744073709551615ns 1ns",
        "P18446744073709551615W",
        "213504d",
        "P213503DT23H34M34S",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {.kind = ERR_NONE};
        uint64_t nanoseconds;
        if (clock_parse_duration(cases[i], &nanoseconds, &err))
            fail_msg("'%s' was taken", cases[i]);
        assert_int_equal(err.kind, ERR_LIMIT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clocks),         cmocka_unit_test(test_format),
        cmocka_unit_test(test_good_durations), cmocka_unit_test(test_bad_durations),
        cmocka_unit_test(test_long_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
