#include "eval/report_internal.h"

/* Sums fit: RUNLOG_MAX_ENTRIES figures of at most RUNLOG_MAX_FIGURE. */
_Static_assert(RUNLOG_MAX_ENTRIES <= INT64_MAX / RUNLOG_MAX_FIGURE, "sums of figures overflow");

bool report_sum(const struct runlog *log, enum runlog_figure figure, int64_t *sum) {
    bool any = false;
    *sum = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (!runlog_has(&log->entries[i], figure)) continue;
        *sum += log->entries[i].figure[figure];
        any = true;
    }
    return any;
}

bool report_max(const struct runlog *log, enum runlog_figure figure, int64_t *max) {
    bool any = false;
    *max = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (!runlog_has(&log->entries[i], figure)) continue;
        int64_t value = log->entries[i].figure[figure];
        if (!any || value > *max) *max = value;
        any = true;
    }
    return any;
}
