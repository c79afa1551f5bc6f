/* A connection's life: states, deadlines, and its ends. What it reads is input.c, what it writes
 * output.c. */
#include "http/connection.h"

#include "base/clock.h"
#include "base/must.h"
#include "http/server.h"
#include "http/socket.h"

#define LINGER_TIME (2 * CLOCK_S)

static const struct state_row rows[] = {CONNECTION_STATES(STATES_ROW)};
static const struct states connection_states = STATES("connection", rows);

static struct list *list_of(struct http_server *server, enum connection_state state) {
    switch (state) {
    case CONNECTION_IDLE:
        return &server->idle;
    case CONNECTION_WAITING:
        return &server->working;
    case CONNECTION_CLOSED:
        return &server->closed;
    default:
        return &server->slow;
    }
}

/* WAITING has no deadline: the old one stays and is put off when it passes. */
static uint64_t deadline_of(const struct http_connection *connection) {
    const struct http_settings *settings = &connection->server->settings;
    uint64_t now = connection->since;
    switch (connection->state) {
    case CONNECTION_IDLE:
        return now + settings->idle_timeout;
    case CONNECTION_HEAD:
        return now + settings->header_timeout;
    case CONNECTION_WAITING:
        return connection->timer.deadline;
    case CONNECTION_LINGERING:
        return now + LINGER_TIME;
    case CONNECTION_CLOSED:
        return WHEEL_NEVER;
    default:
        return now + settings->transfer_period;
    }
}

static void begin_period(struct http_connection *connection) {
    connection->since = connection->server->now;
    connection->moved_then = connection->moved;
    wheel_set(&connection->server->wheel, &connection->timer, deadline_of(connection));
}

void connection_move(struct http_connection *connection, enum connection_state state) {
    states_check(&connection_states, connection->state, state, NULL);
    list_remove(list_of(connection->server, connection->state), &connection->link);
    connection->state = state;
    list_append(list_of(connection->server, state), &connection->link);
    begin_period(connection);
    if (state != CONNECTION_CLOSED) return;
    connection->server->open--;
    socket_close(connection); /* now: others may be waiting for a descriptor */
}

void connection_init(struct http_connection *connection, struct http_server *server, int fd) {
    *connection = (struct http_connection){.server = server, .fd = fd, .accepted = server->now};
    buf_init(&connection->input, HTTP_HEAD_MAX + SERVER_READ_MAX);
    buf_init(&connection->unsent, SIZE_MAX);
    connection->state = CONNECTION_IDLE;
    list_append(&server->idle, &connection->link);
    server->open++;
    begin_period(connection);
}

static void end_request(struct http_connection *connection, enum http_end end) {
    output_free(connection);
    if (!connection->has_request) return;
    connection->has_request = false;
    connection->server->handler.closed(&connection->request, end);
}

void connection_end(struct http_connection *connection) {
    must(connection->state == CONNECTION_CLOSED);
    end_request(connection, HTTP_LEFT);
    buf_free(&connection->input);
    buf_free(&connection->unsent);
}

/* Its last answer is out. Closing a socket that has unread bytes, or gets some, resets the
 * connection, and the reset may overtake the answer: so the client closes first, if it does. */
static void finish(struct http_connection *connection) {
    if (!connection->eof) socket_shut(connection);
    connection_move(connection, connection->eof ? CONNECTION_CLOSED : CONNECTION_LINGERING);
}

void connection_answered(struct http_connection *connection) {
    end_request(connection, HTTP_SENT);
    if (!connection->keep_alive)
        finish(connection);
    else
        connection_move(connection,
                        connection->body_done ? CONNECTION_IDLE : CONNECTION_DISCARDING);
}

void connection_refuse(struct http_connection *connection, unsigned status, const char *text) {
    end_request(connection, HTTP_LEFT);
    connection->keep_alive = connection->body_done = connection->is_head = false;
    connection->has_answer = true;
    connection->answer = (struct http_answer){
        .status = status, .type = "text/plain; charset=utf-8", .data = text, .size = strlen(text)};
    output_make_head(connection);
    output_begin(connection);
}

/* ---- the client's end of the connection */

/* Is it still there? Of an HTTP/1.0 client only an answer finds out. */
static void probe(struct http_connection *connection) {
    if (connection->probed || connection->is_old) return;
    connection->probed = true;
    output_interim(connection);
}

void connection_half_close(struct http_connection *connection, bool eof) {
    connection->half_closed = true;
    connection->eof |= eof;
    if (connection->state == CONNECTION_WAITING)
        probe(connection);
    else if (eof && connection->state != CONNECTION_WRITING &&
             connection->state != CONNECTION_CLOSED)
        connection_move(connection, CONNECTION_CLOSED); /* the request never gets complete */
}

/* ---- deadlines */

/* Its list stays ordered by `since`. */
static void renew_period(struct http_connection *connection) {
    struct list *list = list_of(connection->server, connection->state);
    list_remove(list, &connection->link);
    list_append(list, &connection->link);
    begin_period(connection);
}

static bool has_moved_enough(struct http_connection *connection) {
    uint64_t moved = connection->moved - connection->moved_then;
    return moved >= connection->server->settings.transfer_least;
}

static void close_slow(struct http_connection *connection, uint64_t *counter) {
    server_count(connection->server, counter);
    connection_move(connection, CONNECTION_CLOSED);
}

static void expire_transfer(struct http_connection *connection) {
    struct server_counts *counts = &connection->server->counts;
    bool writing = connection->state == CONNECTION_WRITING;
    if (writing) output_measure(connection);
    if (has_moved_enough(connection)) {
        renew_period(connection);
    } else if (connection->state == CONNECTION_BODY) {
        server_count(connection->server, &counts->slow_bodies);
        connection_refuse(connection, HTTP_REQUEST_TIMEOUT,
                          "The body of the request came too slowly (settings TRANSFER_RATE and "
                          "TRANSFER_PERIOD).");
    } else {
        close_slow(connection, writing ? &counts->slow_readers : &counts->slow_bodies);
    }
}

void connection_expire(struct http_connection *connection) {
    struct http_server *server = connection->server;
    switch (connection->state) {
    case CONNECTION_IDLE:
    case CONNECTION_LINGERING:
        connection_move(connection, CONNECTION_CLOSED);
        break;
    case CONNECTION_HEAD:
        server_count(server, &server->counts.slow_heads);
        connection_refuse(connection, HTTP_REQUEST_TIMEOUT,
                          "The head of the request did not come in time (setting HEADER_TIMEOUT).");
        break;
    case CONNECTION_WAITING:
        wheel_set(&server->wheel, &connection->timer, server->now + server->settings.idle_timeout);
        break;
    default:
        expire_transfer(connection);
    }
}

void connection_evict(struct http_connection *connection) {
    struct server_counts *counts = &connection->server->counts;
    if (connection->state == CONNECTION_IDLE) {
        close_slow(connection, &counts->idle_shut_out);
        return;
    }
    server_count(connection->server, &counts->slow_shut_out);
    if (connection->state == CONNECTION_HEAD || connection->state == CONNECTION_BODY)
        connection_refuse(connection, HTTP_SERVICE_UNAVAILABLE,
                          "This kernel has as many connections as it may, and yours was among the "
                          "slowest. Please try again later.");
    if (connection->state != CONNECTION_CLOSED) connection_move(connection, CONNECTION_CLOSED);
}
