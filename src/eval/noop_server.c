#include "eval/noop_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eval/launch.h"

enum { EVENTS = 512, READ = 64 << 10 };

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: 4\r\n\r\n\"ok\"";

static void accept_all(int listener, int epoll) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

/* A request of ours comes in one piece and has no body: its end is the empty line. */
static void serve(int fd) {
    static char bytes[READ];
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN) return;
    bool whole = got >= 4 && memcmp(bytes + got - 4, "\r\n\r\n", 4) == 0;
    if (!whole || send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) close(fd);
}

__attribute__((noreturn)) static void run(int listener) {
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++)
            if (events[i].data.fd == listener)
                accept_all(listener, epoll);
            else
                serve(events[i].data.fd);
    }
}

static int listen_somewhere(struct sockaddr_in *address) {
    socklen_t size = sizeof *address;
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (bind(fd, (struct sockaddr *)address, size) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)address, &size)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Its listener is descriptor 0. */
int command_serve_nothing(int argc, char **argv) {
    if (argc != 2 || !launch_end_with(argv[1])) return 126;
    run(0);
}

bool noop_server_start(const char *self, pid_t *pid, struct sockaddr_in *address, struct err *err) {
    int listener = listen_somewhere(address);
    if (listener < 0) return err_errno(err, errno, "cannot listen on a port of 127.0.0.1");
    struct launch start = {.self = self,
                           .command = LAUNCH_NOTHING,
                           .environment = environ,
                           .input = listener,
                           .output = -1};
    int problem = launch(&start, pid);
    close(listener);
    return problem == 0 || err_errno(err, problem, "cannot start the server that does nothing");
}

void noop_server_stop(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
