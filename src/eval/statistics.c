#include "eval/statistics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

static int order_u32(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void statistics_sort_u32(uint32_t *values, size_t count) {
    if (count > 1) qsort(values, count, sizeof *values, order_u32);
}

/* The rank, from 0: per_mille / 1000 of `count`, rounded up, without going over size_t. */
static size_t rank(size_t count, unsigned per_mille) {
    must(per_mille <= 1000 && count > 0);
    size_t part = count / 1000 * per_mille + (count % 1000 * per_mille + 999) / 1000;
    return part == 0 ? 0 : part - 1;
}

uint32_t statistics_percentile_u32(const uint32_t *sorted, size_t count, unsigned per_mille) {
    return count == 0 ? 0 : sorted[rank(count, per_mille)];
}

static uint64_t magnitude(int64_t value) {
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Digits of a number below 2^128, in groups of three when a separator is given. */
static void write_number(unsigned __int128 number, bool negative, char separator,
                         char out[STATISTICS_TEXT]) {
    char digits[STATISTICS_TEXT];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    for (unsigned written = 0; number > 0 || written == 0; number /= 10, written++) {
        if (separator && written > 0 && written % 3 == 0) digits[--at] = separator;
        digits[--at] = (char)('0' + (unsigned)(number % 10));
    }
    if (negative) digits[--at] = '-';
    memcpy(out, digits + at, sizeof digits - at);
}

void statistics_percent(int64_t base, int64_t value, char out[STATISTICS_TEXT]) {
    if (base == 0) {
        snprintf(out, STATISTICS_TEXT, "%s", value == 0 ? "100" : "inf");
        return;
    }
    unsigned __int128 hundred = (unsigned __int128)magnitude(value) * 100;
    uint64_t by = magnitude(base);
    unsigned __int128 percent = hundred / by, twice = hundred % by * 2;
    if (twice > by || (twice == by && percent % 2 == 1)) percent++;
    write_number(percent, percent > 0 && (base < 0) != (value < 0), '\0', out);
}

void statistics_thousands(int64_t value, char out[STATISTICS_TEXT]) {
    write_number(magnitude(value), value < 0, ',', out);
}
