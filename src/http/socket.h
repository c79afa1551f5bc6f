/* The system calls on a connection's socket; a test or a fuzzer puts its own in their place.
 * Private to src/http. Thread: the server's. */
#ifndef PK_HTTP_SOCKET_H
#define PK_HTTP_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct http_connection;

/* Bytes written; 0: it takes none now; -1: the client has left. */
long socket_write(struct http_connection *connection, const struct iovec *parts, int count);
/* Watch for what the connection waits for, and for nothing else. */
void socket_watch(struct http_connection *connection);
/* Say "no more comes from us" (FIN). */
void socket_shut(struct http_connection *connection);
void socket_close(struct http_connection *connection);
/* Bytes that were written and that the client has not taken yet. */
uint64_t socket_untaken(struct http_connection *connection);

#endif
