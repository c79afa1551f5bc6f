/* statistics: nearest ranks, percents that round halves to even, separators. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "eval/statistics.h"

/* The example of the nearest rank method that text books have: 15 20 35 40 50. */
static void nearest_rank(void **state) {
    (void)state;
    static const struct {
        unsigned per_mille;
        uint32_t value;
    } cases[] = {{0, 15},   {1, 15},   {50, 15},  {200, 15}, {201, 20}, {300, 20}, {400, 20},
                 {401, 35}, {500, 35}, {600, 35}, {800, 40}, {801, 50}, {990, 50}, {1000, 50}};
    uint32_t small[] = {50, 15, 40, 20, 35};
    statistics_sort_u32(small, 5);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(statistics_percentile_u32(small, 5, cases[i].per_mille), cases[i].value);
}

static void ranks_of_few_and_many(void **state) {
    (void)state;
    static uint32_t many[2000];
    for (uint32_t i = 0; i < 2000; i++) many[i] = UINT32_MAX - i;
    statistics_sort_u32(many, 2000);
    assert_int_equal(many[0], UINT32_MAX - 1999);
    for (unsigned i = 1; i <= 1000; i++)
        assert_int_equal(statistics_percentile_u32(many, 2000, i), many[2 * i - 1]);
    assert_int_equal(statistics_percentile_u32(many, 1, 500), many[0]);
    assert_int_equal(statistics_percentile_u32(many, 0, 500), 0);
    statistics_sort_u32(NULL, 0);
}

/* What round(100 * value / base) of Python gives. */
static void percents(void **state) {
    (void)state;
    static const struct {
        int64_t base, value;
        const char *text;
    } cases[] = {
        {3171, 3062, "97"},
        {2, 1, "50"},
        {0, 432, "inf"},
        {0, -432, "inf"},
        {0, 0, "100"},
        {432, 0, "0"},
        {-432, 0, "0"},
        {200, 1, "0"}, /* 0.5 */
        {200, 3, "2"}, /* 1.5 */
        {200, 5, "2"}, /* 2.5 */
        {200, 7, "4"}, /* 3.5 */
        {200, -1, "0"},
        {200, -3, "-2"},
        {200, -5, "-2"},
        {-200, 5, "-2"},
        {-200, 7, "-4"},
        {-200, -5, "2"},
        {-200, -7, "4"},
        {1000, 1005, "100"},
        {1000, 1015, "102"},
        {2000, 2011, "101"},
        {2000, 2009, "100"},
        {6080, -128, "-2"},
        {-1537472, -1488328, "97"},
        {224, 2584, "1154"},
        {1, INT64_MAX, "922337203685477580700"},
        {1, INT64_MIN, "-922337203685477580800"},
        {INT64_MIN, INT64_MIN, "100"},
        {INT64_MIN, INT64_MAX, "-100"},
        {INT64_MAX, INT64_MAX - 1, "100"},
    };
    char text[STATISTICS_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        statistics_percent(cases[i].base, cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void separators(void **state) {
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-1, "-1"},
                 {999, "999"},
                 {-999, "-999"},
                 {1000, "1,000"},
                 {-1537472, "-1,537,472"},
                 {123456, "123,456"},
                 {INT64_MAX, "9,223,372,036,854,775,807"},
                 {INT64_MIN, "-9,223,372,036,854,775,808"}};
    char text[STATISTICS_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        statistics_thousands(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_rank),
        cmocka_unit_test(ranks_of_few_and_many),
        cmocka_unit_test(percents),
        cmocka_unit_test(separators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
