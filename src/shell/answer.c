#include "shell/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "shell/loop.h"

static void set(struct shell_request *request, unsigned status, struct http_answer answer) {
    must(!request->done && request->http);
    request->done = true;
    request->answer = answer;
    request->answer.status = status;
    if (request->retry) buf_format(&request->headers, "Retry-After: %u\r\n", request->retry);
}

void answer_data(struct shell_request *request, unsigned status, const char *type, void *data,
                 size_t size) {
    set(request, status,
        (struct http_answer){
            .type = type, .data = data, .size = size, .release = free, .owner = data});
}

void answer_shared(struct shell_request *request, const char *type, const struct buf *body,
                   void (*release)(void *owner), void *owner) {
    set(request, HTTP_OK,
        (struct http_answer){.type = type,
                             .data = body->data,
                             .size = body->size,
                             .release = release,
                             .owner = owner});
}

void answer_static(struct shell_request *request, unsigned status, const char *text) {
    set(request, status,
        (struct http_answer){.type = TYPE_TEXT, .data = text, .size = strlen(text)});
}

void answer_buf(struct shell_request *request, unsigned status, const char *type, struct buf *buf) {
    if (buf->failed) {
        buf_free(buf);
        answer_static(request, HTTP_SERVICE_UNAVAILABLE,
                      "This kernel has no memory for the answer. Please try again later.");
        return;
    }
    answer_data(request, status, type, buf->data, buf->size);
    buf_init(buf, 0);
}

void answer_text(struct shell_request *request, unsigned status, const char *text) {
    struct buf copy;
    buf_init(&copy, SIZE_MAX);
    buf_text(&copy, text);
    answer_buf(request, status, TYPE_TEXT, &copy);
}

void answer_json_text(struct shell_request *request, unsigned status, const char *text) {
    struct buf copy;
    buf_init(&copy, SIZE_MAX);
    buf_json_string(&copy, text, strlen(text));
    answer_buf(request, status, TYPE_JSON, &copy);
}

void answer_empty(struct shell_request *request, unsigned status, const char *allow) {
    if (allow) buf_format(&request->headers, "Allow: %s\r\n", allow);
    set(request, status, (struct http_answer){0});
}

void answer_ok(struct shell_request *request) {
    answer_static(request, HTTP_OK, "ok");
}

void answer_too_large(struct shell_request *request) {
    char text[200];
    snprintf(text, sizeof text,
             "The request body is larger than this kernel takes (%zu bytes, setting BODY_LIMIT).",
             request->loop->shell->settings.body_limit);
    answer_text(request, HTTP_CONTENT_TOO_LARGE, text);
}

void answer_not_json(struct shell_request *request) {
    char text[300];
    const char *problem = request->check.problem ? request->check.problem : "it ends too early";
    snprintf(text, sizeof text, "The request body is not valid JSON: %s at byte %" PRIu64 ".",
             problem, request->check.offset);
    answer_text(request, HTTP_BAD_REQUEST, text);
}

void answer_no_room(struct shell_request *request) {
    request->retry = 1;
    answer_text(request, HTTP_SERVICE_UNAVAILABLE,
                "This kernel holds as many bytes of inputs and outputs as it may (setting "
                "BODY_MEMORY). Please try again later.");
}
