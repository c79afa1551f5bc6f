#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/must.h"
#include "http/socket.h"

static struct peer *peer_of(struct http_connection *connection) {
    return connection->server->handler.context;
}

/* ---- the socket */

long socket_write(struct http_connection *connection, const struct iovec *parts, int count) {
    struct peer *peer = peer_of(connection);
    long sent = 0;
    if (peer->reset) return -1;
    for (int i = 0; i < count; i++) {
        size_t size = parts[i].iov_len < peer->room ? parts[i].iov_len : peer->room;
        buf_add(&peer->written, parts[i].iov_base, size);
        peer->room -= size;
        sent += (long)size;
    }
    return sent;
}

void socket_watch(struct http_connection *connection) {
    connection->events++;
}

void socket_shut(struct http_connection *connection) {
    peer_of(connection)->shut = true;
}

void socket_close(struct http_connection *connection) {
    connection->fd = -1;
}

uint64_t socket_untaken(struct http_connection *connection) {
    return peer_of(connection)->untaken;
}

/* ---- the handler */

static struct peer *the_peer; /* of the present test */

static void released(void *owner) {
    ((struct peer *)owner)->released++;
}

static void answer(struct http_request *request, const void *data, size_t size) {
    struct http_answer set = {.status = 200, .data = data, .size = size, .release = released};
    set.owner = the_peer;
    http_request_answer(request, &set);
}

static bool target_is(struct http_request *request, const char *name) {
    return request->user && strcmp(request->user, name) == 0;
}

static bool on_begin(void *context, struct http_request *request, const struct http_head *head) {
    static char targets[][8] = {"/now", "/body", "/piece", "/late"};
    struct peer *peer = context;
    if (str_is(head->target, "/none")) return false;
    peer->begun++;
    buf_format(&peer->events, "%.*s %.*s|", STR_ARG(head->method), STR_ARG(head->target));
    buf_clear(&peer->body);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (str_is(head->target, targets[i])) request->user = targets[i];
    if (!request->user || target_is(request, "/now")) answer(request, "now", 3);
    return true;
}

static void on_body(struct http_request *request, const void *bytes, size_t size) {
    must(size > 0 && request->user);
    buf_add(&the_peer->body, bytes, size);
    if (target_is(request, "/piece")) answer(request, "piece", 5);
}

static void on_end(struct http_request *request) {
    struct peer *peer = the_peer;
    buf_add(&peer->events, peer->body.data, peer->body.size);
    buf_text(&peer->events, "|end|");
    if (target_is(request, "/late"))
        peer->late = request;
    else
        answer(request, peer->body.data, peer->body.size);
}

static void on_closed(struct http_request *request, enum http_end end) {
    struct peer *peer = the_peer;
    peer->closed++;
    peer->left += end == HTTP_LEFT;
    if (peer->late == request) peer->late = NULL;
    buf_text(&peer->events, end == HTTP_SENT ? "sent\n" : "left\n");
}

/* ---- the test's side */

void peer_begin(struct peer *peer) {
    const struct http_settings settings = {.connections = 10,
                                           .idle_timeout = 75 * CLOCK_S,
                                           .header_timeout = 10 * CLOCK_S,
                                           .transfer_period = 10 * CLOCK_S,
                                           .transfer_least = 10240};
    const struct http_handler handler = {on_begin, on_body, on_end, on_closed, peer};
    the_peer = peer;
    *peer = (struct peer){.room = SIZE_MAX};
    buf_init(&peer->written, SIZE_MAX);
    buf_init(&peer->events, SIZE_MAX);
    buf_init(&peer->body, SIZE_MAX);
    peer->server = calloc(1, sizeof *peer->server);
    peer->connection = malloc(sizeof *peer->connection);
    must(peer->server && peer->connection);
    server_init(peer->server, &settings, &handler);
    connection_init(peer->connection, peer->server, 0);
}

void peer_feed(struct peer *peer, const void *bytes, size_t size) {
    if (peer->connection->state == CONNECTION_CLOSED) return;
    connection_feed(peer->connection, bytes, size);
    connection_settle(peer->connection);
}

void peer_text(struct peer *peer, const char *text) {
    peer_feed(peer, text, strlen(text));
}

void peer_answer(struct peer *peer, const char *body, size_t size) {
    struct http_request *request = peer->late;
    must(request);
    peer->late = NULL;
    answer(request, body, size);
}

void peer_reap(struct peer *peer) {
    server_reap(peer->server);
    if (peer->server->open == 0) peer->connection = NULL;
}

void peer_end(struct peer *peer) {
    if (peer->connection && peer->connection->state != CONNECTION_CLOSED)
        connection_move(peer->connection, CONNECTION_CLOSED);
    peer_reap(peer);
    must(peer->begun == peer->closed && peer->server->open == 0);
    must(!peer->server->closed.first && !peer->server->idle.first && !peer->server->slow.first &&
         !peer->server->working.first && peer->server->wheel.count == 0);
    buf_free(&peer->server->answer_head);
    free(peer->server);
    buf_free(&peer->written);
    buf_free(&peer->events);
    buf_free(&peer->body);
}
