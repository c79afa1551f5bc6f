#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log_text.h"

#define RING_SIZE    ((size_t)1 << 20)
#define MESSAGE_SIZE 4096
#define GRACE        (50 * CLOCK_MS) /* for a writer that stops by itself at the deadline */

/* Lines wait in ring[start, start + size) (modulo RING_SIZE). Only the writer moves `start`, so it
 * writes from the ring without the lock: callers touch free bytes alone. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, ended;
    enum { IDLE, RUNNING, STOPPING, ENDED, STUCK } phase;
    bool waiting;  /* the writer waits for `filled` */
    bool broken;   /* the last write failed: no use in reporting what was lost */
    uint64_t lost; /* lines since the last report */
    size_t start, size;
    int fd, wake; /* `wake`: an eventfd that takes the writer out of poll */
    _Atomic uint64_t deadline;
    pthread_t thread;
    char ring[RING_SIZE];
} writer = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .filled = PTHREAD_COND_INITIALIZER,
    .ended = PTHREAD_COND_INITIALIZER,
    .deadline = UINT64_MAX,
};
static _Atomic int log_level = LOG_INFO;

/* ---- writing ---- */

/* At most PIPE_BUF bytes: so much goes into a pipe in one piece, and without waiting when poll says
 * that there is room. Ends with a line where it can, so that our lines and another process's on the
 * same pipe do not mix. */
static size_t portion(const char *bytes, size_t size) {
    if (size <= PIPE_BUF) return size;
    const char *newline = memrchr(bytes, '\n', PIPE_BUF);
    return newline == NULL ? PIPE_BUF : (size_t)(newline + 1 - bytes);
}

/* The bytes that went out without waiting, -1 when the descriptor is of no use. */
static ssize_t write_some(int fd, const char *bytes, size_t size) {
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    if (poll(&out, 1, 0) <= 0) return 0;
    ssize_t written = write(fd, bytes, portion(bytes, size));
    return written < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : written;
}

static void write_directly(const struct log_text *line) {
    size_t done = 0;
    ssize_t written;
    while (done < line->size &&
           (written = write_some(STDERR_FILENO, line->bytes + done, line->size - done)) > 0)
        done += (size_t)written;
}

/* ---- the ring, under the lock ---- */

static bool ring_put(const struct log_text *line) {
    if (line->size > RING_SIZE - writer.size) return false;
    size_t at = (writer.start + writer.size) % RING_SIZE;
    size_t first = line->size < RING_SIZE - at ? line->size : RING_SIZE - at;
    memcpy(writer.ring + at, line->bytes, first);
    memcpy(writer.ring, line->bytes + first, line->size - first);
    writer.size += line->size;
    return true;
}

static void ring_drop(size_t size) {
    writer.size -= size;
    writer.start = (writer.start + size) % RING_SIZE;
    if (writer.size == 0) writer.start = 0; /* touches fewer pages */
}

static void report_lost(void) {
    if (writer.lost == 0 || writer.broken || writer.size > RING_SIZE / 2) return;
    struct log_text line;
    char text[100];
    int size = snprintf(text, sizeof text, "%llu lines lost: the reader of the log is too slow",
                        (unsigned long long)writer.lost);
    log_text_begin(&line, LOG_WARN, "log");
    log_text_add(&line, text, (size_t)size);
    log_text_end(&line);
    if (ring_put(&line)) writer.lost = 0;
}

static uint64_t count_lines(const char *bytes, size_t size) {
    uint64_t lines = 0;
    for (size_t i = 0; i < size; i++) lines += bytes[i] == '\n';
    return lines;
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
    const char *bytes = writer.ring + writer.start;
    size_t size = writer.size < RING_SIZE - writer.start ? writer.size : RING_SIZE - writer.start;
    pthread_mutex_unlock(&writer.lock);
    ssize_t written = write_some(writer.fd, bytes, size);
    if (written == 0) wait_for_room();
    pthread_mutex_lock(&writer.lock);
    if (written != 0) writer.broken = written < 0;
    if (written < 0) writer.lost += count_lines(bytes, size);
    ring_drop(written < 0 ? size : (size_t)written);
    return !time_is_over();
}

static void *writer_run(void *unused) {
    (void)unused;
    bool go_on = true;
    pthread_mutex_lock(&writer.lock);
    while (go_on) {
        while (writer.size == 0 && writer.phase == RUNNING) {
            writer.waiting = true;
            pthread_cond_wait(&writer.filled, &writer.lock);
        }
        writer.waiting = false;
        if (writer.size == 0) break;
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

static bool start_locked(int fd, struct err *err) {
    if (writer.phase != IDLE) return err_set(err, ERR_BUSY, "the log has been started already");
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0) return err_errno(err, errno, "no event descriptor for the log");
    writer.fd = fd, writer.wake = wake;
    writer.start = writer.size = 0, writer.lost = 0, writer.broken = false;
    atomic_store(&writer.deadline, UINT64_MAX);
    writer.phase = RUNNING; /* before the thread looks */
    int error = start_thread();
    if (error == 0) return true;
    writer.phase = IDLE;
    close(wake);
    return err_errno(err, error, "no thread for the log");
}

bool log_start(int fd, enum log_level level, struct err *err) {
    pthread_mutex_lock(&writer.lock);
    bool started = start_locked(fd, err);
    pthread_mutex_unlock(&writer.lock);
    if (started) atomic_store(&log_level, (int)level);
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

static void submit(struct log_text *line) {
    log_text_end(line);
    pthread_mutex_lock(&writer.lock);
    bool direct = writer.phase != RUNNING && writer.phase != STOPPING;
    if (!direct && !ring_put(line)) writer.lost++;
    if (!direct && writer.waiting) {
        writer.waiting = false; /* one signal wakes it; further ones only cost */
        pthread_cond_signal(&writer.filled);
    }
    pthread_mutex_unlock(&writer.lock);
    if (direct) write_directly(line);
}

bool log_parse_level(const char *text, enum log_level *level) {
    for (int i = LOG_OFF; i <= LOG_TRACE; i++) {
        if (strcasecmp(text, log_level_name((enum log_level)i)) != 0) continue;
        *level = (enum log_level)i;
        return true;
    }
    return false;
}

bool log_enabled(enum log_level level) {
    return level != LOG_OFF && (int)level <= atomic_load_explicit(&log_level, memory_order_relaxed);
}

/* Per thread, not on the stack: callers run on the small stacks of fibers. */
static _Thread_local struct log_text thread_line;
static _Thread_local char thread_message[MESSAGE_SIZE];

void log_line(enum log_level level, const char *module, const char *format, ...) {
    if (!log_enabled(level)) return;
    va_list args;
    va_start(args, format);
    int size = vsnprintf(thread_message, MESSAGE_SIZE, format, args);
    va_end(args);
    struct log_text *line = &thread_line;
    log_text_begin(line, level, module);
    if (size <= 0)
        log_text_put(line, "-", 1); /* a line has a message, even when printf cannot make it */
    else
        log_text_add(line, thread_message, strlen(thread_message));
    if (size >= MESSAGE_SIZE) line->cut = true;
    submit(line);
}

void log_guest(const char *skill, const char *stream, const void *bytes, size_t size) {
    if (!log_enabled(LOG_INFO)) return;
    struct log_text *line = &thread_line;
    log_text_begin(line, LOG_INFO, "skill");
    log_text_add(line, skill, strlen(skill));
    log_text_put(line, " ", 1);
    log_text_add(line, stream, strlen(stream));
    log_text_put(line, ": ", 2);
    log_text_add(line, bytes, size);
    submit(line);
}
