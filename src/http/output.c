/* What a connection writes: the head of an answer and its body, in one system call if the client
 * takes them. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/must.h"
#include "http/connection.h"
#include "http/server.h"
#include "http/socket.h"

enum {
    ANSWER_HEAD_MAX = 64 << 10, /* bytes of an answer's head */
    WRITE_MAX = 256 << 10,      /* bytes of one system call, so that others get their turn */
};

/* ---- the head */

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
#define X(name, number, reason) {number, reason},
    HTTP_STATUSES(X)
#undef X
};

static const char *reason_of(unsigned status) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status) return reasons[i].reason;
    return ""; /* a reason may be empty */
}

/* Made once a second: an answer says when it was made (RFC 9110, 6.6.1). */
static const char *date_line(struct http_server *server) {
    time_t second = (time_t)(clock_realtime() / CLOCK_S);
    struct tm parts;
    if ((uint64_t)second == server->date_second) return server->date;
    gmtime_r(&second, &parts);
    strftime(server->date, sizeof server->date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    server->date_second = (uint64_t)second;
    return server->date;
}

/* A refused body that is long, or that is only sent when we ask for it, is not waited for. */
static bool goes_on(const struct http_connection *connection) {
    bool long_rest = !connection->chunked && connection->body_left > CONNECTION_DISCARD_MAX;
    return connection->keep_alive && !connection->answer.close && !connection->expects &&
           !long_rest && !connection->server->say_close;
}

static const char *connection_line(const struct http_connection *connection) {
    if (!connection->keep_alive) return "Connection: close\r\n";
    return connection->is_old ? "Connection: keep-alive\r\n" : "";
}

void output_make_head(struct http_connection *connection) {
    const struct http_answer *answer = &connection->answer;
    struct buf *head = &connection->server->answer_head;
    char line[80];
    buf_clear(head);
    connection->keep_alive = goes_on(connection);
    int size = snprintf(line, sizeof line, "HTTP/1.1 %u %s\r\n", answer->status,
                        reason_of(answer->status));
    buf_add(head, line, (size_t)size);
    buf_text(head, date_line(connection->server));
    if (answer->type) {
        buf_text(head, "Content-Type: ");
        buf_text(head, answer->type);
        buf_text(head, "\r\n");
    }
    size = snprintf(line, sizeof line, "Content-Length: %zu\r\n", answer->size);
    buf_add(head, line, (size_t)size);
    buf_text(head, connection_line(connection));
    buf_add(head, answer->headers.data, answer->headers.size);
    buf_text(head, "\r\n");
    if (connection->is_head) connection->body_sent = answer->size;
}

/* ---- sending */

void output_free(struct http_connection *connection) {
    struct http_answer *answer = &connection->answer;
    if (answer->release) answer->release(answer->owner);
    *answer = (struct http_answer){0};
    connection->body_sent = 0;
    if (connection->unsent.room > 0) buf_free(&connection->unsent);
}

/* Write `head` and what is left of the body; returns the bytes of `head` that are out, or -1: the
 * client has left. */
static long write_some(struct http_connection *connection, struct str head) {
    const struct http_answer *answer = &connection->answer;
    size_t left = answer->size - connection->body_sent;
    if (left > WRITE_MAX) left = WRITE_MAX;
    struct iovec parts[2] = {{(void *)head.data, head.size},
                             {(char *)answer->data + connection->body_sent, left}};
    if (left == 0) parts[1].iov_base = NULL;
    int first = head.size == 0;
    long sent = socket_write(connection, parts + first, (left > 0 ? 2 : 1) - first);
    if (sent < 0) return -1;
    connection->written += (uint64_t)sent;
    size_t of_head = (size_t)sent < head.size ? (size_t)sent : head.size;
    connection->body_sent += (size_t)sent - of_head;
    return (long)of_head;
}

static bool is_out(const struct http_connection *connection) {
    return connection->unsent.size == 0 && connection->body_sent == connection->answer.size;
}

void output_measure(struct http_connection *connection) {
    connection->moved = connection->written - socket_untaken(connection);
}

void output_begin(struct http_connection *connection) {
    struct buf *head = &connection->server->answer_head;
    long sent =
        head->failed ? -1 : write_some(connection, (struct str){(char *)head->data, head->size});
    size_t rest = sent < 0 ? 0 : head->size - (size_t)sent;
    if (sent < 0 || (rest > 0 && !buf_add(&connection->unsent, head->data + sent, rest))) {
        connection_move(connection, CONNECTION_CLOSED);
    } else if (is_out(connection)) {
        connection_answered(connection);
    } else {
        output_measure(connection);
        connection_move(connection, CONNECTION_WRITING);
    }
}

void connection_writable(struct http_connection *connection) {
    struct buf *unsent = &connection->unsent;
    if (connection->state != CONNECTION_WRITING) return;
    long sent = write_some(connection, (struct str){(char *)unsent->data, unsent->size});
    if (sent < 0) {
        connection_move(connection, CONNECTION_CLOSED);
        return;
    }
    if (sent > 0) memmove(unsent->data, unsent->data + sent, unsent->size - (size_t)sent);
    unsent->size -= (size_t)sent;
    if (!is_out(connection)) return;
    connection_answered(connection);
    connection_resume(connection);
}

void output_interim(struct http_connection *connection) {
    static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec part = {text, sizeof text - 1};
    long sent = socket_write(connection, &part, 1);
    if (sent == 0) return; /* full of earlier answers: who waits for it goes on by itself */
    if (sent != (long)part.iov_len)
        connection_move(connection, CONNECTION_CLOSED);
    else
        connection->written += (uint64_t)sent;
}

void http_request_answer(struct http_request *request, const struct http_answer *answer) {
    struct http_connection *connection = OWNER(request, struct http_connection, request);
    must(connection->has_request && !connection->has_answer);
    connection->answer = *answer;
    connection->has_answer = true;
    if (connection->state == CONNECTION_CLOSED) return; /* `closed` comes with the next poll */
    output_make_head(connection);
    if (connection->in_callback) return; /* whoever called it goes on */
    output_begin(connection);
    connection_resume(connection);
    connection_settle(connection);
}
