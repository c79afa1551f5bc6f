#include "base/log_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

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

/* Bytes that show as themselves; 0 when the first one must be escaped. C1 controls and the Unicode
 * line ends are controls too. */
static size_t plain_length(const uint8_t *at, size_t size) {
    if (at[0] < 0x20 || at[0] == 0x7f) return 0;
    size_t length = utf8_sequence(at, size);
    if (length == 2 && at[0] == 0xc2 && at[1] < 0xa0) return 0;
    if (length == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9)) return 0;
    return length;
}

static void escape(struct log_text *text, uint8_t byte) {
    static const char digits[] = "0123456789abcdef";
    if (byte == '\n')
        log_text_put(text, "\\n", 2);
    else if (byte == '\t')
        log_text_put(text, "\\t", 2);
    else
        log_text_put(text, (char[]){'\\', 'x', digits[byte >> 4], digits[byte & 15]}, 4);
}

void log_text_add(struct log_text *text, const void *bytes, size_t size) {
    const uint8_t *at = bytes, *end = at + size;
    while (at < end && !text->cut) {
        size_t length = plain_length(at, (size_t)(end - at));
        if (length > 0)
            log_text_put(text, at, length);
        else
            escape(text, *at);
        at += length > 0 ? length : 1;
    }
}

void log_text_end(struct log_text *text) {
    const char *end = text->cut ? CUT_MARK : "\n";
    size_t size = strlen(end);
    memcpy(text->bytes + text->size, end, size);
    text->size += size;
}
