/* A connection without a socket: its test feeds bytes and reads what it wrote. peer.c takes the
 * place of src/http/socket.c and is the handler, too: it notes each request and answers it by its
 * target:
 *
 *   /now    in `begin`      /body   with its body, in `end`
 *   /piece  in `body`       /late   when peer_answer is called
 *   /none   `begin` fails */
#ifndef PK_TESTS_PEER_H
#define PK_TESTS_PEER_H

#include "http/connection.h"
#include "http/server.h"

struct peer {
    struct http_server *server;
    struct http_connection *connection;
    struct buf written; /* what the client got */
    size_t room;        /* so many bytes the socket takes yet */
    bool reset;         /* writing fails */
    bool shut;          /* "no more comes from us" */
    uint64_t untaken;   /* SIOCOUTQ */
    struct buf events;  /* "GET /now|body|end|sent\n" of each request */
    struct buf body;    /* of the present request */
    struct http_request *late;
    unsigned begun, closed, left, released;
};

void peer_begin(struct peer *peer);
void peer_feed(struct peer *peer, const void *bytes, size_t size);
void peer_text(struct peer *peer, const char *text);
/* Answer the request for /late with these bytes. */
void peer_answer(struct peer *peer, const char *body, size_t size);
/* Frees the connection if it is closed. */
void peer_reap(struct peer *peer);
/* Ends the connection if it is open, and frees everything. Each request that began was closed. */
void peer_end(struct peer *peer);

#endif
