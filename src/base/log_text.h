/* The text of one log line: private to log.c. Whatever the message's bytes are, the line is one
 * line of well-formed UTF-8 without control and format characters. Nothing is allocated; a message
 * that is too long is cut and says so. One thread at a time. */
#ifndef PK_BASE_LOG_TEXT_H
#define PK_BASE_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

#define LOG_TEXT_SIZE 8192

struct log_text {
    char bytes[LOG_TEXT_SIZE]; /* no NUL behind it */
    size_t size;
    bool cut; /* something did not fit */
};

/* "TIMESTAMP LEVEL module: " */
void log_text_begin(struct log_text *text, enum log_level level, const char *module);
/* As it is. */
void log_text_put(struct log_text *text, const void *bytes, size_t size);
/* Escaped (escape.h). */
void log_text_add(struct log_text *text, const void *bytes, size_t size);
/* The mark of a cut text and the newline. */
void log_text_end(struct log_text *text);
const char *log_level_name(enum log_level level); /* in capitals */

#endif
