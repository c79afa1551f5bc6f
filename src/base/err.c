#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* Everything is composed beside `err`, because its old text is often one of the arguments. */
struct text {
    char bytes[sizeof(((struct err *)0)->text)];
    size_t size;
    bool cut;
};

static void text_add(struct text *text, const char *bytes) {
    size_t room = sizeof text->bytes - text->size, size = strlen(bytes);
    if (size >= room) text->cut = true, size = room - 1;
    memcpy(text->bytes + text->size, bytes, size + 1);
    text->size += size;
    text->bytes[text->size] = '\0';
}

static void text_format(struct text *text, const char *format, va_list args) {
    int size = vsnprintf(text->bytes, sizeof text->bytes, format, args);
    text->cut = size >= (int)sizeof text->bytes;
    text->size = strlen(text->bytes);
}

/* A text that was cut must not end inside a character: it goes into JSON bodies and log lines. */
static void text_trim(struct text *text) {
    size_t at = text->size, tail = 0;
    while (at > 0 && tail < 3 && ((uint8_t)text->bytes[at - 1] & 0xc0) == 0x80) at--, tail++;
    if (at > 0 && (uint8_t)text->bytes[at - 1] >= 0xc0 &&
        utf8_sequence(text->bytes + at - 1, tail + 1) == 0)
        text->bytes[at - 1] = '\0';
}

static bool text_give(struct text *text, struct err *err, enum err_kind kind) {
    if (text->cut) text_trim(text);
    err->kind = kind;
    memcpy(err->text, text->bytes, strlen(text->bytes) + 1);
    return false;
}

bool err_set(struct err *err, enum err_kind kind, const char *format, ...) {
    struct text text;
    va_list args;
    va_start(args, format);
    text_format(&text, format, args);
    va_end(args);
    return text_give(&text, err, kind);
}

bool err_errno(struct err *err, int errnum, const char *format, ...) {
    struct text text;
    char reason[64];
    va_list args;
    va_start(args, format);
    text_format(&text, format, args);
    va_end(args);
    text_add(&text, ": ");
    text_add(&text, strerror_r(errnum, reason, sizeof reason));
    return text_give(&text, err, ERR_IO);
}

bool err_prefix(struct err *err, const char *format, ...) {
    struct text text;
    va_list args;
    va_start(args, format);
    text_format(&text, format, args);
    va_end(args);
    text_add(&text, ": ");
    text_add(&text, err->text);
    return text_give(&text, err, err->kind);
}

const char *err_kind_name(enum err_kind kind) {
    switch (kind) {
#define X(name, text)                                                                              \
    case name:                                                                                     \
        return text;
        ERR_KINDS(X)
#undef X
    }
    return "unknown";
}
