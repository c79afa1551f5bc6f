#include "shell/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

/* Cut "HOST:PORT" in two, in a copy that the caller frees. */
static bool split(const char *address, char **copy, char **host, char **port) {
    *copy = strdup(address);
    char *colon = *copy ? strrchr(*copy, ':') : NULL;
    if (!colon || colon == *copy || !colon[1]) return false;
    if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || atol(colon + 1) > 65535)
        return false; /* glibc would cut it to 16 bits */
    *colon = '\0';
    *port = colon + 1;
    *host = *copy;
    if (**host != '[') return strchr(*host, ':') == NULL; /* an IPv6 address needs brackets */
    if (colon[-1] != ']') return false;
    colon[-1] = '\0';
    (*host)++;
    return true;
}

/* NULL on failure. */
static struct addrinfo *resolve(const char *address, struct err *err) {
    char *copy, *host, *port;
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    if (!split(address, &copy, &host, &port)) {
        free(copy);
        err_set(err, ERR_INVALID,
                "KERNEL_ADDRESS \"%s\" is not of the form HOST:PORT, such as 127.0.0.1:8081",
                address);
        return NULL;
    }
    int failed = getaddrinfo(host, port, &hints, &found);
    free(copy);
    if (!failed) return found;
    err_set(err, ERR_INVALID,
            "KERNEL_ADDRESS \"%s\" (%s): set it to an address and port of this machine", address,
            gai_strerror(failed));
    return NULL;
}

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static char *name_of(int fd) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV], *text = NULL;
    if (getsockname(fd, (struct sockaddr *)&address, &size) ||
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return NULL;
    if (asprintf(&text, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port) < 0) return NULL;
    return text;
}

/* No SO_REUSEPORT: a second kernel on the same port must be refused. */
static int open_one(const struct addrinfo *found) {
    int one = 1, fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                             found->ai_protocol);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!bind(fd, found->ai_addr, found->ai_addrlen) && !listen(fd, BACKLOG)) return fd;
    int failed = errno;
    close(fd);
    errno = failed;
    return -1;
}

static const char *remedy(int failed) {
    switch (failed) {
    case EADDRINUSE:
        return "another program has this port: stop it, or set KERNEL_ADDRESS to a free one";
    case EACCES:
        return "ports below 1024 need more rights: set KERNEL_ADDRESS to another port";
    case EADDRNOTAVAIL:
        return "this machine has no such address: set KERNEL_ADDRESS to one that it has";
    default:
        return "set KERNEL_ADDRESS to an address and port of this machine";
    }
}

bool listen_open(const char *address, int *fd, char **got, bool *is_public, struct err *err) {
    struct addrinfo *found = resolve(address, err);
    if (!found) return false;
    *fd = open_one(found);
    int failed = errno;
    *is_public = !is_loopback(found->ai_addr);
    freeaddrinfo(found);
    if (*fd >= 0) {
        *got = name_of(*fd);
        return true;
    }
    return err_set(err, ERR_IO, "cannot listen on %s (%s): %s", address, strerror(failed),
                   remedy(failed));
}
