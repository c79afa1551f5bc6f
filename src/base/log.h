/* The log: one line per event on stdout, "TIMESTAMP LEVEL module: message", never empty, never more
 * than one line. Lines go through a bounded ring to a writer thread, so a slow reader of our stdout
 * never blocks a caller; lines that find the ring full are counted and the number is logged when
 * there is room again. Every function is thread-safe. */
#ifndef PK_BASE_LOG_H
#define PK_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

struct err;

/* Start the writer thread to descriptor `fd`. Before this call lines are written directly to
 * stderr. */
bool log_start(int fd, enum log_level level, struct err *err);
/* Write what is queued (waiting at most `timeout_ms`), end the thread. */
void log_stop(int timeout_ms);
/* "off", "error", "warn", "info", "debug", "trace", any case. */
bool log_parse_level(const char *text, enum log_level *level);
bool log_enabled(enum log_level level);

/* `module` is the folder's name, "shell", "skill", ….  Control characters in the message are
 * escaped (\n, \t, \xNN, \\ stays). */
__attribute__((format(printf, 3, 4))) void log_line(enum log_level level, const char *module,
                                                    const char *format, ...);
/* Bytes that a guest printed: escaped as above, invalid UTF-8 as \xNN, prefixed with the skill's
 * name. One line per call. */
void log_guest(const char *skill, const char *stream, const void *bytes, size_t size);

#define log_error(module, ...) log_line(LOG_ERROR, module, __VA_ARGS__)
#define log_warn(module, ...)  log_line(LOG_WARN, module, __VA_ARGS__)
#define log_info(module, ...)  log_line(LOG_INFO, module, __VA_ARGS__)
#define log_debug(module, ...)                                                                     \
    (log_enabled(LOG_DEBUG) ? log_line(LOG_DEBUG, module, __VA_ARGS__) : (void)0)

#endif
