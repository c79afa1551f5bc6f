#include "shell/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "shell/poll_tag.h"

void linger_init(struct linger_set *linger, int epoll) {
    linger->epoll = epoll;
    linger->count = 0;
    for (unsigned i = 0; i < LINGER_MAX; i++) linger->sockets[i].fd = -1;
}

static void linger_close(struct linger_set *linger, unsigned index) {
    /* Closing alone would leave it in the set as long as libmicrohttpd has its own descriptor of
     * the socket. */
    epoll_ctl(linger->epoll, EPOLL_CTL_DEL, linger->sockets[index].fd, NULL);
    close(linger->sockets[index].fd);
    linger->sockets[index].fd = -1;
    linger->count--;
}

void linger_add(struct linger_set *linger, int fd, uint64_t now) {
    if (linger->count == LINGER_MAX) return;
    unsigned index = 0;
    while (linger->sockets[index].fd >= 0) index++;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP,
                                .data.u64 = poll_tag(POLL_LINGER, index)};
    if (epoll_ctl(linger->epoll, EPOLL_CTL_ADD, copy, &event)) {
        close(copy);
        return;
    }
    linger->sockets[index] = (struct linger_socket){copy, now + LINGER_MS * CLOCK_MS};
    linger->count++;
}

void linger_event(struct linger_set *linger, unsigned index) {
    if (linger->sockets[index].fd < 0) return;
    char waste[65536];
    ssize_t got = recv(linger->sockets[index].fd, waste, sizeof waste, MSG_DONTWAIT);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
    linger_close(linger, index);
}

void linger_expire(struct linger_set *linger, uint64_t now) {
    for (unsigned i = 0; i < LINGER_MAX && linger->count > 0; i++)
        if (linger->sockets[i].fd >= 0 && now >= linger->sockets[i].until) linger_close(linger, i);
}

void linger_free(struct linger_set *linger) {
    linger_expire(linger, UINT64_MAX);
}
