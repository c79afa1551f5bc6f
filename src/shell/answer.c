#include "shell/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "shell/loop.h"

static void add_header(struct MHD_Response *response, const char *name, const char *value) {
    MHD_add_response_header(
        response, name,
        value); /* fails without memory or for a value with a line end: then it is left out */
}

/* A page of any origin may ask, as with the existing Kernel: its origin, and for a preflight what
 * it wants, are given back to it. */
static void add_cors(struct shell_request *request, struct MHD_Response *response) {
    struct MHD_Connection *connection = request->connection;
    const char *origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin");
    if (!origin) return;
    add_header(response, "Access-Control-Allow-Origin", origin);
    add_header(response, "Access-Control-Allow-Credentials", "true");
    add_header(response, "Vary",
               "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    const char *method =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Access-Control-Request-Method");
    const char *headers =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Access-Control-Request-Headers");
    if (method) add_header(response, "Access-Control-Allow-Methods", method);
    if (headers) add_header(response, "Access-Control-Allow-Headers", headers);
}

static void set(struct shell_request *request, unsigned status, struct MHD_Response *response) {
    must(!request->done && request->connection);
    request->done = true;
    request->status = status;
    request->response = response; /* NULL without memory: the connection is closed */
    if (!response) return;
    add_cors(request, response);
    if (request->retry) {
        char seconds[12];
        snprintf(seconds, sizeof seconds, "%u", request->retry);
        add_header(response, "Retry-After", seconds);
    }
    if (atomic_load_explicit(&request->loop->shell->phase, memory_order_relaxed) != SHELL_SERVING)
        add_header(response, "Connection", "close");
}

void answer_data(struct shell_request *request, unsigned status, const char *type, void *data,
                 size_t size) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, data, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(data);
    else if (type)
        add_header(response, "Content-Type", type);
    set(request, status, response);
}

void answer_buf(struct shell_request *request, unsigned status, const char *type, struct buf *buf) {
    bool failed = buf->failed;
    if (!failed)
        answer_data(request, status, type, buf->data, buf->size);
    else
        buf_free(buf);
    buf_init(buf, 0);
    if (failed) set(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL);
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
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response && allow) add_header(response, "Allow", allow);
    set(request, status, response);
}

void answer_ok(struct shell_request *request) {
    static char ok[] = "ok";
    struct MHD_Response *response = MHD_create_response_from_buffer(2, ok, MHD_RESPMEM_PERSISTENT);
    if (response) add_header(response, "Content-Type", TYPE_TEXT);
    set(request, MHD_HTTP_OK, response);
}

void answer_too_large(struct shell_request *request) {
    char text[200];
    snprintf(text, sizeof text,
             "The request body is larger than this kernel takes (%zu bytes, setting BODY_LIMIT).",
             request->loop->shell->settings.body_limit);
    answer_text(request, MHD_HTTP_CONTENT_TOO_LARGE, text);
}

void answer_not_json(struct shell_request *request) {
    char text[300];
    const char *problem = request->check.problem ? request->check.problem : "it ends too early";
    snprintf(text, sizeof text, "The request body is not valid JSON: %s at byte %" PRIu64 ".",
             problem, request->check.offset);
    answer_text(request, MHD_HTTP_BAD_REQUEST, text);
}

void answer_no_room(struct shell_request *request) {
    request->retry = 1;
    answer_text(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                "This kernel holds as many bytes of inputs and outputs as it may (setting "
                "BODY_MEMORY). Please try again later.");
}
