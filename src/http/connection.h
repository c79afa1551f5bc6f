/* One connection: what its client has sent so far, the request at hand, the answer that goes out.
 * Private to src/http. Thread: its server's.
 *
 * This file's functions take bytes and give bytes; socket.h moves them. So the state machine can be
 * fed by a test or a fuzzer without a socket. */
#ifndef PK_HTTP_CONNECTION_H
#define PK_HTTP_CONNECTION_H

#include "base/buf.h"
#include "base/list.h"
#include "base/states.h"
#include "http/chunks.h"
#include "http/head.h"
#include "http/http.h"
#include "http/wheel.h"

/* Life cycle. A connection begins IDLE; a request that comes in one piece goes from there to where
 * it ends. Each state may also become CLOSED. */
#define CONNECTION_AFTER_READ                                                                      \
    (TO(CONNECTION_IDLE) | TO(CONNECTION_WAITING) | TO(CONNECTION_WRITING) |                       \
     TO(CONNECTION_DISCARDING) | TO(CONNECTION_LINGERING) | TO(CONNECTION_CLOSED))
#define CONNECTION_STATES(X)                                                                       \
    /* between two requests */                                                                     \
    X(CONNECTION_IDLE, "idle", CONNECTION_AFTER_READ | TO(CONNECTION_HEAD) | TO(CONNECTION_BODY))  \
    /* a part of a head is there */                                                                \
    X(CONNECTION_HEAD, "head", CONNECTION_AFTER_READ | TO(CONNECTION_BODY))                        \
    /* the handler has the request's head */                                                       \
    X(CONNECTION_BODY, "body", CONNECTION_AFTER_READ)                                              \
    /* the handler has all of it; no answer yet */                                                 \
    X(CONNECTION_WAITING, "waiting",                                                               \
      TO(CONNECTION_IDLE) | TO(CONNECTION_WRITING) | TO(CONNECTION_LINGERING) |                    \
          TO(CONNECTION_CLOSED))                                                                   \
    /* the client must take the answer first */                                                    \
    X(CONNECTION_WRITING, "writing",                                                               \
      TO(CONNECTION_IDLE) | TO(CONNECTION_DISCARDING) | TO(CONNECTION_LINGERING) |                 \
          TO(CONNECTION_CLOSED))                                                                   \
    /* answered; the rest of the body is forgotten */                                              \
    X(CONNECTION_DISCARDING, "discarding",                                                         \
      TO(CONNECTION_IDLE) | TO(CONNECTION_LINGERING) | TO(CONNECTION_CLOSED))                      \
    /* its last answer is out; what comes is forgotten */                                          \
    X(CONNECTION_LINGERING, "lingering", TO(CONNECTION_CLOSED))                                    \
    X(CONNECTION_CLOSED, "closed", 0)

enum connection_state { CONNECTION_STATES(STATES_ENUM) CONNECTION_STATE_COUNT };

enum {
    /* Bytes that a client may send ahead of the answer to its request. */
    CONNECTION_AHEAD_MAX = 16 << 10,
    /* So much of a refused body is read and forgotten, so that the connection can go on. */
    CONNECTION_DISCARD_MAX = 256 << 10,
};

struct http_connection {
    struct http_server *server;
    int fd;
    enum connection_state state;
    struct wheel_timer timer;
    struct list_link link; /* in the server's list of its state (http_server_list) */
    uint64_t since;        /* when its state's deadline began */
    uint64_t accepted;     /* when it was accepted; 0: its client has sent something */
    uint32_t events;       /* what epoll looks for */

    struct http_request request;
    bool has_request; /* between `begin` and `closed` */
    bool in_callback; /* an answer is only kept: the caller of the callback sends it */
    bool has_answer;  /* `answer` is set, or sent and its request is not closed yet */
    bool is_head;     /* the request's method is HEAD */
    bool is_old;      /* HTTP/1.0 */
    bool chunked;
    bool expects;     /* it waits for "100 Continue" before its body */
    bool keep_alive;  /* the connection goes on behind this request */
    bool body_done;   /* all of the request's body was read */
    bool half_closed; /* its client sends nothing more, … */
    bool eof;         /* … and all that it has sent was read */
    bool probed;      /* "100 Continue" asked whether it is still there */

    uint64_t body_left; /* of a body with a length */
    struct http_chunks chunks;
    uint64_t discarded; /* bytes of the present body that nobody wanted */

    struct buf input; /* read, and not used yet */
    size_t scanned;   /* http_head_find_end's */

    struct http_answer answer;
    struct buf unsent; /* the rest of the answer's head */
    size_t body_sent;  /* bytes of its body that are out */
    uint64_t written;  /* bytes of all answers that are out */

    uint64_t moved;      /* bytes of bodies that came, or of answers that the client took … */
    uint64_t moved_then; /* … by the beginning of the period */
};

/* Move to a state that may come after the present one, and set that one's list and deadline. */
void connection_move(struct http_connection *connection, enum connection_state state);
void connection_init(struct http_connection *connection, struct http_server *server, int fd);
/* It is CLOSED and in no list: ends its request and frees what it has; the struct stays the
 * caller's. */
void connection_end(struct http_connection *connection);

/* Bytes came. They are used at once, or kept. */
void connection_feed(struct http_connection *connection, const void *bytes, size_t size);
/* How many bytes may be read now; 0: none, the client has sent enough ahead. */
size_t connection_appetite(const struct http_connection *connection);
/* The client sends nothing more (FIN). `eof`: all that it has sent was read. */
void connection_half_close(struct http_connection *connection, bool eof);
/* The socket takes bytes again. */
void connection_writable(struct http_connection *connection);
/* Its deadline has passed. */
void connection_expire(struct http_connection *connection);
/* Shut out, because connections are used up. */
void connection_evict(struct http_connection *connection);
/* After each of those: close it if its client's end was reached, and watch for what it waits for.
 */
void connection_settle(struct http_connection *connection);

/* ---- connection.c, input.c and output.c, for each other */

/* Answer a request that broke the rules, or whose client is too slow; then linger or close. */
void connection_refuse(struct http_connection *connection, unsigned status, const char *text);
/* The answer is out: end the request, and go on with the connection or end it. */
void connection_answered(struct http_connection *connection);
/* Use what the client has sent ahead. */
void connection_resume(struct http_connection *connection);
/* Make the head of `answer`, which says whether the connection goes on. */
void output_make_head(struct http_connection *connection);
/* Send that head and the body, or begin to. */
void output_begin(struct http_connection *connection);
/* "100 Continue". */
void output_interim(struct http_connection *connection);
/* Count into `moved` what the client has taken of the answers by now. */
void output_measure(struct http_connection *connection);
/* Forget the answer, sent or not. */
void output_free(struct http_connection *connection);

#endif
