/* Run logs: what a run measured. Three header lines and one line per command, each a JSON object
 * of which every value is a string:
 *
 *   {"arch": "X86_64", "brand": "…", "cores": "16", "memory_total": "15", "memory_available": "11"}
 *   {"bin": "/…/pharia-kernel", "hash": "SHA-1", "modified": "241022_170002.191"}
 *   {"filename": "bench.cmds", "hash": "SHA-1", "modified": "241022_164951.279"}
 *   {"took": "3062", "rss_diff": "885748", "rss": "888548", "vms_diff": …, "vms": …, "cmd": "…"}
 *
 * The form is that of the logs of 2024; our own figures are further keys of the same lines, which
 * old readers do not know and old logs do not have. The file is named by the local time at which
 * the run began, YYMMDD_HHMMSS.mmm_run.log, once it was good: until then, and for ever when it was
 * not or was killed, …_run.log_failed.
 * Thread: one at a time per object. */
#ifndef PK_EVAL_RUNLOG_H
#define PK_EVAL_RUNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
    RUNLOG_MAX_FILE = 128 << 20,
    RUNLOG_MAX_LINE = 64 << 10,
    RUNLOG_MAX_ENTRIES = 200000, /* more than the longest script has */
    RUNLOG_STAMP = 18,           /* "YYMMDD_HHMMSS.mmm" and a NUL */
};
#define RUNLOG_MAX_FIGURE INT64_C(1000000000000) /* 31 years in ms, 1 PB in KB */

/* X(enum, header line, key, required, help) */
#define RUNLOG_TEXTS(X)                                                                            \
    X(RUNLOG_ARCH, 0, "arch", true, "the machine: X86_64, ARM_8")                                  \
    X(RUNLOG_BRAND, 0, "brand", true, "its processor")                                             \
    X(RUNLOG_CORES, 0, "cores", true, "its cores")                                                 \
    X(RUNLOG_MEMORY_TOTAL, 0, "memory_total", true, "GB")                                          \
    X(RUNLOG_MEMORY_AVAILABLE, 0, "memory_available", true, "GB at the start")                     \
    X(RUNLOG_BIN, 1, "bin", true, "path of the kernel")                                            \
    X(RUNLOG_BIN_HASH, 1, "hash", true, "SHA-1 of the kernel")                                     \
    X(RUNLOG_BIN_MODIFIED, 1, "modified", true, "its change time, YYMMDD_HHMMSS.mmm")              \
    X(RUNLOG_CACHE, 1, "cache", false, "the compile cache at the start: empty or warm")            \
    X(RUNLOG_STRATEGY, 1, "strategy", false, "how the kernel compiles")                            \
    X(RUNLOG_TIER, 1, "tier", false, "what it compiles with")                                      \
    X(RUNLOG_LEGACY, 1, "legacy", false, "yes: over the routes of 2024")                           \
    X(RUNLOG_SETTINGS, 1, "settings", false, "the kernel's, from the environment: NAME=value …")   \
    X(RUNLOG_FILENAME, 2, "filename", true, "the script")                                          \
    X(RUNLOG_HASH, 2, "hash", true, "its hash: SHA-1 of the Python list of lists of words")        \
    X(RUNLOG_MODIFIED, 2, "modified", true, "its change time")                                     \
    X(RUNLOG_DISTINCT, 2, "distinct", false, "yes: every copy of a sample is another skill")

enum runlog_text {
#define X(text, line, key, required, help) text,
    RUNLOG_TEXTS(X)
#undef X
        RUNLOG_TEXT_COUNT
};

/* X(enum, key, unit, required, may be negative, help). Memory and CPU are those of the kernel's
 * process, sampled after the command, "children_…" those of the processes that compile for it. */
#define RUNLOG_FIGURES(X)                                                                          \
    X(RUNLOG_TOOK, "took", "ms", true, false, "wall time of the command")                          \
    X(RUNLOG_RSS_DIFF, "rss_diff", "KB", true, true, "resident memory, since the command before")  \
    X(RUNLOG_RSS, "rss", "KB", true, false, "resident memory")                                     \
    X(RUNLOG_VMS_DIFF, "vms_diff", "KB", true, true, "address space, since the command before")    \
    X(RUNLOG_VMS, "vms", "KB", true, false, "address space")                                       \
    X(RUNLOG_PSS, "pss", "KB", false, false, "resident memory, shared pages divided by sharers")   \
    X(RUNLOG_ANON, "anon", "KB", false, false, "resident memory that no file backs")               \
    X(RUNLOG_RSS_PEAK, "rss_peak", "KB", false, false,                                             \
      "highest resident memory during the command")                                                \
    X(RUNLOG_CPU_USER, "cpu_user", "ms", false, false,                                             \
      "CPU time during the command, in user mode")                                                 \
    X(RUNLOG_CPU_SYSTEM, "cpu_system", "ms", false, false, "the same in the system")               \
    X(RUNLOG_CHILDREN_CPU, "children_cpu", "ms", false, false, "CPU time of children, both modes") \
    X(RUNLOG_CHILDREN_RSS, "children_rss", "KB", false, false,                                     \
      "highest resident memory of all children together, looked at every 100 ms")                  \
    X(RUNLOG_REQUESTS, "requests", "", false, false, "calls of skills")                            \
    X(RUNLOG_ERRORS, "errors", "", false, false, "how many of them failed")                        \
    X(RUNLOG_P50, "p50", "us", false, false, "half of the calls took no longer")                   \
    X(RUNLOG_P99, "p99", "us", false, false, "99 % of the calls took no longer")                   \
    X(RUNLOG_MAX, "max", "us", false, false, "the slowest call")

enum runlog_figure {
#define X(figure, key, unit, required, negative, help) figure,
    RUNLOG_FIGURES(X)
#undef X
        RUNLOG_FIGURE_COUNT
};

struct runlog_header {
    const char *text[RUNLOG_TEXT_COUNT]; /* NULL: not there */
};

struct runlog_entry {
    const char *cmd;
    int64_t figure[RUNLOG_FIGURE_COUNT];
    uint32_t has; /* a bit for each figure that is there */
};

static inline void runlog_set(struct runlog_entry *entry, enum runlog_figure figure,
                              int64_t value) {
    entry->figure[figure] = value;
    entry->has |= UINT32_C(1) << figure;
}
static inline bool runlog_has(const struct runlog_entry *entry, enum runlog_figure figure) {
    return entry->has >> figure & 1;
}
const char *runlog_figure_key(enum runlog_figure figure);
const char *runlog_figure_unit(enum runlog_figure figure);
const char *runlog_text_key(enum runlog_text text);
bool runlog_text_required(enum runlog_text text);

/* "241022_204217.737" of a time in ns since 1970, in local time. */
void runlog_stamp(uint64_t realtime, char out[RUNLOG_STAMP]);

/* ---- Writing. Each line is one write(2), so that a log is whole up to where a run ended. */

struct runlog_writer;
/* Makes DIRECTORY/<stamp of `began`>_run.log_failed; neither it nor …_run.log may be there yet.
 * NULL: `err` tells. */
struct runlog_writer *runlog_create(const char *directory, uint64_t began, struct err *err);
/* Once, first. Required texts must be there (a programmer's error otherwise). */
bool runlog_write_header(struct runlog_writer *writer, const struct runlog_header *header,
                         struct err *err);
/* Required figures must be set; one that is beyond what readers take fails with ERR_INTERNAL. */
bool runlog_write_entry(struct runlog_writer *writer, const struct runlog_entry *entry,
                        struct err *err);
/* The file's path, …_failed; good until the writer is closed. */
const char *runlog_path(const struct runlog_writer *writer);
/* Closes and frees, whatever happens. Not `failed`: the file loses its "_failed". False: closing or
 * renaming failed, it has it still. NULL is ignored. */
bool runlog_close(struct runlog_writer *writer, bool failed, struct err *err);

/* ---- Reading. */

struct runlog {
    struct arena arena; /* everything that is pointed to */
    const char *path;   /* as it was given */
    struct runlog_header header;
    struct runlog_entry *entries;
    size_t count; /* never 0 */
};

/* Refuses, with file, line and key: what is no run log, logs of failed runs, keys that are missing,
 * figures that are no numbers or beyond RUNLOG_MAX_FIGURE. Unknown keys are ignored. On success the
 * caller frees. */
bool runlog_read(const char *path, struct runlog *log, struct err *err);
/* The same for a text in memory; `path` is only a name. */
bool runlog_parse(const char *path, const void *bytes, size_t size, struct runlog *log,
                  struct err *err);
void runlog_free(struct runlog *log);

#endif
