/* The loop: events, deadlines, and the end of connections. */
#include "http/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "http/connection.h"
#include "http/socket.h"

enum { EVENTS = 128, READS_MAX = 4 /* of one connection per event */ };

/* ---- connections */

void server_reap(struct http_server *server) {
    struct list_link *link = server->closed.first, *next;
    server->closed = (struct list){0};
    for (; link; link = next) {
        struct http_connection *connection = OWNER(link, struct http_connection, link);
        next = link->next;
        connection_end(connection);
        free(connection);
    }
}

static void close_list(const struct list *list) {
    while (list->first)
        connection_move(OWNER(list->first, struct http_connection, link), CONNECTION_CLOSED);
}

void http_server_close_all(struct http_server *server) {
    close_list(&server->idle);
    close_list(&server->slow);
    close_list(&server->working);
    server_reap(server);
}

static void read_some(struct http_connection *connection, bool ended) {
    struct http_server *server = connection->server;
    for (int i = 0; i < READS_MAX; i++) {
        size_t size = connection_appetite(connection);
        if (size == 0) break;
        ssize_t got = recv(connection->fd, server->bytes, size, MSG_DONTWAIT);
        if (got == 0) {
            connection_half_close(connection, true);
            return;
        }
        if (got < 0) {
            if (errno != EAGAIN && errno != EINTR) connection_move(connection, CONNECTION_CLOSED);
            return;
        }
        connection_feed(connection, server->bytes, (size_t)got);
        if ((size_t)got < size && !ended) return;
    }
    if (ended && !connection->half_closed) connection_half_close(connection, false);
}

static void take_event(struct http_connection *connection, uint32_t events) {
    if (connection->state == CONNECTION_CLOSED) return; /* shut out in this very turn */
    if (events & (EPOLLERR | EPOLLHUP)) {               /* nobody is there to be answered */
        connection_move(connection, CONNECTION_CLOSED);
        return;
    }
    if (events & EPOLLOUT) connection_writable(connection);
    if (events & (EPOLLIN | EPOLLRDHUP)) read_some(connection, events & EPOLLRDHUP);
    connection_settle(connection);
}

static void take_deadlines(struct http_server *server) {
    struct wheel_timer *timer;
    while ((timer = wheel_expired(&server->wheel, server->now))) {
        struct http_connection *connection = OWNER(timer, struct http_connection, timer);
        connection_expire(connection);
        connection_settle(connection);
    }
    if (server->counts_due && server->now >= server->counts_due) server_tell_counts(server);
}

/* ---- one turn */

/* ms that epoll may wait. */
static int wait_limit(const struct http_server *server, uint64_t limit) {
    uint64_t wheel = wheel_wait(&server->wheel, clock_monotonic());
    if (limit > wheel) limit = wheel;
    if (server->listen_again && limit > 100 * CLOCK_MS) limit = 100 * CLOCK_MS;
    if (server->counts_due && limit > CLOCK_S) limit = CLOCK_S;
    if (limit == UINT64_MAX) return -1;
    uint64_t ms = limit / CLOCK_MS + (limit % CLOCK_MS != 0);
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

unsigned http_server_poll(struct http_server *server, uint64_t timeout_ns) {
    struct epoll_event events[EVENTS];
    server_reap(server);
    int count =
        epoll_wait(server->epoll, events, EVENTS, timeout_ns ? wait_limit(server, timeout_ns) : 0);
    must(count >= 0 || errno == EINTR);
    server->now = clock_monotonic();
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr == server)
            server_accept(server);
        else if (events[i].data.ptr)
            take_event(events[i].data.ptr, events[i].events);
    take_deadlines(server);
    server_listen_again(server);
    return count > 0 ? (unsigned)count : 0;
}

uint64_t http_server_now(const struct http_server *server) {
    return server->now;
}

bool http_server_watch(struct http_server *server, int fd) {
    struct epoll_event event = {.events = EPOLLIN};
    return !epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event);
}

void http_server_say_close(struct http_server *server) {
    server->say_close = true;
}

bool http_server_has_fresh(const struct http_server *server, uint64_t age) {
    for (struct list_link *link = server->idle.last; link; link = link->previous) {
        struct http_connection *connection = OWNER(link, struct http_connection, link);
        if (connection->since + age < server->now) return false;
        if (connection->accepted) return true;
    }
    return false;
}

/* ---- the listener */

bool http_server_listen(struct http_server *server, int listener, struct err *err) {
    int one = 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = server};
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* connections inherit it */
    server->listener = listener;
    server->listening = !epoll_ctl(server->epoll, EPOLL_CTL_ADD, listener, &event);
    return server->listening || err_errno(err, errno, "cannot wait for connections");
}

bool http_server_stop_listening(struct http_server *server, bool at_once) {
    if (server->listener < 0) return true;
    struct pollfd waiting = {.fd = server->listener, .events = POLLIN};
    if (!at_once && poll(&waiting, 1, 0) > 0) return false;
    /* Closing alone does not take it out: other servers have it too. */
    if (server->listening) epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->listener, NULL);
    close(server->listener);
    server->listener = -1;
    server->listening = false;
    server->listen_again = 0;
    return true;
}

/* ---- making and ending */

void server_init(struct http_server *server, const struct http_settings *settings,
                 const struct http_handler *handler) {
    server->settings = *settings;
    server->handler = *handler;
    server->epoll = server->listener = -1;
    server->now = clock_monotonic();
    wheel_init(&server->wheel, server->now);
    buf_init(&server->answer_head, 64 << 10);
}

bool http_server_new(const struct http_settings *settings, const struct http_handler *handler,
                     struct http_server **out, struct err *err) {
    struct http_server *server = calloc(1, sizeof *server);
    if (!server) return err_set(err, ERR_MEMORY, "no memory for the HTTP server");
    server_init(server, settings, handler);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll < 0) {
        err_errno(err, errno, "the HTTP server's epoll set");
        free(server);
        return false;
    }
    *out = server;
    return true;
}

void http_server_free(struct http_server *server) {
    if (!server) return;
    http_server_close_all(server);
    if (server->counts_due) server_tell_counts(server);
    if (server->listener >= 0) close(server->listener);
    close(server->epoll);
    buf_free(&server->answer_head);
    free(server);
}
