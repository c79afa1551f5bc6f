/* A server's state. Private to src/http. Thread: its own. */
#ifndef PK_HTTP_SERVER_H
#define PK_HTTP_SERVER_H

#include "base/buf.h"
#include "base/list.h"
#include "http/head.h"
#include "http/http.h"
#include "http/wheel.h"

struct http_connection;

enum { SERVER_READ_MAX = 64 << 10 };

/* Clients that were not waited for any longer; since they were last told to the log. */
struct server_counts {
    uint64_t slow_heads, slow_bodies, slow_readers; /* by their deadlines */
    uint64_t idle_shut_out, slow_shut_out;          /* because connections were used up */
    uint64_t accept_failures;
    int accept_error; /* errno of the latest */
};

struct http_server {
    struct http_settings settings;
    struct http_handler handler;
    int epoll;
    int listener;          /* -1: none */
    bool listening;        /* the listener is in the epoll set */
    uint64_t listen_again; /* when it is put back even if no connection has ended; 0: it is in */
    uint32_t open_then;    /* connections when the listener was left */
    bool say_close;
    uint64_t now; /* of the latest poll */

    uint32_t open;       /* connections */
    struct list idle;    /* between two requests, longest idle first */
    struct list slow;    /* we wait for the client in the middle of a request, oldest first */
    struct list working; /* the handler has a whole request and no answer yet */
    struct list closed;  /* to be freed when no function of theirs runs */
    struct wheel wheel;

    struct server_counts counts;
    uint64_t counts_due; /* when they are told next; 0: there is nothing to tell */

    struct http_head head;  /* of the request that begins */
    struct buf answer_head; /* of the answer that begins */
    char date[40];          /* the line of the second `date_second` */
    uint64_t date_second;
    char bytes[SERVER_READ_MAX]; /* what one read has brought */
};

/* Set up all but the descriptors; a test needs no more to feed connections. */
void server_init(struct http_server *server, const struct http_settings *settings,
                 const struct http_handler *handler);
/* Free the connections that are CLOSED. */
void server_reap(struct http_server *server);

/* accept.c: take who waits at the listener; close others when connections are used up. */
void server_accept(struct http_server *server);
/* Look at the listener again if it was left because of a lack of descriptors or connections. */
void server_listen_again(struct http_server *server);
/* Something to tell was counted. */
void server_count(struct http_server *server, uint64_t *counter);
void server_tell_counts(struct http_server *server);

#endif
