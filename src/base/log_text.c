#include "base/log_text.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"

#define CUT_MARK " [cut]\n"
#define ROOM     (LOG_TEXT_SIZE - sizeof CUT_MARK) /* for what stands before the mark */

const char *log_level_name(enum log_level level) {
    static const char *const names[] = {"OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"};
    return names[level];
}

void log_text_put(struct log_text *text, const void *bytes, size_t size) {
    if (text->size + size > ROOM) text->cut = true;
    if (text->cut) return;
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
}

void log_text_begin(struct log_text *text, enum log_level level, const char *module) {
    char time[32];
    clock_format(clock_realtime(), time, sizeof time);
    text->cut = false;
    text->size =
        (size_t)snprintf(text->bytes, ROOM, "%s %s %.64s: ", time, log_level_name(level), module);
}

void log_text_add(struct log_text *text, const void *bytes, size_t size) {
    const char *at = bytes, *end = at + size;
    while (at < end && !text->cut) {
        char shown[ESCAPE_MAX];
        size_t shown_size;
        at += escape_next(at, (size_t)(end - at), shown, &shown_size);
        log_text_put(text, shown, shown_size);
    }
}

void log_text_end(struct log_text *text) {
    const char *end = text->cut ? CUT_MARK : "\n";
    size_t size = strlen(end);
    memcpy(text->bytes + text->size, end, size);
    text->size += size;
}
