/* A connection of the client: opened without waiting, watched by an epoll set, used for one call
 * after the other. One thread. */
#ifndef PK_EVAL_CONNECTION_H
#define PK_EVAL_CONNECTION_H

#include <netinet/in.h>
#include <stdint.h>

#include "eval/client.h"
#include "eval/response.h"

enum { CONNECTION_TEXT_MAX = 2000 }; /* bytes of a body that the caller does not want */

enum connection_state { CONNECTION_CONNECTING, CONNECTION_BUSY, CONNECTION_IDLE };

struct connection {
    int fd;
    enum connection_state state;
    bool wants_out;
    struct client_call *call;
    size_t sent;
    uint64_t begin;
    struct response response;
    struct buf text;         /* where the body goes when the caller does not want it */
    size_t place;            /* in client->live */
    struct connection *next; /* in client->idle */
};

/* Begin to connect, watched by `epoll` for what comes and for being ready; NULL: see errno. */
struct connection *connection_open(const struct sockaddr_in *server, int epoll);
void connection_free(struct connection *connection);
/* Nothing has come since it became idle, not even its end. */
bool connection_is_usable(const struct connection *connection);
/* Send what is left of its call's request, as far as the system takes it; false: see errno. */
bool connection_send(struct connection *connection, int epoll);
/* What to tell people about an errno. Static text. */
const char *connection_failure(int problem);

#endif
