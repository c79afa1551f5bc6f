#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

/* Everything is composed beside `err`, because its old text is often one of the arguments. */
struct text {
    char bytes[sizeof(((struct err *)0)->text)];
    size_t size;
};

/* As much as fits. */
static void text_add(struct text *text, const char *bytes) {
    size_t room = sizeof text->bytes - text->size, size = strlen(bytes);
    if (size >= room) size = room - 1;
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

static void text_format(struct text *text, const char *format, va_list args) {
    vsnprintf(text->bytes, sizeof text->bytes, format, args);
    text->size = strlen(text->bytes);
}

/* Whether the text was cut inside its last character. */
static bool is_cut_off(const char *bytes, size_t size) {
    uint8_t low, high;
    return size < 4 && utf8_lead((uint8_t)bytes[0], &low, &high) > size;
}

/* Texts have names and words of others in them, and go to terminals, logs and HTTP answers: they
 * are escaped here, once for all. Neither a character nor an escape is cut in its middle. */
static bool text_give(struct text *text, struct err *err, enum err_kind kind) {
    size_t used = 0;
    bool full = text->size + 1 == sizeof text->bytes;
    err->kind = kind;
    for (size_t at = 0; at < text->size;) {
        char shown[ESCAPE_MAX];
        size_t size;
        if (full && is_cut_off(text->bytes + at, text->size - at)) break;
        at += escape_next(text->bytes + at, text->size - at, shown, &size);
        if (used + size >= sizeof err->text) break;
        memcpy(err->text + used, shown, size);
        used += size;
    }
    err->text[used] = '\0';
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
