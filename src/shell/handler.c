/* libmicrohttpd's callbacks: a request's headers, its body, its end, and its client gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/must.h"
#include "shell/answer.h"
#include "shell/header.h"
#include "shell/loop.h"
#include "shell/route.h"

/* So much of a refused body is read and forgotten, so that the connection can go on. Beyond it the
 * connection is closed. */
enum { DISCARD_MAX = 256 * 1024 };

static const char *header(struct shell_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static int client_fd(struct shell_request *request) {
    return MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
        ->connect_fd;
}

static void keep_open_a_while(struct shell_request *request) {
    linger_add(&request->loop->linger, client_fd(request), request->loop->now);
}

/* ---- headers */

struct framing {
    unsigned lengths, encodings;
    bool bad_name, bad_encoding;
};

static enum MHD_Result look_at_framing(void *context, enum MHD_ValueKind kind, const char *key,
                                       const char *value) {
    struct framing *framing = context;
    (void)kind;
    bool encoding = strcasecmp(key, "Transfer-Encoding") == 0;
    framing->lengths += strcasecmp(key, "Content-Length") == 0;
    framing->encodings += encoding;
    framing->bad_encoding |= encoding && (!value || strcasecmp(value, "chunked") != 0);
    framing->bad_name |= key[strcspn(key, " \t")] != '\0';
    return MHD_YES;
}

/* Where a body ends must be said once and in a way that everybody reads alike, or a proxy before us
 * may see another end than we do (RFC 9112, 5.1, 6.1 and 6.3). libmicrohttpd takes "Content-Length
 * : 5" for another header, and waits for the end of the connection with an encoding that it does
 * not know. NULL: it is well. */
static const char *framing_problem(struct shell_request *request) {
    struct framing framing = {0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, look_at_framing, &framing);
    if (framing.lengths + framing.encodings > 1)
        return "The request says more than once how long its body is.";
    if (framing.bad_name) return "The name of a header has a blank in it.";
    if (framing.bad_encoding) return "The only transfer encoding of requests is chunked.";
    return NULL;
}

static void check_token(struct shell_request *request) {
    if (!(request->route->flags & ROUTE_BEARER)) return;
    const char *authorization = header(request, "Authorization");
    if (!authorization) {
        if (request->route->flags & ROUTE_TOKEN)
            answer_text(request, MHD_HTTP_BAD_REQUEST,
                        "Header of type `authorization` was missing");
    } else if (!header_is_bearer(authorization)) {
        answer_text(request, MHD_HTTP_BAD_REQUEST,
                    "invalid HTTP header (authorization): a bearer token was expected");
    }
}

static void check_body_headers(struct shell_request *request) {
    if (request->done || !(request->route->flags & ROUTE_JSON)) return;
    uint64_t length;
    if (!header_is_json(header(request, "Content-Type")))
        answer_text(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                    "Expected request with `Content-Type: application/json`");
    else if (header_length(header(request, "Content-Length"), &length) &&
             length > request->loop->shell->settings.body_limit)
        answer_too_large(request);
}

static void find_route(struct shell_request *request, const char *method, const char *url) {
    struct buf allow;
    buf_init(&allow, 200);
    enum route_match match = route_find(route_table, str_of(method), str_of(url), &request->route,
                                        &request->names, request->params, &allow);
    switch (match) {
    case ROUTE_FOUND:
        check_token(request);
        check_body_headers(request);
        break;
    case ROUTE_NO_PATH:
        answer_empty(request, MHD_HTTP_NOT_FOUND, NULL);
        break;
    case ROUTE_NO_METHOD:
        answer_empty(request, MHD_HTTP_METHOD_NOT_ALLOWED, buf_cstr(&allow));
        break;
    case ROUTE_OPTIONS:
        answer_empty(request, MHD_HTTP_OK, buf_cstr(&allow));
        break;
    case ROUTE_BAD_PATH:
        answer_text(request, MHD_HTTP_BAD_REQUEST,
                    "Invalid URL: a name in the path is not UTF-8, or a '%' in it has no two "
                    "hexadecimal digits behind it.");
        break;
    }
    buf_free(&allow);
}

static enum MHD_Result send_answer(struct shell_request *request) {
    if (!request->response) return MHD_NO; /* no memory for it */
    enum MHD_Result result =
        MHD_queue_response(request->connection, request->status, request->response);
    MHD_destroy_response(request->response); /* libmicrohttpd has counted it */
    request->response = NULL;
    request_move(request, REQUEST_SENDING);
    return result;
}

/* A refused request whose body is long, or is only sent when we ask for it, is answered without
 * reading it; libmicrohttpd then closes the connection. */
static enum MHD_Result answer_early(struct shell_request *request) {
    uint64_t length = 0;
    header_length(header(request, "Content-Length"), &length);
    bool body = length > 0 || header(request, "Transfer-Encoding");
    if (!body || (length <= DISCARD_MAX && !header(request, "Expect"))) return MHD_YES;
    keep_open_a_while(request);
    request_move(request, REQUEST_ANSWERED);
    return send_answer(request);
}

static enum MHD_Result begin(struct shell_loop *loop, struct MHD_Connection *connection,
                             const char *url, const char *method, void **state) {
    struct shell_request *request = request_new(loop, connection);
    if (!request) return MHD_NO;
    *state = request;
    const char *problem = framing_problem(request);
    if (problem) {
        answer_text(request, MHD_HTTP_BAD_REQUEST, problem);
        /* What follows may be taken for a body or for a request. */
        if (request->response) MHD_add_response_header(request->response, "Connection", "close");
        keep_open_a_while(request);
        request_move(request, REQUEST_ANSWERED);
        return send_answer(request);
    }
    find_route(request, method, url);
    return request->done ? answer_early(request) : MHD_YES;
}

/* ---- body */

/* libmicrohttpd takes no answer in the middle of a body, so this one is written past it. Nothing of
 * ours is in its buffers then: the answers before it have been sent. */
static enum MHD_Result answer_raw(struct shell_request *request) {
    char text[300];
    const char *reason = MHD_get_reason_phrase_for(request->status);
    int size = snprintf(text, sizeof text,
                        "HTTP/1.1 %u %s\r\nContent-Type: " TYPE_TEXT
                        "\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                        request->status, reason, strlen(reason), reason);
    send(client_fd(request), text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    keep_open_a_while(request);
    return MHD_NO;
}

static enum MHD_Result read_body(struct shell_request *request, const char *upload,
                                 size_t *upload_size) {
    size_t size = *upload_size;
    *upload_size = 0;
    if (!request->done && (request->route->flags & ROUTE_JSON) &&
        request_body_add(request, upload, size))
        return MHD_YES;
    request_body_drop(request);
    request->discarded += size;
    if (request->done) return request->discarded > DISCARD_MAX ? answer_raw(request) : MHD_YES;
    return request->discarded > request->loop->shell->settings.body_limit
               ? MHD_NO
               : MHD_YES; /* a route that has no body */
}

static void finish_body(struct shell_request *request) {
    if (request->done) return;
    if ((request->route->flags & ROUTE_JSON) && !json_check_end(&request->check)) {
        answer_not_json(request);
        return;
    }
    request->route->handle(request);
}

/* ---- what libmicrohttpd calls */

enum MHD_Result handler_access(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **state) {
    (void)version;
    struct shell_request *request = *state;
    if (!request) return begin(cls, connection, url, method, state);
    if (request->state == REQUEST_LEFT) return MHD_NO;
    if (*upload_size > 0) return read_body(request, upload, upload_size);
    if (request->state == REQUEST_READING) {
        if (atomic_load_explicit(&request->loop->shell->phase, memory_order_relaxed) ==
            SHELL_ENDING)
            return MHD_NO;
        finish_body(request);
        if (!request->done) return MHD_YES; /* another thread has it */
        request_move(request, REQUEST_ANSWERED);
    }
    return request->state == REQUEST_ANSWERED ? send_answer(request) : MHD_YES;
}

/* The last that libmicrohttpd says of a request, whether it was answered or its connection was
 * closed. */
void handler_completed(void *cls, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code) {
    (void)cls, (void)connection, (void)code;
    struct shell_request *request = *state;
    *state = NULL;
    if (request) request_connection_gone(request);
}

void handler_client_left(struct shell_request *request) {
    enum request_state state = request->state;
    request_move(request, REQUEST_LEFT);
    if (state == REQUEST_RUNNING) runtime_cancel(request->loop->shell->runtime, &request->run);
    loop_resume(request); /* handler_access is called again and closes the connection */
}
