#include "shell/connection.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "shell/loop.h"

/* Clients that close their half of the connection behind a request get its answer if it is quick.
 */
#define LEAVES_AFTER (2 * CLOCK_MS)
enum {
    LOOK_MS = 5,    /* how often it is looked at gone ones */
    LOOK_MAX = 256, /* at so many at once */
};

static void gone_add(struct shell_connection *connection) {
    if (connection->listed) return;
    connection->listed = true;
    list_append(&connection->loop->gone, &connection->link);
}

static void gone_remove(struct shell_connection *connection) {
    if (!connection->listed) return;
    connection->listed = false;
    list_remove(&connection->loop->gone, &connection->link);
}

static void *begin(struct shell_loop *loop, struct MHD_Connection *of) {
    struct shell_connection *connection = calloc(1, sizeof *connection);
    if (!connection) return NULL;
    connection->loop = loop;
    connection->fd = MHD_get_connection_info(of, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = connection};
    if (!epoll_ctl(loop->epoll, EPOLL_CTL_ADD, connection->fd, &event)) return connection;
    free(connection);
    return NULL;
}

/* Before libmicrohttpd closes the descriptor; a lingering copy of it would keep it in the set. */
static void end(struct shell_connection *connection) {
    epoll_ctl(connection->loop->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    gone_remove(connection);
    free(connection);
}

void connection_notify(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = begin(cls, connection);
    else if (*context)
        end(*context);
}

struct shell_connection *connection_of(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void connection_suspend(struct shell_connection *connection, struct shell_request *request) {
    if (!connection) return;
    connection->suspended = request;
    if (connection->gone) gone_add(connection);
}

void connection_resume(struct shell_connection *connection) {
    if (connection) connection->suspended = NULL;
}

void connection_ended(struct shell_connection *connection) {
    connection->gone = true;
    gone_add(connection);
}

/* Is nothing more to be done about it? Bytes that came before the end are read first. */
static bool settle(struct shell_connection *connection, uint64_t now) {
    struct shell_request *request = connection->suspended;
    int unread;
    if (request && now - request->suspended_at < LEAVES_AFTER) return false;
    if (request)
        handler_client_left(request);
    else if (!ioctl(connection->fd, FIONREAD, &unread) && unread > 0)
        return false;
    else
        shutdown(connection->fd, SHUT_RD);
    return true;
}

void connection_look(struct shell_loop *loop) {
    struct list_link *last = loop->gone.last;
    if (!last || loop->now < loop->gone_look) return;
    loop->gone_look = loop->now + LOOK_MS * CLOCK_MS;
    for (int i = 0; i < LOOK_MAX; i++) { /* those that are not settled go behind `last` */
        struct list_link *link = loop->gone.first;
        struct shell_connection *connection = OWNER(link, struct shell_connection, link);
        gone_remove(connection);
        if (!settle(connection, loop->now)) gone_add(connection);
        if (link == last) break;
    }
}

int connection_wait(const struct shell_loop *loop) {
    return loop->gone.first ? LOOK_MS : -1;
}
