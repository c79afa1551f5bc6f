/* The log: one line per event on stdout, "TIMESTAMP LEVEL module: message", never empty, never more
 * than one line. Lines go through a bounded ring to a writer thread, so a slow reader of our stdout
 * never blocks a caller; lines that find the ring full are counted and the number is logged when
 * there is room again. Every function is thread-safe. */
#ifndef PK_BASE_LOG_H
#define PK_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log_levels.h"

struct err;

enum { LOG_MOST = 20 }; /* what the kernel takes as log_settings.most */

struct log_settings {
    struct log_levels levels;
    unsigned most; /* lines of one kind per second; 0: all */
};

/* Start the writer thread to descriptor `fd`. Before this call lines are written directly to
 * stderr, at LOG_INFO and however many they are. No other thread may log meanwhile. */
bool log_start(int fd, const struct log_settings *settings, struct err *err);
/* Write what is queued (waiting at most `timeout_ms`), end the thread. */
void log_stop(int timeout_ms);
bool log_enabled(enum log_level level, const char *module);

/* `module` is an area of log_levels.h, mostly the folder's name. What a terminal would obey in the
 * message is escaped (escape.h). Lines of one kind, which is one call in the source and `number`,
 * are limited to log_settings.most per second; one line tells how many more there were. `number` is
 * the caller's, for calls whose lines are of several kinds; it must be of a small fixed set. */
__attribute__((format(printf, 4, 5))) void log_line(enum log_level level, const char *module,
                                                    unsigned number, const char *format, ...);
/* Bytes that a guest printed: escaped as above, prefixed with the skill's name. One line per call,
 * without a limit here: the caller has one for each invocation. */
void log_guest(const char *skill, const char *stream, const void *bytes, size_t size);

#define log_error(module, ...) log_line(LOG_ERROR, module, 0, __VA_ARGS__)
#define log_warn(module, ...)  log_line(LOG_WARN, module, 0, __VA_ARGS__)
#define log_info(module, ...)  log_line(LOG_INFO, module, 0, __VA_ARGS__)
#define log_debug(module, ...)                                                                     \
    (log_enabled(LOG_DEBUG, module) ? log_line(LOG_DEBUG, module, 0, __VA_ARGS__) : (void)0)

#endif
