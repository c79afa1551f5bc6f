/* New connections, and room for them when connections or descriptors are used up: who is idle
 * longest goes first, then who is slowest in the middle of a request; never one whose call runs. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/connection.h"
#include "http/server.h"

enum {
    ACCEPTS_MAX = 64, /* per event */
    LOOK_MAX = 64,    /* slow connections among which the slowest is looked for */
};
#define NEW_FOR     (100 * CLOCK_MS)
#define AGAIN_AFTER (100 * CLOCK_MS)
#define TELL_EVERY  (10 * CLOCK_S)

/* ---- counts */

void server_count(struct http_server *server, uint64_t *counter) {
    (*counter)++;
    if (!server->counts_due) server->counts_due = server->now + TELL_EVERY;
}

/* One line, however many there were. */
void server_tell_counts(struct http_server *server) {
    struct server_counts *counts = &server->counts;
    log_warn("http",
             "in the last 10 s: connections used up (%" PRIu32 " open, at most %" PRIu32
             "): %" PRIu64 " idle and %" PRIu64 " slow ones closed; too slow: %" PRIu64
             " heads, %" PRIu64 " bodies, %" PRIu64 " readers; not accepted: %" PRIu64 "%s%s",
             server->open, server->settings.connections, counts->idle_shut_out,
             counts->slow_shut_out, counts->slow_heads, counts->slow_bodies, counts->slow_readers,
             counts->accept_failures, counts->accept_failures ? ", " : "",
             counts->accept_failures ? strerror(counts->accept_error) : "");
    *counts = (struct server_counts){0};
    server->counts_due = 0;
}

/* ---- room */

/* Bytes per second since its state's deadline began; one that is quite new is not judged yet. */
static uint64_t speed(struct http_connection *connection, uint64_t now) {
    uint64_t age = (now - connection->since) / CLOCK_MS;
    if (connection->state == CONNECTION_WRITING) output_measure(connection);
    uint64_t bytes = connection->state == CONNECTION_HEAD
                         ? connection->input.size
                         : connection->moved - connection->moved_then;
    if (connection->state == CONNECTION_LINGERING) return 0; /* it has its answer */
    return age < 1000 ? UINT64_MAX : bytes * 1000 / age;
}

/* What it has sent may not have been read yet. */
static bool is_new(const struct http_connection *connection, uint64_t now) {
    return now - connection->since < NEW_FOR;
}

static struct http_connection *slowest(struct http_server *server) {
    struct http_connection *found = NULL;
    uint64_t least = 0;
    int looked = 0;
    for (struct list_link *link = server->slow.first; link && looked < LOOK_MAX;
         link = link->next, looked++) {
        struct http_connection *connection = OWNER(link, struct http_connection, link);
        if (is_new(connection, server->now)) continue;
        uint64_t bytes = speed(connection, server->now);
        if (found && bytes >= least) continue;
        found = connection;
        least = bytes;
    }
    return found;
}

/* The idlest, or the slowest; NULL: everybody's call runs, or has just come. */
static struct http_connection *find_dispensable(struct http_server *server) {
    struct list_link *link = server->idle.first;
    if (link) {
        struct http_connection *idlest = OWNER(link, struct http_connection, link);
        if (!is_new(idlest, server->now)) return idlest;
    }
    return slowest(server);
}

/* False: nobody can be shut out. */
static bool make_room(struct http_server *server) {
    struct http_connection *connection = find_dispensable(server);
    if (connection) connection_evict(connection);
    return connection != NULL;
}

/* ---- accepting */

static void watch_listener(struct http_server *server, bool watch) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = server};
    if (server->listening == watch || server->listener < 0) return;
    int failed =
        epoll_ctl(server->epoll, watch ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, server->listener, &event);
    if (failed && watch) return; /* tried again at the next turn */
    server->listening = watch;
    server->listen_again = watch ? 0 : server->now + AGAIN_AFTER;
    server->open_then = server->open;
}

void server_listen_again(struct http_server *server) {
    if (!server->listen_again) return;
    if (server->open < server->open_then || server->now >= server->listen_again)
        watch_listener(server, true);
}

/* False: it was closed for want of memory. */
static bool add(struct http_server *server, int fd) {
    struct http_connection *connection = malloc(sizeof *connection);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = connection};
    if (!connection || epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event)) {
        free(connection);
        close(fd);
        return false;
    }
    connection_init(connection, server, fd);
    connection->events = event.events;
    return true;
}

static bool is_exhausted(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Nobody can make room: look again when somebody has left, or in a moment. */
static void pause_listening(struct http_server *server, int error) {
    server->counts.accept_error = error;
    server_count(server, &server->counts.accept_failures);
    watch_listener(server, false);
}

static bool is_full(struct http_server *server) {
    return server->open >= server->settings.connections && !find_dispensable(server);
}

void server_accept(struct http_server *server) {
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        if (is_full(server)) {
            pause_listening(server, EMFILE);
            return;
        }
        int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (server->open >= server->settings.connections) make_room(server);
            if (!add(server, fd)) return;
        } else if (is_exhausted(errno)) {
            int error = errno;
            if (make_room(server)) continue;
            pause_listening(server, error);
            return;
        } else if (errno == EAGAIN) {
            return;
        } /* else that client has left again */
    }
}
