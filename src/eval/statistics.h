/* Percentiles, percents and how numbers are written in tables. Pure. */
#ifndef PK_EVAL_STATISTICS_H
#define PK_EVAL_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

enum { STATISTICS_TEXT = 48 }; /* holds any number below, with separators and NUL */

void statistics_sort_u32(uint32_t *values, size_t count);
/* Nearest rank: the smallest of the sorted values that at least `per_mille` (0 to 1000; 990 is p99)
 * of all do not exceed; 0 gives the smallest, 1000 the largest. 0 of no values. */
uint32_t statistics_percentile_u32(const uint32_t *sorted, size_t count, unsigned per_mille);

/* "vs a(%)": 100 * value / base, halves rounded to even, as Python's round() does it; "inf" for a
 * base of 0, "100" when both are. */
void statistics_percent(int64_t base, int64_t value, char out[STATISTICS_TEXT]);
/* "-1,537,472" */
void statistics_thousands(int64_t value, char out[STATISTICS_TEXT]);

#endif
