#include "shell/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/must.h"
#include "shell/handler.h"

/* So long new connections are taken after the stop, if they never end. */
#define DRAIN_MAX CLOCK_S
/* A client that has just connected is about to send its request: so long it is waited for at the
 * end, and as long the answer to it. */
#define FRESH_FOR (500 * CLOCK_MS)

/* ---- one turn */

static enum shell_phase phase_of(const struct shell_loop *loop) {
    return (enum shell_phase)atomic_load_explicit(&loop->shell->phase, memory_order_relaxed);
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

/* Who connected or asked before the stop is heard: the listener is closed when nobody waits at it,
 * and we have heard all when a look at the connections after that finds nothing. */
static void drain(struct shell_loop *loop, unsigned events) {
    uint64_t now = http_server_now(loop->http);
    if (!loop->drain_until) {
        loop->drain_until = now + DRAIN_MAX;
        http_server_say_close(loop->http);
    }
    bool late = now >= loop->drain_until;
    if (!loop->quiesced)
        loop->quiesced = http_server_stop_listening(loop->http, late);
    else if (late || events == 0)
        atomic_store(&loop->drained, true);
}

static void turn(struct shell_loop *loop, uint64_t limit) {
    uint64_t count;
    bool draining = phase_of(loop) != SHELL_SERVING && !loop->drained;
    bool asleep = !draining && mailbox_sleep(&loop->mail);
    unsigned events = http_server_poll(loop->http, asleep ? limit : 0);
    if (asleep) mailbox_awake(&loop->mail);
    take_mail(loop);
    if (phase_of(loop) == SHELL_SERVING) return;
    if (read(loop->control, &count, sizeof count) < 0) must(errno == EAGAIN || errno == EINTR);
    if (!loop->drained) drain(loop, events);
}

/* ---- the end */

/* The end of the process would cut those off that connected in the last moments. */
static void hear_the_last(struct shell_loop *loop) {
    uint64_t until = clock_monotonic() + FRESH_FOR;
    while (clock_monotonic() < until && (http_server_has_fresh(loop->http, FRESH_FOR) ||
                                         (atomic_load(&loop->active) > loop->outstanding)))
        turn(loop, 10 * CLOCK_MS);
}

/* Other threads may still have requests whose clients are gone by now. */
static void abandon_all(struct shell_loop *loop) {
    http_server_close_all(loop->http);
    while (loop->outstanding > 0) {
        mailbox_wait(&loop->mail, 100 * CLOCK_MS);
        take_mail(loop);
    }
}

static void *run(void *argument) {
    struct shell_loop *loop = argument;
    pthread_setname_np(pthread_self(), "shell");
    while (phase_of(loop) != SHELL_ENDING) turn(loop, UINT64_MAX);
    http_server_stop_listening(loop->http, true);
    if (loop->drained) hear_the_last(loop);
    abandon_all(loop);
    return NULL;
}

/* ---- making and ending */

static bool new_http(struct shell_loop *loop, struct err *err) {
    const struct shell_settings *settings = &loop->shell->settings;
    const struct http_settings http = {
        .connections = settings->connections,
        .idle_timeout = settings->idle_timeout,
        .header_timeout = settings->header_timeout,
        .transfer_period = settings->transfer_period,
        .transfer_least = settings->transfer_rate * (settings->transfer_period / CLOCK_MS) / 1000,
    };
    const struct http_handler handler = {.begin = handler_begin,
                                         .body = handler_body,
                                         .end = handler_end,
                                         .closed = handler_closed,
                                         .context = loop};
    return http_server_new(&http, &handler, &loop->http, err);
}

bool loop_new(struct shell_loop *loop, struct shell *shell, struct err *err) {
    *loop = (struct shell_loop){.shell = shell, .control = -1};
    if (!mailbox_init(&loop->mail)) return err_errno(err, errno, "the HTTP server's mailbox");
    loop->control = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    bool made = loop->control >= 0 || err_errno(err, errno, "the HTTP server's control");
    if (made && new_http(loop, err)) {
        if (http_server_watch(loop->http, loop->control) &&
            http_server_watch(loop->http, loop->mail.event))
            return true;
        err_errno(err, errno, "the HTTP server's epoll set");
    }
    loop_free(loop);
    return false;
}

bool loop_start(struct shell_loop *loop, int listener, struct err *err) {
    if (!http_server_listen(loop->http, listener, err)) return false;
    int failed = pthread_create(&loop->thread, NULL, run, loop);
    loop->started = failed == 0;
    return loop->started || err_errno(err, failed, "the HTTP server's thread");
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
    http_server_free(loop->http);
    request_free_pool(loop);
    if (loop->control >= 0) close(loop->control);
    mailbox_free(&loop->mail);
}
