/* Responses: whatever pieces they come in, the outcome is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "eval/response.h"

/* `body` NULL: it must be refused with `why`. `rest`: bytes behind the answer that are not its. */
struct sample {
    const char *bytes;
    int status;
    const char *body;
    bool closes;
    size_t rest;
    const char *why;
};

#define OK   "HTTP/1.1 200 OK\r\n"
#define TWO  "Content-Length: 2\r\n"
#define CHUN "Transfer-Encoding: chunked\r\n"

static const struct sample samples[] = {
    /* lengths */
    {OK TWO "\r\nhi", 200, "hi", false, 0, NULL},
    {OK "Content-Length: 0\r\n\r\n", 200, "", false, 0, NULL},
    {OK "content-LENGTH:\t2 \r\n\r\nhi", 200, "hi", false, 0, NULL},
    {"HTTP/1.1 404\r\n" TWO "\r\nno", 404, "no", false, 0, NULL},
    {"HTTP/1.1 500 a b c\n" TWO "\nno", 500, "no", false, 0, NULL}, /* bare newlines */
    {OK TWO TWO "\r\nhi", 200, "hi", false, 0, NULL},
    {OK "A: b\r\n" TWO "C:\r\n\r\nhi", 200, "hi", false, 0, NULL},
    {OK TWO "\r\nhiHTTP/1.1 5", 200, "hi", false, 10, NULL},
    {"HTTP/1.1 204 none\r\n\r\n", 204, "", false, 0, NULL},
    {"HTTP/1.1 304 none\r\n" TWO "\r\n", 304, "", false, 0, NULL},
    {"HTTP/1.1 204 none\r\n\r\nmore", 204, "", false, 4, NULL},
    /* does the connection stay */
    {OK "Connection: close\r\n" TWO "\r\nhi", 200, "hi", true, 0, NULL},
    {OK "connection: CLOSE\r\nConnection: x\r\n" TWO "\r\nhi", 200, "hi", true, 0, NULL},
    {OK "Connection: keep-alive , Close\r\n" TWO "\r\nhi", 200, "hi", true, 0, NULL},
    {OK "Connection: disclose\r\n" TWO "\r\nhi", 200, "hi", false, 0, NULL},
    {"HTTP/1.0 200 OK\r\n" TWO "\r\nhi", 200, "hi", true, 0, NULL},
    {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" TWO "\r\nhi", 200, "hi", false, 0, NULL},
    /* chunks */
    {OK CHUN "\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", false, 0, NULL},
    {OK CHUN "\r\n1;a=b\r\nh\r\n1 \r\ni\r\n00\r\n\r\n", 200, "hi", false, 0, NULL},
    {OK CHUN "\r\na\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, "01234567890123456789",
     false, 0, NULL},
    {OK CHUN "\r\n0\r\nTrailer: x\r\nB: y\r\n\r\n", 200, "", false, 0, NULL},
    {OK CHUN TWO "\r\n3\r\nyes\r\n0\r\n\r\nzz", 200, "yes", false, 2, NULL},
    {OK TWO CHUN "\r\n3\r\nyes\r\n0\r\n\r\n", 200, "yes", false, 0, NULL},
    /* before the answer proper */
    {"HTTP/1.1 100 Continue\r\n\r\n" OK TWO "\r\nhi", 200, "hi", false, 0, NULL},
    {"HTTP/1.1 103 Hints\r\nLink: x\r\n" CHUN
     "Connection: close\r\n\r\nHTTP/1.1 102 x\r\n\r\n" OK TWO "\r\nhi",
     200, "hi", false, 0, NULL},
    {"HTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n" CHUN "\r\n0\r\n\r\n", 200,
     "", false, 0, NULL},
    /* garbage */
    {"\r\n", 0, NULL, true, 0, "status line"},
    {"hello\r\n", 0, NULL, true, 0, "status line"},
    {"HTTP/2 200 OK\r\n", 0, NULL, true, 0, "status line"},
    {"HTTP/1.1 20\r\n", 0, NULL, true, 0, "status line"},
    {"HTTP/1.1 2x0 OK\r\n", 0, NULL, true, 0, "status line"},
    {"HTTP/1.1 2000 OK\r\n", 0, NULL, true, 0, "status line"},
    {"HTTP/1.1 000 OK\r\n", 0, NULL, true, 0, "status line"},
    {"HTTP/1.1 099 OK\r\n", 0, NULL, true, 0, "status line"},
    {OK "no colon\r\n", 0, NULL, true, 0, "without a colon"},
    {OK "Content-Length: \r\n", 0, NULL, true, 0, "Content-Length"},
    {OK "Content-Length: -2\r\n", 0, NULL, true, 0, "Content-Length"},
    {OK "Content-Length: 2a\r\n", 0, NULL, true, 0, "Content-Length"},
    {OK "Content-Length: 99999999999999999999\r\n", 0, NULL, true, 0, "Content-Length"},
    {OK TWO "Content-Length: 3\r\n", 0, NULL, true, 0, "Content-Length"},
    {OK "Transfer-Encoding: gzip, chunked\r\n", 0, NULL, true, 0, "Transfer-Encoding"},
    {OK CHUN "\r\nx\r\n", 0, NULL, true, 0, "no number"},
    {OK CHUN "\r\n\r\n", 0, NULL, true, 0, "no number"},
    {OK CHUN "\r\n10000000000000000\r\n", 0, NULL, true, 0, "no number"},
    {OK CHUN "\r\n2\r\nhiX\r\n", 0, NULL, true, 0, "longer than its size"},
};

struct outcome {
    struct response response;
    struct buf body;
    size_t taken;
};

static void begin(struct outcome *out) {
    *out = (struct outcome){0};
    buf_init(&out->body, 1 << 20);
    response_begin(&out->response, &out->body);
}

/* A piece in a block of its own, so that a sanitizer sees what reads beyond it. */
static void take(struct outcome *out, const char *bytes, size_t size) {
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    size_t taken = response_take(&out->response, copy, size);
    assert_true(taken <= size);
    if (taken < size) assert_true(out->response.state >= RESPONSE_DONE);
    out->taken += taken;
    free(copy);
}

static void check(struct outcome *out, const struct sample *sample) {
    if (sample->why) {
        assert_int_equal(out->response.state, RESPONSE_BAD);
        assert_non_null(strstr(out->response.why, sample->why));
    } else {
        assert_int_equal(out->response.state, RESPONSE_DONE);
        assert_int_equal(out->response.status, sample->status);
        assert_string_equal(buf_cstr(&out->body), sample->body);
        assert_int_equal(out->taken + sample->rest, strlen(sample->bytes));
    }
    assert_int_equal(out->response.closes, sample->closes);
    response_free(&out->response);
    buf_free(&out->body);
}

/* In one piece, in two and three at every place, and byte by byte. */
static void every_split(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const char *bytes = samples[i].bytes;
        size_t size = strlen(bytes);
        struct outcome out;
        for (size_t a = 0; a <= size; a++)
            for (size_t b = a; b <= size; b++) {
                begin(&out);
                take(&out, bytes, a);
                take(&out, bytes + a, b - a);
                take(&out, bytes + b, size - b);
                check(&out, &samples[i]);
            }
        begin(&out);
        for (size_t a = 0; a < size; a++) take(&out, bytes + a, 1);
        check(&out, &samples[i]);
    }
}

/* Cut off anywhere, it is no answer. */
static void every_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        if (samples[i].why) continue;
        for (size_t size = 0; size + samples[i].rest < strlen(samples[i].bytes); size++) {
            struct outcome out;
            begin(&out);
            take(&out, samples[i].bytes, size);
            assert_true(out.response.state < RESPONSE_DONE);
            response_end(&out.response);
            check(&out, &(struct sample){.closes = true, .why = "connection ended before"});
        }
    }
}

static void a_body_until_the_end(void **state) {
    (void)state;
    const char *bytes = OK "A: b\r\n\r\nhi there";
    for (size_t cut = 0; cut <= strlen(bytes); cut++) {
        struct outcome out;
        begin(&out);
        take(&out, bytes, cut);
        take(&out, bytes + cut, strlen(bytes) - cut);
        assert_int_equal(out.response.state, RESPONSE_BODY);
        response_end(&out.response);
        check(&out,
              &(struct sample){.bytes = bytes, .status = 200, .body = "hi there", .closes = true});
    }
}

/* The memory of one answer serves the next, and nothing else of it. */
static void one_after_the_other(void **state) {
    (void)state;
    struct outcome out;
    begin(&out);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        buf_clear(&out.body);
        response_begin(&out.response, &out.body);
        for (size_t a = 0; a < strlen(samples[i].bytes); a++) take(&out, samples[i].bytes + a, 1);
        assert_int_equal(out.response.state, samples[i].why ? RESPONSE_BAD : RESPONSE_DONE);
        assert_int_equal(out.response.closes, samples[i].closes);
    }
    response_free(&out.response);
    buf_free(&out.body);
}

/* `times` lines behind `head`, then `tail`; in pieces of `step`. */
static void lines(const char *head, const char *line, size_t times, const char *tail, size_t step,
                  const char *why) {
    struct buf text;
    struct outcome out;
    buf_init(&text, 1 << 20);
    buf_text(&text, head);
    for (size_t i = 0; i < times; i++) buf_text(&text, line);
    buf_text(&text, tail);
    begin(&out);
    for (size_t at = 0; at < text.size; at += step)
        take(&out, (const char *)text.data + at, text.size - at < step ? text.size - at : step);
    const char *cstr = buf_cstr(&text);
    check(&out, why ? &(struct sample){.closes = true, .why = why}
                    : &(struct sample){.bytes = cstr, .status = 200, .body = "hi"});
    buf_free(&text);
}

static void limits(void **state) {
    (void)state;
    static const size_t steps[] = {1, 7, 1000, 1 << 20};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        size_t step = steps[i];
        lines(OK TWO "A: ", "0123456789", 818, "\r\n\r\nhi", step, NULL); /* 8,184 with its CR */
        lines(OK TWO "A: ", "0123456789", 820, "\r\n\r\nhi", step, "more than 8 KiB");
        lines("", "0123456789", 2000, "", step, "more than 8 KiB");
        lines(OK TWO, "A: b\r\n", 199, "\r\nhi", step, NULL);
        lines(OK TWO, "A: b\r\n", 200, "\r\nhi", step, "too many");
        lines("", "HTTP/1.1 100 x\r\n\r\n", 150, OK TWO "\r\nhi", step, NULL);
        lines("", "HTTP/1.1 100 x\r\n\r\n", 201, OK TWO "\r\nhi", step, "too many");
        lines(OK CHUN "\r\n2\r\nhi\r\n0\r\n", "A: b\r\n", 150, "\r\n", step, NULL);
        lines(OK CHUN "\r\n2\r\nhi\r\n0\r\n", "A: b\r\n", 201, "\r\n", step, "too many");
    }
}

/* A buffer that is too small has as much as fits, and says so. */
static void a_body_beyond_the_buffer(void **state) {
    (void)state;
    const char *bytes = OK "Content-Length: 10\r\n\r\n0123456789";
    for (size_t cut = 0; cut <= strlen(bytes); cut++) {
        struct outcome out;
        begin(&out);
        buf_init(&out.body, 4);
        take(&out, bytes, cut);
        take(&out, bytes + cut, strlen(bytes) - cut);
        assert_true(out.body.failed);
        assert_int_equal(out.body.size, 4);
        assert_memory_equal(out.body.data, "0123", 4);
        assert_int_equal(out.response.state, RESPONSE_DONE);
        response_free(&out.response);
        buf_free(&out.body);
    }
}

static void without_a_buffer(void **state) {
    (void)state;
    struct response response = {0};
    const char *bytes = OK TWO "\r\nhi";
    response_begin(&response, NULL);
    assert_int_equal(response_take(&response, bytes, strlen(bytes)), strlen(bytes));
    assert_int_equal(response.state, RESPONSE_DONE);
    response_free(&response);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(a_body_until_the_end),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(limits),
        cmocka_unit_test(a_body_beyond_the_buffer),
        cmocka_unit_test(without_a_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
