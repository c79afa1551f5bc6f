#include "eval/response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

void response_begin(struct response *response, struct buf *body) {
    char *line = response->line;
    *response = (struct response){.line = line, .body = body};
}

void response_free(struct response *response) {
    free(response->line);
    response->line = NULL;
}

static void bad(struct response *response, const char *why) {
    response->state = RESPONSE_BAD;
    response->why = why;
    response->closes = true;
}

/* "HTTP/1.1 200 OK" */
static void status_line(struct response *response, struct str line) {
    bool good = str_starts(line, "HTTP/1.") && line.size >= 12 && line.data[8] == ' ' &&
                line.data[9] > '0' && (line.size == 12 || line.data[12] == ' ');
    for (size_t i = 9; good && i < 12; i++) good = line.data[i] >= '0' && line.data[i] <= '9';
    if (!good) {
        bad(response, "the answer does not begin with an HTTP status line");
        return;
    }
    response->status =
        (uint16_t)((line.data[9] - '0') * 100 + (line.data[10] - '0') * 10 + (line.data[11] - '0'));
    response->closes = line.data[7] == '0';
    response->until_end = true;
    response->chunked = false;
    response->left = 0;
}

static struct str trim(struct str s) {
    while (s.size && (s.data[0] == ' ' || s.data[0] == '\t')) s.data++, s.size--;
    while (s.size && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t')) s.size--;
    return s;
}

static bool same_word(struct str s, const char *word) {
    return s.size == strlen(word) && strncasecmp(s.data, word, s.size) == 0;
}

static bool read_number(struct str s, unsigned base, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i < s.size; i++) {
        char c = s.data[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 99;
        if (digit >= base || *out > (UINT64_MAX >> 8)) return false;
        *out = *out * base + digit;
    }
    return s.size > 0;
}

static bool too_many(struct response *response) {
    if (++response->heads <= RESPONSE_HEADS) return false;
    bad(response, "the answer has too many header lines");
    return true;
}

/* "keep-alive, close" */
static void connection_options(struct response *response, struct str value) {
    while (value.size) {
        size_t comma = str_find(value, ',');
        struct str word = trim((struct str){value.data, comma});
        if (same_word(word, "close"))
            response->closes = response->asked_to_close = true;
        else if (same_word(word, "keep-alive"))
            response->closes = response->asked_to_close;
        comma += comma < value.size;
        value = (struct str){value.data + comma, value.size - comma};
    }
}

static void content_length(struct response *response, struct str value) {
    uint64_t length;
    bool good = read_number(value, 10, &length) &&
                (response->until_end || length == response->left); /* not two different ones */
    if (!good) bad(response, "the answer's Content-Length is no number, or there are two");
    response->left = good ? length : 0;
    response->until_end = false;
}

static void header_line(struct response *response, struct str line) {
    size_t colon = str_find(line, ':');
    struct str name = {line.data, colon};
    if (too_many(response)) return;
    if (colon == line.size) {
        bad(response, "the answer has a header line without a colon");
        return;
    }
    struct str value = trim((struct str){line.data + colon + 1, line.size - colon - 1});
    if (same_word(name, "content-length")) {
        content_length(response, value);
    } else if (same_word(name, "transfer-encoding")) {
        response->chunked = same_word(value, "chunked");
        if (!response->chunked) bad(response, "the answer has an unknown Transfer-Encoding");
    } else if (same_word(name, "connection")) {
        connection_options(response, value);
    }
}

static void head_done(struct response *response) {
    if (response->status < 200) { /* 100 Continue: the answer proper follows */
        response->status = 0;
        response->asked_to_close = false;
        too_many(response); /* or they would never end */
        return;
    }
    if (response->chunked) response->until_end = false;
    bool empty = response->status == 204 || response->status == 304 ||
                 (response->left == 0 && !response->chunked && !response->until_end);
    if (empty)
        response->state = RESPONSE_DONE;
    else if (response->chunked)
        response->state = RESPONSE_CHUNK;
    else
        response->state = RESPONSE_BODY;
    if (response->state == RESPONSE_BODY && response->until_end) response->closes = true;
}

static void chunk_line(struct response *response, struct str line) {
    struct str number = trim((struct str){line.data, str_find(line, ';')});
    if (!read_number(number, 16, &response->left))
        bad(response, "the answer has a chunk whose size is no number");
    else
        response->state = response->left ? RESPONSE_BODY : RESPONSE_TRAILER;
}

static void take_line(struct response *response, struct str line) {
    switch (response->state) {
    case RESPONSE_HEAD:
        if (response->status == 0)
            status_line(response, line);
        else if (line.size)
            header_line(response, line);
        else
            head_done(response);
        break;
    case RESPONSE_CHUNK:
        chunk_line(response, line);
        break;
    case RESPONSE_GAP:
        if (line.size)
            bad(response, "the answer has a chunk that is longer than its size");
        else
            response->state = RESPONSE_CHUNK;
        break;
    case RESPONSE_TRAILER:
        if (line.size == 0)
            response->state = RESPONSE_DONE;
        else
            too_many(response);
        break;
    default:
        break;
    }
}

/* The bytes up to a newline, whole in `bytes` or joined with what came before. */
static size_t collect_line(struct response *response, const char *bytes, size_t size) {
    const char *newline = memchr(bytes, '\n', size);
    size_t length = newline ? (size_t)(newline - bytes) : size;
    struct str line = {bytes, length};
    if (response->line_size + length > RESPONSE_LINE) {
        bad(response, "the answer has a header line of more than 8 KiB");
        return size;
    }
    if (response->line_size || !newline) {
        if (!response->line) response->line = malloc(RESPONSE_LINE);
        if (!response->line) {
            bad(response, "there is no memory for a header line");
            return size;
        }
        memcpy(response->line + response->line_size, bytes, length);
        response->line_size += (uint32_t)length;
        if (!newline) return size;
        line = (struct str){response->line, response->line_size};
        response->line_size = 0;
    }
    if (line.size && line.data[line.size - 1] == '\r') line.size--;
    take_line(response, line);
    return length + 1;
}

/* As much as fits: the beginning of a long answer says more than nothing. */
static void keep(struct buf *body, const char *bytes, size_t size) {
    size_t room = body->cap - body->size;
    if (!body->failed) buf_add(body, bytes, size < room ? size : room);
    body->failed = body->failed || size > room;
}

static size_t take_body(struct response *response, const char *bytes, size_t size) {
    if (!response->until_end && size > response->left) size = (size_t)response->left;
    if (response->body) keep(response->body, bytes, size);
    if (response->until_end) return size;
    response->left -= size;
    if (response->left == 0) response->state = response->chunked ? RESPONSE_GAP : RESPONSE_DONE;
    return size;
}

size_t response_take(struct response *response, const char *bytes, size_t size) {
    size_t taken = 0;
    while (taken < size && response->state != RESPONSE_DONE && response->state != RESPONSE_BAD)
        taken += response->state == RESPONSE_BODY
                     ? take_body(response, bytes + taken, size - taken)
                     : collect_line(response, bytes + taken, size - taken);
    return taken;
}

void response_end(struct response *response) {
    response->closes = true;
    if (response->state == RESPONSE_DONE) return;
    if (response->state == RESPONSE_BODY && response->until_end)
        response->state = RESPONSE_DONE;
    else
        bad(response, "the connection ended before the answer was complete");
}
