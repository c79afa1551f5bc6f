#include "eval/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "eval/columns.h"
#include "eval/statistics.h"

#define TERMINAL_EVERY (100 * CLOCK_MS)
#define PLAIN_EVERY    (10 * CLOCK_S)
enum { COLUMNS = 80, NARROW = 60, RESULT_COMMAND = 40, NUMBER = 40 };

void progress_begin(struct progress *progress, size_t entries) {
    *progress = (struct progress){
        .out = stdout, .terminal = isatty(STDOUT_FILENO) == 1, .entries = entries};
    setvbuf(stdout, NULL, _IOLBF, 0);
}

void progress_entry(struct progress *progress, const char *text) {
    progress->entry++;
    progress->text = text;
    progress->begin = progress->printed = clock_monotonic();
}

static void clear_line(struct progress *progress) {
    if (progress->shown) fputs("\r\033[K", progress->out);
    progress->shown = false;
}

/* Columns that a line may have; the last stays free, where terminals differ in when they wrap. */
static size_t room(const struct progress *progress) {
    struct winsize size;
    if (!progress->terminal) return SIZE_MAX;
    bool known = ioctl(fileno(progress->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return (known ? size.ws_col : COLUMNS) - 1u;
}

/* Slow calls have a decimal: 5 in 14 s are not 0 in a second. */
static void say_rate(double calls, double seconds, char out[NUMBER]) {
    double rate = seconds > 0 ? calls / seconds : 0;
    snprintf(out, NUMBER, rate < 9.95 ? "%.1f" : "%.0f", rate);
}

void progress_tick(struct progress *progress, uint64_t done, uint64_t rss) {
    uint64_t now = clock_monotonic();
    char head[64], rate[NUMBER], tail[128];
    if (now - progress->printed < (progress->terminal ? TERMINAL_EVERY : PLAIN_EVERY)) return;
    progress->printed = now;
    double seconds = (double)(now - progress->begin) / 1e9;
    size_t left = room(progress);
    say_rate((double)done, seconds, rate);
    snprintf(head, sizeof head, "[%zu/%zu] ", progress->entry, progress->entries);
    snprintf(tail, sizeof tail, ": %.1f s, %s%s, %.1f MB", seconds, rate,
             left < NARROW ? "/s" : " requests/s", (double)rss / 1e3);
    clear_line(progress);
    left -= columns_put(progress->out, head, left);
    size_t behind = strlen(tail);
    left -= columns_put(progress->out, progress->text, left > behind ? left - behind : 0);
    columns_put(progress->out, tail, left);
    if (!progress->terminal) putc('\n', progress->out);
    progress->shown = progress->terminal;
    fflush(progress->out);
}

void progress_result(struct progress *progress, uint64_t took_ms, int64_t rss_diff, uint64_t calls,
                     uint64_t errors) {
    char took[STATISTICS_TEXT], rss[STATISTICS_TEXT], rate[NUMBER], failed[NUMBER] = "";
    clear_line(progress);
    statistics_thousands((int64_t)took_ms, took);
    statistics_thousands(rss_diff, rss);
    if (errors) snprintf(failed, sizeof failed, "  %" PRIu64 " failed", errors);
    size_t behind = strlen(failed);
    size_t used = columns_put(progress->out, progress->text, RESULT_COMMAND - behind) + behind;
    fprintf(progress->out, "%s%*s %9s ms %11s KB", failed, (int)(RESULT_COMMAND - used), "", took,
            rss);
    say_rate((double)calls, (double)took_ms / 1e3, rate);
    if (calls > 1 && took_ms) fprintf(progress->out, " %8s/s", rate);
    putc('\n', progress->out);
}

void progress_say(struct progress *progress, const char *format, ...) {
    va_list args;
    clear_line(progress);
    va_start(args, format);
    vfprintf(progress->out, format, args);
    va_end(args);
    putc('\n', progress->out);
}

void progress_error(struct progress *progress, const char *text) {
    clear_line(progress);
    fflush(progress->out); /* in order, where both go to one place */
    fprintf(stderr, "resource-eval run: %s\n", text);
}
