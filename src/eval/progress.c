#include "eval/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "eval/statistics.h"

#define TERMINAL_EVERY (100 * CLOCK_MS)
#define PLAIN_EVERY    (10 * CLOCK_S)

void progress_begin(struct progress *progress, size_t entries) {
    *progress = (struct progress){.terminal = isatty(STDOUT_FILENO) == 1, .entries = entries};
    setvbuf(stdout, NULL, _IOLBF, 0);
}

void progress_entry(struct progress *progress, const char *text) {
    progress->entry++;
    progress->text = text;
    progress->begin = progress->printed = clock_monotonic();
}

static void clear_line(struct progress *progress) {
    if (progress->shown) fputs("\r\033[K", stdout);
    progress->shown = false;
}

void progress_tick(struct progress *progress, uint64_t done, uint64_t rss) {
    uint64_t now = clock_monotonic();
    if (now - progress->printed < (progress->terminal ? TERMINAL_EVERY : PLAIN_EVERY)) return;
    progress->printed = now;
    double seconds = (double)(now - progress->begin) / 1e9;
    clear_line(progress);
    printf("[%zu/%zu] %s: %.1f s, %.0f requests/s, %.1f MB", progress->entry, progress->entries,
           progress->text, seconds, (double)done / seconds, (double)rss / 1e3);
    if (!progress->terminal) putchar('\n');
    progress->shown = progress->terminal;
    fflush(stdout);
}

void progress_result(struct progress *progress, uint64_t took_ms, int64_t rss_diff, uint64_t calls,
                     uint64_t errors) {
    char took[STATISTICS_TEXT], rss[STATISTICS_TEXT], text[48];
    clear_line(progress);
    statistics_thousands((int64_t)took_ms, took);
    statistics_thousands(rss_diff, rss);
    snprintf(text, sizeof text, "%s", progress->text);
    printf("%-41s %12s ms %14s KB", text, took, rss);
    if (calls > 1 && took_ms) printf("  %8.0f requests/s", (double)calls * 1e3 / (double)took_ms);
    if (errors) printf("  %llu failed", (unsigned long long)errors);
    putchar('\n');
}

void progress_say(struct progress *progress, const char *format, ...) {
    va_list args;
    clear_line(progress);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void progress_error(struct progress *progress, const char *text) {
    clear_line(progress);
    fflush(stdout); /* in order, where both go to one place */
    fprintf(stderr, "resource-eval run: %s\n", text);
}
