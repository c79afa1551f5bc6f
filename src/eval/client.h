/* The client of the measurements: many HTTP calls at once over connections that are used again, one
 * thread, one epoll loop. It never repeats a call. One thread. */
#ifndef PK_EVAL_CLIENT_H
#define PK_EVAL_CLIENT_H

#include <netinet/in.h>
#include <signal.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* One call and what became of it. */
struct client_call {
    struct str request;  /* the whole of it; the caller's */
    struct buf *body;    /* takes the answer's body; the caller's; NULL: it is not kept */
    uint16_t status;     /* 0: there was no answer, see `failure` */
    uint32_t took;       /* µs from the first byte sent (or the attempt to connect) to the end */
    const char *failure; /* static text: no (whole) answer because … */
    bool disconnected;   /* … the server has ended the connection, or refused it */
    char *text; /* malloc: the beginning of an answer that is not 2xx, for the first ones of
                   a batch; the caller frees it */
};

/* Its answer came, with a status that says well done. */
static inline bool client_call_is_good(const struct client_call *call) {
    return call->status >= 200 && call->status < 300;
}

struct client_settings {
    struct sockaddr_in server;
    uint64_t timeout; /* ns that a call may take */
    /* Called every 100 ms, however short the batches are; false gives the batch up. */
    bool (*tick)(void *context, size_t done, size_t count);
    void *context;
};

struct client;
bool client_new(const struct client_settings *settings, struct client **out, struct err *err);
void client_free(struct client *client);
/* How many connections the system lets us have (open files); raises the limit first. */
uint32_t client_connections_max(void);
/* Make all calls, up to `parallel` at once; each gets its outcome. False: given up by `tick`, or
 * the system refused (too few open files for `parallel`, no memory). */
bool client_run(struct client *client, struct client_call *calls, size_t count, size_t parallel,
                struct err *err);
/* The same outside of a batch: call `tick` if 100 ms have passed since it was last called. */
bool client_tick_when_due(struct client *client, struct err *err);
/* Close connections that are idle, for a server that is about to stop. */
void client_close_idle(struct client *client);

/* "METHOD PATH HTTP/1.1 …" with its body, to be freed by buf_free. `host` as "127.0.0.1:8081";
 * `body` NULL: none. */
bool client_request(struct buf *out, const char *host, const char *method, const char *path,
                    const char *body, bool bearer);

#endif
