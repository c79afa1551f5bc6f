#include "http/socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/server.h"

long socket_write(struct http_connection *connection, const struct iovec *parts, int count) {
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
    for (;;) {
        ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) return sent;
        if (errno == EAGAIN) return 0;
        if (errno != EINTR) return -1;
    }
}

/* A client's end is looked for as long as it is not known: level-triggered, it would come again and
 * again. */
static uint32_t wanted(const struct http_connection *connection) {
    uint32_t events = 0;
    if (connection->state == CONNECTION_WRITING) events |= EPOLLOUT;
    if (!connection->eof && connection_appetite(connection) > 0) events |= EPOLLIN;
    if (!connection->half_closed) events |= EPOLLRDHUP;
    return events;
}

void socket_watch(struct http_connection *connection) {
    if (connection->state == CONNECTION_CLOSED) return;
    uint32_t events = wanted(connection);
    if (events == connection->events) return;
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->fd, &event))
        connection_move(connection, CONNECTION_CLOSED); /* no memory for it */
    connection->events = events;
}

void socket_shut(struct http_connection *connection) {
    shutdown(connection->fd, SHUT_WR);
}

void socket_close(struct http_connection *connection) {
    /* Closing alone does not take it out of the set while a child that is being started has a copy
     * of the descriptor, and its events would be of a connection that was freed. */
    epoll_ctl(connection->server->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    close(connection->fd);
    connection->fd = -1;
}

uint64_t socket_untaken(struct http_connection *connection) {
    int bytes = 0;
    if (ioctl(connection->fd, SIOCOUTQ, &bytes) || bytes < 0) return 0;
    return (uint64_t)bytes < connection->written ? (uint64_t)bytes : connection->written;
}
