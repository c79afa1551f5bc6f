#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log_rate.h"
#include "base/log_ring.h"
#include "base/log_text.h"

#define MESSAGE_SIZE 4096
#define GRACE        (50 * CLOCK_MS) /* for a writer that stops by itself at the deadline */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, ended;
    enum { IDLE, RUNNING, STOPPING, ENDED, STUCK } phase;
    bool waiting;  /* the writer waits for `filled` */
    bool broken;   /* the last write failed: no use in reporting what was lost */
    uint64_t lost; /* lines since the last report */
    struct log_rate rate;
    int fd, wake; /* `wake`: an eventfd that takes the writer out of poll */
    _Atomic uint64_t deadline;
    pthread_t thread;
    struct log_ring ring;
} writer = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .filled = PTHREAD_COND_INITIALIZER,
    .ended = PTHREAD_COND_INITIALIZER,
    .deadline = UINT64_MAX,
};
static struct log_levels wanted = {LOG_INFO, {[0 ... LOG_AREA_COUNT - 1] = LOG_INFO}};

/* ---- writing ---- */

static void write_directly(const struct log_text *line) {
    size_t done = 0;
    ssize_t written;
    while (done < line->size &&
           (written = log_write_some(STDERR_FILENO, line->bytes + done, line->size - done)) > 0)
        done += (size_t)written;
}

/* ---- the ring, under the lock ---- */

static void report_lost(void) {
    if (writer.lost == 0 || writer.broken || writer.ring.size > LOG_RING_SIZE / 2) return;
    struct log_text line;
    char text[100];
    int size = snprintf(text, sizeof text, "%llu lines lost: the reader of the log is too slow",
                        (unsigned long long)writer.lost);
    log_text_begin(&line, LOG_WARN, "log");
    log_text_add(&line, text, (size_t)size);
    log_text_end(&line);
    if (log_ring_put(&writer.ring, &line)) writer.lost = 0;
}

static void put_or_lose(const struct log_text *line) {
    if (!log_ring_put(&writer.ring, line)) writer.lost++;
}

/* What was more than its kind's rate: counts of seconds that are over at `now`. */
static void tell_rates(uint64_t now) {
    static struct log_text line; /* the lock guards it; a caller's stack may be a fiber's */
    while (log_rate_tell(&writer.rate, now, &line)) put_or_lose(&line);
}

/* ---- the writer thread ---- */

static bool time_is_over(void) {
    uint64_t deadline = atomic_load(&writer.deadline);
    return deadline != UINT64_MAX && clock_monotonic() >= deadline;
}

/* Until the descriptor takes bytes or log_stop calls or its time is over. */
static void wait_for_room(void) {
    uint64_t deadline = atomic_load(&writer.deadline);
    struct pollfd poll_set[] = {{.fd = writer.fd, .events = POLLOUT},
                                {.fd = writer.wake, .events = POLLIN}};
    uint64_t now = clock_monotonic();
    if (deadline == UINT64_MAX)
        poll(poll_set, 2, -1);
    else if (now < deadline) /* `wake` stays readable once log_stop has been called */
        poll(poll_set, 1, (int)((deadline - now) / CLOCK_MS));
}

/* Write the oldest bytes, unlocked; false when the time is over. */
static bool write_ring(void) {
    struct str oldest = log_ring_oldest(&writer.ring);
    pthread_mutex_unlock(&writer.lock);
    ssize_t written = log_write_some(writer.fd, oldest.data, oldest.size);
    if (written == 0) wait_for_room();
    pthread_mutex_lock(&writer.lock);
    if (written != 0) writer.broken = written < 0;
    if (written < 0) writer.lost += log_count_lines(oldest);
    log_ring_drop(&writer.ring, written < 0 ? oldest.size : (size_t)written);
    return !time_is_over();
}

/* Until there is something in the ring, or the log stops. */
static void wait_for_lines(void) {
    while (writer.ring.size == 0 && writer.phase == RUNNING) {
        uint64_t due = writer.rate.due;
        struct timespec until = {.tv_sec = (time_t)(due / CLOCK_S),
                                 .tv_nsec = (long)(due % CLOCK_S)};
        writer.waiting = true;
        if (due == UINT64_MAX)
            pthread_cond_wait(&writer.filled, &writer.lock);
        else
            pthread_cond_clockwait(&writer.filled, &writer.lock, CLOCK_MONOTONIC, &until);
        tell_rates(clock_monotonic());
    }
    writer.waiting = false;
    if (writer.phase != RUNNING) tell_rates(UINT64_MAX - 1); /* now or never */
}

static void *writer_run(void *unused) {
    (void)unused;
    bool go_on = true;
    pthread_mutex_lock(&writer.lock);
    while (go_on) {
        wait_for_lines();
        if (writer.ring.size == 0) break;
        go_on = write_ring();
        report_lost();
    }
    writer.phase = ENDED;
    pthread_cond_signal(&writer.ended);
    pthread_mutex_unlock(&writer.lock);
    return NULL;
}

/* With all signals blocked: they are for other threads, and SIGPIPE becomes EPIPE. */
static int start_thread(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&writer.thread, NULL, writer_run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static bool start_locked(int fd, unsigned most, struct err *err) {
    if (writer.phase != IDLE) return err_set(err, ERR_BUSY, "the log has been started already");
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0) return err_errno(err, errno, "no event descriptor for the log");
    writer.fd = fd, writer.wake = wake;
    log_ring_drop(&writer.ring, writer.ring.size), writer.lost = 0, writer.broken = false;
    atomic_store(&writer.deadline, UINT64_MAX);
    log_rate_init(&writer.rate, most);
    writer.phase = RUNNING; /* before the thread looks */
    int error = start_thread();
    if (error == 0) return true;
    writer.phase = IDLE;
    close(wake);
    return err_errno(err, error, "no thread for the log");
}

bool log_start(int fd, const struct log_settings *settings, struct err *err) {
    pthread_mutex_lock(&writer.lock);
    bool started = start_locked(fd, settings->most, err);
    pthread_mutex_unlock(&writer.lock);
    if (started) wanted = settings->levels;
    return started;
}

/* The writer's end, or GRACE after the deadline. A writer that is still there then hangs in a write
 * to a descriptor that it shares with somebody: it is left behind, and the log cannot be started
 * again. */
static void await_end(uint64_t deadline) {
    deadline += GRACE;
    struct timespec until = {.tv_sec = (time_t)(deadline / CLOCK_S),
                             .tv_nsec = (long)(deadline % CLOCK_S)};
    while (writer.phase != ENDED)
        if (pthread_cond_clockwait(&writer.ended, &writer.lock, CLOCK_MONOTONIC, &until) != 0)
            break;
    if (writer.phase == ENDED) {
        pthread_join(writer.thread, NULL); /* holds no lock any more once we hold it */
        close(writer.wake);
        writer.phase = IDLE;
    } else {
        pthread_detach(writer.thread);
        writer.phase = STUCK;
    }
}

void log_stop(int timeout_ms) {
    uint64_t timeout = timeout_ms > 0 ? (uint64_t)timeout_ms * CLOCK_MS : 0;
    uint64_t deadline = clock_monotonic() + timeout, one = 1;
    pthread_mutex_lock(&writer.lock);
    if (writer.phase == RUNNING) {
        writer.phase = STOPPING;
        atomic_store(&writer.deadline, deadline);
        ssize_t woken = write(writer.wake, &one, sizeof one);
        (void)woken; /* an eventfd that is written once has room */
        pthread_cond_signal(&writer.filled);
        await_end(deadline);
    }
    pthread_mutex_unlock(&writer.lock);
}

/* ---- callers ---- */

static bool is_started(void) {
    return writer.phase == RUNNING || writer.phase == STOPPING;
}

/* Under the lock. One signal wakes the writer; further ones only cost. */
static void wake_writer(void) {
    if (writer.waiting) pthread_cond_signal(&writer.filled);
    writer.waiting = false;
}

static void submit(struct log_text *line) {
    log_text_end(line);
    pthread_mutex_lock(&writer.lock);
    bool direct = !is_started();
    if (!direct) {
        put_or_lose(line);
        wake_writer();
    }
    pthread_mutex_unlock(&writer.lock);
    if (direct) write_directly(line);
}

/* The beginning of a message, not cut inside a character. */
static void keep_beginning(const char *message, char out[LOG_RATE_SHOWN + 1]) {
    size_t size = strnlen(message, LOG_RATE_SHOWN);
    if (size == LOG_RATE_SHOWN)
        while (size > 0 && ((uint8_t)message[size] & 0xc0) == 0x80) size--;
    memcpy(out, message, size);
    out[size] = '\0';
}

static bool may_log(const struct log_kind *kind, const char *message) {
    char *like;
    bool may = true;
    pthread_mutex_lock(&writer.lock);
    if (is_started()) {
        uint64_t now = clock_monotonic(), due = writer.rate.due;
        if (now >= due) tell_rates(now);
        may = log_rate_take(&writer.rate, kind, now, &like);
        if (like) keep_beginning(message, like);
        if (writer.rate.due < due) wake_writer(); /* it waits for longer */
    }
    pthread_mutex_unlock(&writer.lock);
    return may;
}

bool log_enabled(enum log_level level, const char *module) {
    return level != LOG_OFF && level <= log_levels_of(&wanted, module);
}

/* Per thread, not on the stack: callers run on the small stacks of fibers. */
static _Thread_local struct log_text thread_line;
static _Thread_local char thread_message[MESSAGE_SIZE];

void log_line(enum log_level level, const char *module, unsigned number, const char *format, ...) {
    if (!log_enabled(level, module)) return;
    va_list args;
    va_start(args, format);
    int size = vsnprintf(thread_message, MESSAGE_SIZE, format, args);
    va_end(args);
    /* A line has a message, even when printf cannot make it. */
    if (size <= 0) strcpy(thread_message, "-");
    if (!may_log(&(struct log_kind){format, module, level, number}, thread_message)) return;
    struct log_text *line = &thread_line;
    log_text_begin(line, level, module);
    log_text_add(line, thread_message, strlen(thread_message));
    if (size >= MESSAGE_SIZE) line->cut = true;
    submit(line);
}

void log_guest(const char *skill, const char *stream, const void *bytes, size_t size) {
    if (!log_enabled(LOG_INFO, "skill")) return;
    struct log_text *line = &thread_line;
    log_text_begin(line, LOG_INFO, "skill");
    log_text_add(line, skill, strlen(skill));
    log_text_put(line, " ", 1);
    log_text_add(line, stream, strlen(stream));
    log_text_put(line, ": ", 2);
    log_text_add(line, bytes, size);
    submit(line);
}
