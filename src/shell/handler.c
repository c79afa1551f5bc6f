/* What the HTTP server calls: a request's head, its body, its end, and its client gone. */
#include "shell/handler.h"

#include "http/head.h"
#include "shell/answer.h"
#include "shell/header.h"
#include "shell/loop.h"
#include "shell/route.h"

/* ---- the head */

/* A page of any origin may ask, as with the existing Kernel: its origin, and for a preflight what
 * it wants, are given back to it. */
static void allow_origin(struct shell_request *request, const struct http_head *head) {
    struct buf *lines = &request->headers;
    struct str origin = http_head_get(head, "origin");
    if (!origin.data) return;
    struct str method = http_head_get(head, "access-control-request-method");
    struct str headers = http_head_get(head, "access-control-request-headers");
    buf_format(lines,
               "Access-Control-Allow-Origin: %.*s\r\n"
               "Access-Control-Allow-Credentials: true\r\n"
               "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n",
               STR_ARG(origin));
    if (method.data) buf_format(lines, "Access-Control-Allow-Methods: %.*s\r\n", STR_ARG(method));
    if (headers.data) buf_format(lines, "Access-Control-Allow-Headers: %.*s\r\n", STR_ARG(headers));
}

static void check_token(struct shell_request *request, const struct http_head *head) {
    if (!(request->route->flags & ROUTE_BEARER)) return;
    struct str authorization = http_head_get(head, "authorization");
    if (!authorization.data) {
        if (request->route->flags & ROUTE_TOKEN)
            answer_static(request, HTTP_BAD_REQUEST, "Header of type `authorization` was missing");
    } else if (!header_is_bearer(authorization)) {
        answer_static(request, HTTP_BAD_REQUEST,
                      "invalid HTTP header (authorization): a bearer token was expected");
    }
}

static void check_body_headers(struct shell_request *request, const struct http_head *head) {
    if (request->done || !(request->route->flags & ROUTE_JSON)) return;
    if (!header_is_json(http_head_get(head, "content-type")))
        answer_static(request, HTTP_UNSUPPORTED_MEDIA_TYPE,
                      "Expected request with `Content-Type: application/json`");
    else if (head->length > request->loop->shell->settings.body_limit)
        answer_too_large(request);
}

static void find_route(struct shell_request *request, const struct http_head *head) {
    struct buf allow;
    struct str path = {head->target.data, str_find(head->target, '?')};
    buf_init(&allow, 200);
    enum route_match match = route_find(route_table, head->method, path, &request->route,
                                        &request->names, request->params, &allow);
    switch (match) {
    case ROUTE_FOUND:
        check_token(request, head);
        check_body_headers(request, head);
        break;
    case ROUTE_NO_PATH:
        answer_empty(request, HTTP_NOT_FOUND, NULL);
        break;
    case ROUTE_NO_METHOD:
        answer_empty(request, HTTP_METHOD_NOT_ALLOWED, buf_cstr(&allow));
        break;
    case ROUTE_OPTIONS:
        answer_empty(request, HTTP_OK, buf_cstr(&allow));
        break;
    case ROUTE_BAD_PATH:
        answer_static(request, HTTP_BAD_REQUEST,
                      "Invalid URL: a name in the path is not UTF-8, or a '%' in it has no two "
                      "hexadecimal digits behind it.");
        break;
    }
    buf_free(&allow);
}

bool handler_begin(void *context, struct http_request *http, const struct http_head *head) {
    struct shell_request *request = request_new(context, http);
    if (!request) return false;
    http->user = request;
    allow_origin(request, head);
    find_route(request, head);
    if (request->done) handler_send(request);
    return true;
}

/* ---- the body */

void handler_body(struct http_request *http, const void *bytes, size_t size) {
    struct shell_request *request = http->user;
    if (!(request->route->flags & ROUTE_JSON)) { /* it has none: what comes is only counted */
        request->discarded += size;
        if (request->discarded > request->loop->shell->settings.body_limit)
            answer_too_large(request);
    } else if (!request_body_add(request, bytes, size)) {
        request_body_drop(request);
    }
    if (request->done) handler_send(request);
}

void handler_end(struct http_request *http) {
    struct shell_request *request = http->user;
    if ((request->route->flags & ROUTE_JSON) && !json_check_end(&request->check))
        answer_not_json(request);
    else
        request->route->handle(request);
    if (request->done) handler_send(request);
}

/* ---- the answer, and the end */

void handler_send(struct shell_request *request) {
    request_move(request, REQUEST_ANSWERED);
    request->answer.headers = (struct str){(char *)request->headers.data, request->headers.size};
    http_request_answer(request->http, &request->answer);
}

void handler_closed(struct http_request *http, enum http_end end) {
    struct shell_request *request = http->user;
    enum request_state state = request->state;
    (void)end;
    if (request->at_work) {
        request_move(request, REQUEST_LEFT);
        if (state == REQUEST_RUNNING) runtime_cancel(request->loop->shell->runtime, &request->run);
    }
    request_closed(request);
}
