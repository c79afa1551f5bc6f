#include "http/chunks.h"

#include <ctype.h>

void http_chunks_begin(struct http_chunks *chunks) {
    *chunks = (struct http_chunks){.state = CHUNKS_SIZE};
}

static bool is_blank(unsigned char byte) {
    return byte == ' ' || byte == '\t';
}

/* What a field's value or an extension may have: no control bytes but the tab. */
static bool is_value(unsigned char byte) {
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

static bool is_token(unsigned char byte) {
    return isalnum(byte) || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static enum http_chunks_state digit(struct http_chunks *chunks, unsigned char byte) {
    if (!isxdigit(byte) || ++chunks->digits > HTTP_CHUNK_DIGITS_MAX) return CHUNKS_BAD;
    unsigned value = isdigit(byte) ? byte - (unsigned)'0' : (byte | 0x20u) - 'a' + 10u;
    chunks->left = chunks->left << 4 | value;
    return CHUNKS_DIGITS;
}

/* Behind the size: its line's end, or an extension. */
static enum http_chunks_state after_size(unsigned char byte) {
    if (is_blank(byte)) return CHUNKS_BLANK;
    return byte == ';' ? CHUNKS_EXTENSION : CHUNKS_BAD;
}

static enum http_chunks_state in_size_line(struct http_chunks *chunks, unsigned char byte) {
    if (++chunks->line > HTTP_CHUNK_LINE_MAX) return CHUNKS_BAD;
    switch (chunks->state) {
    case CHUNKS_SIZE:
        return digit(chunks, byte);
    case CHUNKS_DIGITS:
        if (byte == '\r') return CHUNKS_SIZE_LF;
        return isxdigit(byte) ? digit(chunks, byte) : after_size(byte);
    case CHUNKS_BLANK:
        return after_size(byte);
    default:
        if (++chunks->extra > HTTP_CHUNK_EXTRA_MAX) return CHUNKS_BAD;
        if (byte == '\r') return CHUNKS_SIZE_LF;
        return is_value(byte) ? CHUNKS_EXTENSION : CHUNKS_BAD;
    }
}

static enum http_chunks_state in_trailers(struct http_chunks *chunks, unsigned char byte) {
    if (++chunks->line > HTTP_TRAILERS_MAX) return CHUNKS_BAD;
    switch (chunks->state) {
    case CHUNKS_TRAILER:
        if (byte == '\r') return CHUNKS_END_LF;
        return is_token(byte) ? CHUNKS_NAME : CHUNKS_BAD;
    case CHUNKS_NAME:
        if (byte == ':') return CHUNKS_VALUE;
        return is_token(byte) ? CHUNKS_NAME : CHUNKS_BAD;
    default:
        if (byte == '\r') return CHUNKS_TRAILER_LF;
        return is_value(byte) ? CHUNKS_VALUE : CHUNKS_BAD;
    }
}

static enum http_chunks_state next_state(struct http_chunks *chunks, unsigned char byte) {
    switch (chunks->state) {
    case CHUNKS_SIZE_LF:
        chunks->line = chunks->digits = 0;
        if (byte != '\n') return CHUNKS_BAD;
        return chunks->left > 0 ? CHUNKS_DATA : CHUNKS_TRAILER;
    case CHUNKS_DATA_CR:
        return byte == '\r' ? CHUNKS_DATA_LF : CHUNKS_BAD;
    case CHUNKS_DATA_LF:
        return byte == '\n' ? CHUNKS_SIZE : CHUNKS_BAD;
    case CHUNKS_TRAILER_LF:
        return byte == '\n' ? CHUNKS_TRAILER : CHUNKS_BAD;
    case CHUNKS_END_LF:
        return byte == '\n' ? CHUNKS_END : CHUNKS_BAD;
    case CHUNKS_TRAILER:
    case CHUNKS_NAME:
    case CHUNKS_VALUE:
        return in_trailers(chunks, byte);
    default:
        return in_size_line(chunks, byte);
    }
}

size_t http_chunks_take(struct http_chunks *chunks, struct str bytes, struct str *data) {
    size_t at = 0;
    *data = (struct str){0};
    while (at < bytes.size && chunks->state < CHUNKS_END) {
        if (chunks->state != CHUNKS_DATA) {
            chunks->state = next_state(chunks, (unsigned char)bytes.data[at++]);
            continue;
        }
        size_t size = bytes.size - at < chunks->left ? bytes.size - at : (size_t)chunks->left;
        *data = (struct str){bytes.data + at, size};
        chunks->left -= size;
        if (chunks->left == 0) chunks->state = CHUNKS_DATA_CR;
        return at + size;
    }
    return at;
}
