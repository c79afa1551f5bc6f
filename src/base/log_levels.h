/* Which lines are wanted: a level for each area of the kernel. An area is what a line names before
 * its colon; parts of the program that are no area here (tests) have the level of `rest`.
 *
 * The text form is that of the existing Kernel, directives of tracing-subscriber's EnvFilter
 * separated by commas:
 *   LEVEL               everything that no other directive names; the last one counts
 *   TARGET=LEVEL        what is named: "pharia_kernel" and "pharia-kernel" are all areas,
 *                       "shell", "pharia-kernel::shell" or "pharia_kernel::shell" is one, and so
 * are the existing Kernel's own areas, each with ours that does its work TARGET              all
 * levels of an area or of the kernel TARGET[SPAN]=LEVEL  and other targets with "=", such as
 * crates: accepted, without effect The more precise directive wins wherever it stands. LEVEL is
 * off, error, warn, info, debug, trace or 0 to 5, any case. Any thread. */
#ifndef PK_BASE_LOG_LEVELS_H
#define PK_BASE_LOG_LEVELS_H

#include <stdbool.h>
#include <stdint.h>

struct err;

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

/* X(name, the existing Kernel's areas that it answers for) */
#define LOG_AREAS(X)                                                                               \
    X("kernel", "config initialization authorization")                                             \
    X("shell", "http")                                                                             \
    X("skill", "skill-loader skill-store")                                                         \
    X("runtime", "skill-execution skill-runtime csi inference search mcp tool tokenizers")         \
    X("engine", "")                                                                                \
    X("log", "logging")

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a sum over the rows */
#define X(name, others) +1
enum { LOG_AREA_COUNT = LOG_AREAS(X) };
#undef X

/* For texts that are put together by the compiler: ", kernel, shell" and so on. */
#define LOG_AREA_TEXT(name, others) ", " name
#define LOG_AREA_NAMES              LOG_AREAS(LOG_AREA_TEXT)

struct log_levels {
    uint8_t rest, areas[LOG_AREA_COUNT]; /* enum log_level */
};

/* The same level for everything. */
struct log_levels log_levels_all(enum log_level level);
/* False: `err` says which directive is none. What no directive names is logged at LOG_INFO. */
bool log_levels_parse(const char *text, struct log_levels *levels, struct err *err);
enum log_level log_levels_of(const struct log_levels *levels, const char *area);

#endif
