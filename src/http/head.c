#include "http/head.h"

#include <string.h>
#include <strings.h>

#include "http/host.h"
#include "http/http.h"

/* ---- where it ends */

static bool fail(struct http_problem *problem, unsigned status, const char *text) {
    *problem = (struct http_problem){status, text};
    return false;
}

static const char too_large[] = "The head of the request is larger than 16 KiB.";
static const char too_long[] = "The target of the request is longer than 8 KiB.";

/* So long a request line may be; a method and a version are short. */
enum { LINE_MAX_BYTES = HTTP_TARGET_MAX + 100 };

/* What a head that has not ended is already known to be; `line`: bytes of its request line. */
static void check_size(struct str bytes, size_t line, struct http_problem *problem) {
    if (line > LINE_MAX_BYTES)
        fail(problem, HTTP_URI_TOO_LONG, too_long);
    else if (bytes.size > HTTP_HEAD_MAX)
        fail(problem, HTTP_HEADERS_TOO_LARGE, too_large);
}

/* A request line begins with a method, behind a few empty lines: other bytes need not be waited
 * for. */
static bool may_begin(struct str bytes, struct http_problem *problem) {
    size_t at = 0;
    while (bytes.size - at >= 2 && memcmp(bytes.data + at, "\r\n", 2) == 0) at += 2;
    if (at / 2 > HTTP_EMPTY_LINES_MAX)
        return fail(problem, HTTP_BAD_REQUEST,
                    "There are too many empty lines before the request.");
    bool half_a_line = bytes.size - at == 1 && bytes.data[at] == '\r';
    char first = at < bytes.size && !half_a_line ? bytes.data[at] : 'A';
    return (first > ' ' && first < 0x7f) ||
           fail(problem, HTTP_BAD_REQUEST, "The request does not begin with a method.");
}

size_t http_head_find_end(struct str bytes, size_t *scanned, struct http_problem *problem) {
    if (bytes.size == 0 || (*scanned == 0 && !may_begin(bytes, problem))) return 0;
    size_t at = *scanned;
    bool begun = at > 0; /* a line that is not empty has ended before `at` */
    for (const char *end; (end = memchr(bytes.data + at, '\n', bytes.size - at));) {
        size_t next = (size_t)(end + 1 - bytes.data);
        if (next < 2 || end[-1] != '\r') {
            fail(problem, HTTP_BAD_REQUEST,
                 "A line of the request's head does not end with CR LF.");
            return 0;
        }
        bool empty = next - at == 2;
        if (empty && begun) {
            if (next > HTTP_HEAD_MAX) fail(problem, HTTP_HEADERS_TOO_LARGE, too_large);
            return problem->status ? 0 : next;
        }
        if (!begun) check_size((struct str){bytes.data, next}, next - at, problem);
        if (problem->status) return 0;
        begun |= !empty;
        at = next;
    }
    if (begun) *scanned = at; /* empty lines before the request line are looked at again */
    if (!begun && !may_begin(bytes, problem)) return 0;
    check_size(bytes, begun ? 0 : bytes.size - at, problem);
    return 0;
}

/* ---- what it says */

static struct str span(struct pk_http_span from) {
    return (struct str){from.data, from.size};
}

static bool is_text(struct str text, const char *lower) {
    return text.size == strlen(lower) && strncasecmp(text.data, lower, text.size) == 0;
}

struct str http_head_get(const struct http_head *head, const char *name) {
    for (size_t i = 0; i < head->parsed.header_count; i++)
        if (is_text(span(head->parsed.headers[i].name), name))
            return span(head->parsed.headers[i].value);
    return (struct str){0};
}

/* Digits only, and nothing that does not fit. */
static bool read_length(struct str value, uint64_t *length) {
    *length = 0;
    for (size_t i = 0; i < value.size; i++) {
        unsigned digit = (unsigned)(value.data[i] - '0');
        if (digit > 9 || *length > ((uint64_t)INT64_MAX - digit) / 10) return false;
        *length = *length * 10 + digit;
    }
    return value.size > 0;
}

struct seen {
    unsigned lengths, codings, hosts;
    bool close, keep;
};

/* Connection: a list of tokens. */
static void read_connection(struct str value, struct seen *seen) {
    while (value.size > 0) {
        size_t comma = str_find(value, ',');
        struct str token = {value.data, comma};
        while (token.size > 0 && strchr(" \t", *token.data)) token.data++, token.size--;
        while (token.size > 0 && strchr(" \t", token.data[token.size - 1])) token.size--;
        seen->close |= is_text(token, "close");
        seen->keep |= is_text(token, "keep-alive");
        size_t used = comma < value.size ? comma + 1 : comma;
        value = (struct str){value.data + used, value.size - used};
    }
}

static bool read_header(struct http_head *head, const struct pk_http_header *header,
                        struct seen *seen, struct http_problem *problem) {
    struct str name = span(header->name), value = span(header->value);
    switch (name.size) { /* most headers are none of these */
    case 4:
        if (!is_text(name, "host")) return true;
        seen->hosts++;
        return http_host_valid(value) ||
               fail(problem, HTTP_BAD_REQUEST, "The Host header is not a host.");
    case 6:
        if (!is_text(name, "expect")) return true;
        head->expect_continue = is_text(value, "100-continue");
        return head->expect_continue || fail(problem, HTTP_EXPECTATION_FAILED,
                                             "The only expectation that is met is 100-continue.");
    case 10:
        if (is_text(name, "connection")) read_connection(value, seen);
        return true;
    case 14:
        if (!is_text(name, "content-length")) return true;
        seen->lengths++;
        return read_length(value, &head->length) ||
               fail(problem, HTTP_BAD_REQUEST, "The Content-Length is not a number of bytes.");
    case 17:
        if (!is_text(name, "transfer-encoding")) return true;
        seen->codings++;
        head->chunked = true;
        return is_text(value, "chunked") ||
               fail(problem, HTTP_BAD_REQUEST,
                    "The only transfer encoding of requests is chunked.");
    default:
        return true;
    }
}

static bool check(const struct http_head *head, const struct seen *seen,
                  struct http_problem *problem) {
    if (seen->lengths + seen->codings > 1)
        return fail(problem, HTTP_BAD_REQUEST,
                    "The request says more than once how long its body is.");
    if (head->chunked && head->is_old)
        return fail(problem, HTTP_BAD_REQUEST, "HTTP/1.0 has no transfer encodings.");
    if (seen->hosts > 1)
        return fail(problem, HTTP_BAD_REQUEST, "The request has more than one Host header.");
    if (seen->hosts == 0 && !head->is_old)
        return fail(problem, HTTP_BAD_REQUEST, "The request has no Host header.");
    if (head->target.size > HTTP_TARGET_MAX) return fail(problem, HTTP_URI_TOO_LONG, too_long);
    return true;
}

static bool refuse(enum pk_http_result result, struct http_problem *problem) {
    switch (result) {
    case PK_HTTP_BAD_VERSION:
        return fail(problem, HTTP_VERSION_NOT_SUPPORTED,
                    "The version of HTTP is neither 1.0 nor 1.1.");
    case PK_HTTP_BAD_NAME:
        return fail(problem, HTTP_BAD_REQUEST,
                    "The name of a header is no token: letters, digits and some "
                    "signs, with the colon right behind them.");
    case PK_HTTP_BAD_VALUE:
        return fail(problem, HTTP_BAD_REQUEST,
                    "The value of a header has a control character in it.");
    case PK_HTTP_TOO_MANY_HEADERS:
        return fail(problem, HTTP_HEADERS_TOO_LARGE, "The request has more than 100 headers.");
    case PK_HTTP_BAD_LINE_END:
        return fail(problem, HTTP_BAD_REQUEST,
                    "A line of the request's head does not end with CR LF.");
    default:
        return fail(problem, HTTP_BAD_REQUEST,
                    "The request line is not \"METHOD TARGET HTTP/1.1\".");
    }
}

/* httparse says the same of "HTTP/2.0", of "HTTX", and of a target with a blank in it. */
static bool names_a_version(struct str bytes) {
    struct str line = {bytes.data, str_find(bytes, '\r')};
    size_t method = str_find(line, ' ');
    if (line.size < 9 || method == line.size) return false;
    const char *version = line.data + line.size - 9; /* " HTTP/2.0" */
    if (memchr(line.data + method + 1, ' ', line.size - method - 1) != version) return false;
    return memcmp(version, " HTTP/", 6) == 0 && version[6] >= '0' && version[6] <= '9' &&
           version[7] == '.' && version[8] >= '0' && version[8] <= '9';
}

bool http_head_read(struct str bytes, struct http_head *head, struct http_problem *problem) {
    while (bytes.size >= 2 && memcmp(bytes.data, "\r\n", 2) == 0) bytes.data += 2, bytes.size -= 2;
    enum pk_http_result result = pk_http_head_parse(bytes.data, bytes.size, &head->parsed);
    if (result == PK_HTTP_BAD_VERSION && !names_a_version(bytes)) result = PK_HTTP_BAD_REQUEST_LINE;
    if (result != PK_HTTP_OK) return refuse(result, problem);
    struct seen seen = {0};
    head->method = span(head->parsed.method);
    head->target = span(head->parsed.target);
    head->is_old = head->parsed.minor == 0;
    head->length = 0;
    head->chunked = head->expect_continue = false;
    for (size_t i = 0; i < head->parsed.header_count; i++)
        if (!read_header(head, &head->parsed.headers[i], &seen, problem)) return false;
    head->keep_alive = head->is_old ? seen.keep && !seen.close : !seen.close;
    return check(head, &seen, problem);
}
