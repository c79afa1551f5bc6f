/* An HTTP/1.1 server: an epoll set, its connections, their deadlines. It knows nothing of skills.
 *
 * One http_server belongs to one thread, which calls http_server_poll again and again; every other
 * function here is called on that thread too, unless it says otherwise. The server reads a request,
 * hands it to the handler piece by piece, and writes the answer that the handler sets: at once,
 * within a callback, or later. Requests of one connection are handed over one after the other, so
 * pipelined ones are answered in their order. Framing is RFC 9112 without its leniencies (head.h,
 * chunks.h): a request that breaks it gets its status and is the last of its connection.
 *
 * A client leaves by a reset, or by closing its connection while its request is incomplete. The end
 * of what a client sends (FIN) behind a complete request may be either: a client that closed, or
 * one that only closed its sending half and waits for the answer. An interim "100 Continue" finds
 * out: to a closed socket it brings a reset back, and every client must pass over it (RFC 9110,
 * 15.2). So who waits gets the answer and who closed is gone, however busy the machine is. HTTP/1.0
 * knows no interim answers: there only a reset is leaving. */
#ifndef PK_HTTP_HTTP_H
#define PK_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct http_server;
struct http_head;

/* ---- statuses: X(name, number, reason) */

#define HTTP_STATUSES(X)                                                                           \
    X(HTTP_OK, 200, "OK")                                                                          \
    X(HTTP_BAD_REQUEST, 400, "Bad Request")                                                        \
    X(HTTP_NOT_FOUND, 404, "Not Found")                                                            \
    X(HTTP_METHOD_NOT_ALLOWED, 405, "Method Not Allowed")                                          \
    X(HTTP_REQUEST_TIMEOUT, 408, "Request Timeout")                                                \
    X(HTTP_CONTENT_TOO_LARGE, 413, "Content Too Large")                                            \
    X(HTTP_URI_TOO_LONG, 414, "URI Too Long")                                                      \
    X(HTTP_UNSUPPORTED_MEDIA_TYPE, 415, "Unsupported Media Type")                                  \
    X(HTTP_EXPECTATION_FAILED, 417, "Expectation Failed")                                          \
    X(HTTP_UNPROCESSABLE_CONTENT, 422, "Unprocessable Content")                                    \
    X(HTTP_HEADERS_TOO_LARGE, 431, "Request Header Fields Too Large")                              \
    X(HTTP_INTERNAL_ERROR, 500, "Internal Server Error")                                           \
    X(HTTP_SERVICE_UNAVAILABLE, 503, "Service Unavailable")                                        \
    X(HTTP_VERSION_NOT_SUPPORTED, 505, "HTTP Version Not Supported")

enum http_status {
#define X(name, number, reason) name = (number),
    HTTP_STATUSES(X)
#undef X
};

/* ---- requests */

/* One request, from `begin` to `closed`. It is the server's; the handler has `user`. */
struct http_request {
    void *user; /* the handler's; NULL before `begin` */
};

enum http_end {
    HTTP_SENT, /* the system has the whole answer */
    HTTP_LEFT, /* the client left, was too slow or was shut out; there may have been an answer */
};

/* Callbacks. In each of the first three the request may be answered; what follows of its body is
 * then not handed over. Spans are valid only within the callback. */
struct http_handler {
    /* The head is there. False: there is no memory for the request; the connection is closed, and
     * no other callback comes. */
    bool (*begin)(void *context, struct http_request *request, const struct http_head *head);
    void (*body)(struct http_request *request, const void *bytes, size_t size);
    /* It is complete. Answer it now or later. */
    void (*end)(struct http_request *request);
    /* The last that is heard of a request whose `begin` returned true. */
    void (*closed)(struct http_request *request, enum http_end end);
    void *context;
};

struct http_answer {
    unsigned status;
    const char *type;   /* Content-Type; NULL: none */
    bool close;         /* this answer is the connection's last */
    struct str headers; /* further lines, each with its CRLF; copied */
    const void *data;   /* the body; not copied, it stays until `release` */
    size_t size;
    void (*release)(void *owner); /* NULL: the body need not be released */
    void *owner;
};

/* Once for each request, until `closed`. Takes over the body; releases it before `closed`. Outside
 * of the callbacks `closed` may come, and the next request begin, before it returns. */
void http_request_answer(struct http_request *request, const struct http_answer *answer);

/* ---- the server */

struct http_settings {
    uint32_t connections;     /* open at once; beyond it the idlest and slowest are closed */
    uint64_t idle_timeout;    /* ns; of a connection between two requests */
    uint64_t header_timeout;  /* ns; from the first byte of a head to its last */
    uint64_t transfer_period; /* ns; so often a body or an answer under way is looked at, … */
    uint64_t transfer_least;  /* … by then so many bytes must have come or gone */
};

bool http_server_new(const struct http_settings *settings, const struct http_handler *handler,
                     struct http_server **out, struct err *err);
/* Ends all requests (`closed` is called) and connections. */
void http_server_close_all(struct http_server *server);
/* The same, and frees the server. NULL allowed. */
void http_server_free(struct http_server *server);

/* Accept from this listening socket, which several servers may share; takes over the descriptor. */
bool http_server_listen(struct http_server *server, int listener, struct err *err);
/* Close the listener if nobody waits at it, or `at_once`. False: poll, and call it again. */
bool http_server_stop_listening(struct http_server *server, bool at_once);
/* From now on each answer is the last of its connection. */
void http_server_say_close(struct http_server *server);

/* Wait for events, at most `timeout_ns` (UINT64_MAX: no limit; 0: do not wait), and deal with them.
 * Returns their number. */
unsigned http_server_poll(struct http_server *server, uint64_t timeout_ns);
/* The time of the latest poll (clock_monotonic). */
uint64_t http_server_now(const struct http_server *server);
/* Wake http_server_poll when this descriptor is readable; the caller reads it. */
bool http_server_watch(struct http_server *server, int fd);
/* Connections accepted less than `age` ns ago whose client has not sent a byte yet. */
bool http_server_has_fresh(const struct http_server *server, uint64_t age);

#endif
