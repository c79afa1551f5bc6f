#include "shell/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "shell/poll_tag.h"

#define EVENTS 128
/* So many turns may go by without a look at clients that left, while there is other work. */
#define UNPOLLED_MAX 16
/* Of one connection: the headers of a request and of its answer, and a piece of the body.
 * libmicrohttpd clears it after every request, so more of it is not free. */
#define CONNECTION_MEMORY 16384
/* So long new connections are taken after the stop, if they never end. */
#define DRAIN_MAX CLOCK_S

/* ---- suspended requests */

void loop_suspend(struct shell_request *request) {
    struct shell_loop *loop = request->loop;
    must(!request->suspended && request->connection);
    MHD_suspend_connection(request->connection);
    request->suspended = true;
    connection_suspend(connection_of(request->connection), request);
    request->suspended_at = loop->now;
    list_append(&loop->waiting, &request->link);
}

void loop_resume(struct shell_request *request) {
    struct shell_loop *loop = request->loop;
    must(request->suspended);
    request->suspended = false;
    connection_resume(connection_of(request->connection));
    list_remove(&loop->waiting, &request->link);
    MHD_resume_connection(request->connection);
}

/* ---- one turn */

/* libmicrohttpd takes its listener out of epoll at its connection limit, or when there is no
 * descriptor, and puts it back only within some later MHD_run: there must be one, even when the
 * last connection went away without an event of ours. */
enum { WAIT_MAX_MS = 500 };

static bool draining(const struct shell_loop *loop) {
    return atomic_load_explicit(&loop->shell->phase, memory_order_relaxed) != SHELL_SERVING &&
           !loop->drained;
}

/* ms that epoll may wait. */
static int wait_limit(struct shell_loop *loop) {
    MHD_UNSIGNED_LONG_LONG ms;
    if (draining(loop)) return 0;
    uint64_t limit = UINT64_MAX;
    if (MHD_get_timeout(loop->daemon, &ms) == MHD_YES) limit = ms;
    int look = connection_wait(loop);
    if (look >= 0 && limit > (uint64_t)look) limit = (uint64_t)look;
    if (loop->linger.count > 0 && limit > 100) limit = 100;
    return limit > WAIT_MAX_MS ? WAIT_MAX_MS : (int)limit;
}

static void take_event(struct shell_loop *loop, const struct epoll_event *event) {
    uint64_t count;
    switch ((enum poll_kind)(event->data.u64 & POLL_KIND_MASK)) {
    case POLL_CLIENT:
        connection_ended(event->data.ptr);
        break;
    case POLL_LINGER:
        linger_event(&loop->linger, poll_index(event->data.u64));
        break;
    case POLL_CONTROL:
        if (read(loop->control, &count, sizeof count) < 0) must(errno == EAGAIN || errno == EINTR);
        break;
    default:
        break; /* the daemon runs and the mail is taken at every turn */
    }
}

/* An event's connection is alive: only libmicrohttpd ends one, which does not run here. */
static void poll_events(struct shell_loop *loop) {
    struct epoll_event events[EVENTS];
    int limit = wait_limit(loop);
    bool asleep = limit != 0 && mailbox_sleep(&loop->mail);
    loop->idle = false;
    if (!asleep && ++loop->unpolled < UNPOLLED_MAX) { /* there is work: no system call to find it */
        loop->now = clock_monotonic();
        return;
    }
    loop->unpolled = 0;
    int count = epoll_wait(loop->epoll, events, EVENTS, asleep ? limit : 0);
    if (asleep) mailbox_awake(&loop->mail);
    must(count >= 0 || errno == EINTR);
    loop->idle = count == 0;
    loop->now = clock_monotonic();
    for (int i = 0; i < count; i++) take_event(loop, &events[i]);
}

static void take_mail(struct shell_loop *loop) {
    struct mail *mail = mailbox_take(&loop->mail);
    while (mail) {
        struct shell_request *request = (struct shell_request *)mail; /* its first member */
        mail = mail->next;
        must(request->at_work);
        request->at_work = false;
        loop->outstanding--;
        request->on_mail(request);
    }
}

static void stop_listening(struct shell_loop *loop) {
    if (loop->quiesced) return;
    loop->quiesced = true;
    int listener = MHD_quiesce_daemon(loop->daemon);
    if (listener >= 0) close(listener);
}

/* Who connected or asked before the stop is heard: the listener is closed when nobody waits at it,
 * and we have heard all when a look at the connections after that finds nothing. */
static void drain(struct shell_loop *loop) {
    if (!loop->drain_until) loop->drain_until = loop->now + DRAIN_MAX;
    bool late = loop->now >= loop->drain_until;
    if (!loop->quiesced) {
        struct pollfd waiting = {.fd = loop->listener, .events = POLLIN};
        if (late || poll(&waiting, 1, 0) <= 0) stop_listening(loop);
        return;
    }
    MHD_UNSIGNED_LONG_LONG ms;
    bool work = MHD_get_timeout(loop->daemon, &ms) == MHD_YES && ms == 0;
    if (late || (loop->idle && !work)) atomic_store(&loop->drained, true);
}

static void run_daemon(struct shell_loop *loop) {
    if (MHD_run(loop->daemon) != MHD_YES) log_error("shell", "libmicrohttpd's event loop failed");
}

static void turn(struct shell_loop *loop) {
    poll_events(loop);
    take_mail(loop);
    linger_expire(&loop->linger, loop->now);
    if (draining(loop)) drain(loop);
    run_daemon(loop);
    connection_look(loop);
}

/* libmicrohttpd aborts when it is stopped while connections are suspended. No further ones come:
 * handler_access begins nothing any more. */
static void abandon_all(struct shell_loop *loop) {
    while (loop->waiting.first)
        handler_client_left(OWNER(loop->waiting.first, struct shell_request, link));
    run_daemon(loop);
    while (loop->outstanding > 0) {
        mailbox_wait(&loop->mail, 100 * CLOCK_MS);
        take_mail(loop);
        run_daemon(loop);
    }
}

static void *run(void *argument) {
    struct shell_loop *loop = argument;
    pthread_setname_np(pthread_self(), "shell");
    loop->now = clock_monotonic();
    while (atomic_load_explicit(&loop->shell->phase, memory_order_relaxed) != SHELL_ENDING)
        turn(loop);
    stop_listening(loop);
    abandon_all(loop);
    MHD_stop_daemon(loop->daemon); /* tells handler_completed of every request that is left */
    loop->daemon = NULL;
    return NULL;
}

/* ---- making and ending */

static bool add_poll(struct shell_loop *loop, int fd, enum poll_kind kind) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = poll_tag(kind, 0)};
    return !epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
}

bool loop_new(struct shell_loop *loop, struct shell *shell, struct err *err) {
    *loop = (struct shell_loop){.shell = shell, .epoll = -1, .control = -1};
    if (!mailbox_init(&loop->mail)) return err_errno(err, errno, "the HTTP server's mailbox");
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->control = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    linger_init(&loop->linger, loop->epoll);
    if (loop->epoll < 0 || loop->control < 0 || !add_poll(loop, loop->control, POLL_CONTROL) ||
        !add_poll(loop, loop->mail.event, POLL_MAIL)) {
        err_errno(err, errno, "the HTTP server's epoll set");
        loop_free(loop);
        return false;
    }
    return true;
}

/* Percent-encodings are decoded by route.c: only there "a%2Fb" and "a/b" are different. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text) {
    (void)cls, (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct shell_loop *loop, int listener) {
    const struct shell_settings *settings = &loop->shell->settings;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handler_access, loop,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)settings->connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)settings->idle_timeout, MHD_OPTION_NOTIFY_COMPLETED, handler_completed, loop,
        MHD_OPTION_NOTIFY_CONNECTION, connection_notify, loop, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

bool loop_start(struct shell_loop *loop, int listener, struct err *err) {
    loop->listener = listener;
    loop->daemon = start_daemon(loop, listener);
    if (!loop->daemon) {
        close(listener);
        return err_set(err, ERR_IO, "libmicrohttpd did not start");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    bool polled = add_poll(loop, info->epoll_fd, POLL_DAEMON);
    int failed = polled ? pthread_create(&loop->thread, NULL, run, loop) : errno;
    loop->started = failed == 0;
    if (!failed) return true;
    MHD_stop_daemon(loop->daemon);
    return err_errno(err, failed, "the HTTP server's thread");
}

void loop_wake(struct shell_loop *loop) {
    uint64_t one = 1;
    ssize_t written = write(loop->control, &one, sizeof one);
    must(written == sizeof one || errno == EAGAIN);
}

void loop_join(struct shell_loop *loop) {
    if (!loop->started) return;
    pthread_join(loop->thread, NULL);
    loop->started = false;
}

void loop_free(struct shell_loop *loop) {
    must(!loop->started);
    request_free_pool(loop);
    linger_free(&loop->linger);
    if (loop->epoll >= 0) close(loop->epoll);
    if (loop->control >= 0) close(loop->control);
    mailbox_free(&loop->mail);
}
