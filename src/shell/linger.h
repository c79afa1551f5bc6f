/* Sockets whose answer went out before their request was read to its end. Closing a socket that has
 * unread bytes resets the connection, and the reset may overtake the answer; so a duplicate of the
 * descriptor stays open for a while, and what still comes is read and forgotten. Thread: the
 * loop's. */
#ifndef PK_SHELL_LINGER_H
#define PK_SHELL_LINGER_H

#include <stdbool.h>
#include <stdint.h>

enum { LINGER_MAX = 64, LINGER_MS = 2000 };

struct linger_set {
    struct linger_socket {
        int fd; /* -1: free */
        uint64_t until;
    } sockets[LINGER_MAX];
    unsigned count;
    int epoll; /* the loop's */
};

void linger_init(struct linger_set *linger, int epoll);
/* Keep a duplicate of `fd`; does nothing when there are too many already. */
void linger_add(struct linger_set *linger, int fd, uint64_t now);
/* Epoll data of a socket of ours; read what it has. */
void linger_event(struct linger_set *linger, unsigned index);
/* Close those whose time is over. */
void linger_expire(struct linger_set *linger, uint64_t now);
void linger_free(struct linger_set *linger);

#endif
