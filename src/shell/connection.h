/* What we keep of a connection beside libmicrohttpd: whether its client is still there.
 *
 * libmicrohttpd does not look at suspended connections, whose requests are to be cancelled when the
 * client leaves. And where a client's last bytes and its end come together, 0.9.75 reads the bytes,
 * takes a short read for "nothing more at present" (connection.c, recv_param_adapter) and waits for
 * a notice that has been given already. So each connection is in the loop's own epoll set too, for
 * its end only; when that has come and all bytes are read, shutdown(2) makes the notice once more.
 * Private to src/shell. Thread: its loop. */
#ifndef PK_SHELL_CONNECTION_H
#define PK_SHELL_CONNECTION_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/list.h"

struct shell_loop;
struct shell_request;

struct shell_connection {
    struct shell_loop *loop;
    int fd;
    bool gone;   /* its client sends nothing more */
    bool listed; /* in shell_loop.gone */
    struct list_link link;
    struct shell_request *suspended; /* its request, while it is; NULL otherwise */
};

/* libmicrohttpd's callback (MHD_OPTION_NOTIFY_CONNECTION): makes and frees ours. `cls`: the loop.
 */
void connection_notify(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_ConnectionNotificationCode code);
/* Ours; NULL when there was no memory for it: then nobody sees that its client is gone. */
struct shell_connection *connection_of(struct MHD_Connection *connection);

void connection_suspend(struct shell_connection *connection, struct shell_request *request);
void connection_resume(struct shell_connection *connection);
/* Its event came. */
void connection_ended(struct shell_connection *connection);

/* Once in a turn, when libmicrohttpd has run: requests of clients that left are given up, the
 * others' connections are told to libmicrohttpd. */
void connection_look(struct shell_loop *loop);
/* ms until connection_look has something to do; -1: not before an event. */
int connection_wait(const struct shell_loop *loop);

#endif
