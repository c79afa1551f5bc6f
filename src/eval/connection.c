#include "eval/connection.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RESERVED_FILES = 64 /* of ours that are no connections */ };

uint32_t client_connections_max(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files)) return 256;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files)) getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur == RLIM_INFINITY || files.rlim_cur > 1 << 20) return 1 << 20;
    return files.rlim_cur > RESERVED_FILES ? (uint32_t)files.rlim_cur - RESERVED_FILES : 1;
}

void connection_free(struct connection *connection) {
    if (connection->fd >= 0) close(connection->fd);
    response_free(&connection->response);
    buf_free(&connection->text);
    free(connection);
}

struct connection *connection_open(const struct sockaddr_in *server, int epoll) {
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) return NULL;
    buf_init(&connection->text, CONNECTION_TEXT_MAX);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = connection};
    connection->wants_out = true;
    bool good = connection->fd >= 0 &&
                setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
                (connect(connection->fd, (const struct sockaddr *)server, sizeof *server) == 0 ||
                 errno == EINPROGRESS) &&
                epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0;
    if (good) return connection;
    int problem = errno;
    connection_free(connection);
    errno = problem;
    return NULL;
}

bool connection_is_usable(const struct connection *connection) {
    char byte;
    ssize_t got = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static bool watch(struct connection *connection, int epoll, bool out) {
    struct epoll_event event = {.events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = connection};
    connection->wants_out = out;
    return epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &event) == 0;
}

bool connection_send(struct connection *connection, int epoll) {
    const struct str *request = &connection->call->request;
    while (connection->sent < request->size) {
        ssize_t put = send(connection->fd, request->data + connection->sent,
                           request->size - connection->sent, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno != EAGAIN) return false;
        if (put < 0) return connection->wants_out || watch(connection, epoll, true);
        connection->sent += (size_t)put;
    }
    return !connection->wants_out || watch(connection, epoll, false);
}

const char *connection_failure(int problem) {
    switch (problem) {
    case ECONNREFUSED:
        return "the connection was refused: nothing listens there (any more)";
    case ECONNRESET:
    case EPIPE:
        return "the connection was reset before the answer was complete";
    case EMFILE:
    case ENFILE:
        return "no more files may be opened (see ulimit -n)";
    case EADDRNOTAVAIL:
        return "the system has no local port left (net.ipv4.ip_local_port_range)";
    case ETIMEDOUT:
        return "the connection timed out";
    default:
        return "the connection failed";
    }
}
