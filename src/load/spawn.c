#include "load/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

struct pipe {
    int ours, its; /* -1: closed */
};

struct child {
    const struct spawn_task *task;
    struct spawn_result *result;
    struct pipe input, text, report;
    pid_t pid;
    int pidfd;
    uint64_t deadline, sent;
    uint8_t *piece; /* what was read of the input and not written yet */
    size_t piece_at, piece_end;
    size_t text_size;
    bool killed;
};

static void close_if_open(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* ---- starting */

/* Above the numbers that the child uses, so that no dup2 below overwrites the source of a later
 * one. */
static bool lift_descriptor(int *fd) {
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, SPAWN_FIRST_OUTPUT + SPAWN_MAX_OUTPUTS);
    if (high < 0) return false;
    close(*fd);
    *fd = high;
    return true;
}

static bool make_pipe(struct pipe *pipe, bool we_write) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    pipe->ours = ends[we_write ? 1 : 0];
    pipe->its = ends[we_write ? 0 : 1];
    return fcntl(pipe->ours, F_SETFL, O_NONBLOCK) == 0 && lift_descriptor(&pipe->its);
}

static bool make_pipes(struct child *child) {
    if (!make_pipe(&child->input, true) || !make_pipe(&child->text, false) ||
        !make_pipe(&child->report, false))
        return false;
    fcntl(child->input.ours, F_SETPIPE_SZ,
          SPAWN_PIECE); /* fewer wake-ups; the limit for users may be lower */
    return true;
}

static int add_actions(posix_spawn_file_actions_t *actions, const struct child *child,
                       const int *outputs) {
    int problem = posix_spawn_file_actions_adddup2(actions, child->input.its, 0);
    if (problem == 0)
        problem = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    if (problem == 0) problem = posix_spawn_file_actions_adddup2(actions, child->text.its, 2);
    if (problem == 0)
        problem = posix_spawn_file_actions_adddup2(actions, child->report.its, SPAWN_REPORT_FD);
    for (size_t i = 0; i < child->task->output_count && problem == 0; i++)
        problem =
            posix_spawn_file_actions_adddup2(actions, outputs[i], SPAWN_FIRST_OUTPUT + (int)i);
    return problem;
}

/* Default signals, and a process group of its own: a terminal's Ctrl-C is for us, we end our
 * children. */
static int add_attributes(posix_spawnattr_t *attributes) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int problem = posix_spawnattr_setsigdefault(attributes, &all);
    if (problem == 0) problem = posix_spawnattr_setsigmask(attributes, &none);
    if (problem == 0) problem = posix_spawnattr_setpgroup(attributes, 0);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP;
    return problem != 0 ? problem : posix_spawnattr_setflags(attributes, flags);
}

/* None; but a sanitizer's options, where there is one. */
static void make_environment(char *out[4]) {
    static const char *const options[] = {"ASAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS="};
    size_t count = 0;
    out[0] = NULL;
    if (!SPAWN_SANITIZED) return;
    for (char **at = environ; *at != NULL; at++)
        for (size_t i = 0; i < 3 && count < 3; i++)
            if (strncmp(*at, options[i], strlen(options[i])) == 0) out[count++] = *at;
    out[count] = NULL;
}

static int start(struct child *child, const int *outputs) {
    char *environment[4];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    make_environment(environment);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int problem = add_actions(&actions, child, outputs);
    if (problem == 0) problem = add_attributes(&attributes);
    if (problem == 0)
        problem = posix_spawn(&child->pid, child->task->program, &actions, &attributes,
                              (char *const *)child->task->argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

/* Copies of the outputs at high numbers, for the start only. */
static int start_with_outputs(struct child *child) {
    int outputs[SPAWN_MAX_OUTPUTS];
    size_t count = 0;
    int problem = 0;
    while (count < child->task->output_count && problem == 0) {
        int high = fcntl(child->task->outputs[count], F_DUPFD_CLOEXEC,
                         SPAWN_FIRST_OUTPUT + SPAWN_MAX_OUTPUTS);
        if (high < 0)
            problem = errno;
        else
            outputs[count++] = high;
    }
    if (problem == 0) problem = start(child, outputs);
    while (count > 0) close(outputs[--count]);
    return problem;
}

/* ---- running */

/* The whole group: whatever the child started ends with it. */
static void kill_child(struct child *child, enum spawn_end why) {
    if (child->killed) return;
    child->killed = true;
    child->result->end = why;
    kill(-child->pid, SIGKILL);
    pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
}

static bool read_piece(struct child *child) {
    const struct spawn_task *task = child->task;
    uint64_t left = task->input_size - child->sent;
    size_t size = left < SPAWN_PIECE ? (size_t)left : SPAWN_PIECE;
    ssize_t got;
    do got = pread(task->input, child->piece, size, (off_t)child->sent);
    while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    if (task->digest != NULL) digest_add(task->digest, child->piece, (size_t)got);
    child->sent += (uint64_t)got;
    child->piece_at = 0, child->piece_end = (size_t)got;
    return true;
}

static void feed(struct child *child) {
    if (child->piece_at == child->piece_end) {
        if (child->sent == child->task->input_size) {
            close_if_open(&child->input.ours);
            return;
        }
        if (!read_piece(child)) {
            child->result->input_failed = true;
            close_if_open(&child->input.ours);
            return;
        }
    }
    ssize_t wrote = write(child->input.ours, child->piece + child->piece_at,
                          child->piece_end - child->piece_at);
    if (wrote > 0)
        child->piece_at += (size_t)wrote;
    else if (wrote < 0 && errno != EAGAIN && errno != EINTR)
        close_if_open(&child->input.ours); /* EPIPE: it reads no more, and its end will say why */
}

/* Keep what fits, throw away the rest, so that a child that floods us does not wait for us and
 * costs nothing. At most one read per call: a flood must not keep us from the clock. */
static void take(int *fd, char *room, size_t cap, size_t *size) {
    char waste[4096];
    bool full = *size == cap;
    ssize_t got = read(*fd, full ? waste : room + *size, full ? sizeof waste : cap - *size);
    if (got > 0 && !full) *size += (size_t)got;
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) close_if_open(fd);
}

static int milliseconds_until(uint64_t deadline) {
    uint64_t now = clock_monotonic();
    if (now >= deadline) return 0;
    uint64_t left = (deadline - now) / CLOCK_MS + 1;
    return left > 60000 ? 60000 : (int)left;
}

/* Until the child has ended. */
static void attend(struct child *child) {
    struct spawn_result *result = child->result;
    for (bool ended = false; !ended;) {
        struct pollfd polls[] = {
            {.fd = child->pidfd, .events = POLLIN},
            {.fd = child->killed ? -1 : child->task->stop, .events = POLLIN},
            {.fd = child->input.ours, .events = POLLOUT},
            {.fd = child->text.ours, .events = POLLIN},
            {.fd = child->report.ours, .events = POLLIN},
        };
        if (poll(polls, 5, child->killed ? -1 : milliseconds_until(child->deadline)) < 0 &&
            errno != EINTR)
            abort();
        if (polls[1].revents != 0) kill_child(child, SPAWN_STOPPED);
        if (clock_monotonic() >= child->deadline) kill_child(child, SPAWN_TIMEOUT);
        if (polls[3].revents != 0)
            take(&child->text.ours, result->stderr_text, SPAWN_MAX_STDERR, &child->text_size);
        if (polls[4].revents != 0)
            take(&child->report.ours, result->report, SPAWN_MAX_REPORT, &result->report_size);
        if (polls[2].revents != 0) feed(child);
        ended = polls[0].revents != 0;
    }
}

static uint64_t time_of(struct timeval value) {
    return (uint64_t)value.tv_sec * CLOCK_S + (uint64_t)value.tv_usec * 1000;
}

/* False: how it ended is not to be had (errno), as where SIGCHLD is ignored. */
static bool reap(struct child *child) {
    siginfo_t info = {0};
    struct rusage usage = {0};
    kill(-child->pid, SIGKILL); /* the rest of its group, before its number is free */
    /* Its fifth parameter, what the child used, is hidden by the C library. */
    while (syscall(SYS_waitid, P_PIDFD, child->pidfd, &info, WEXITED, &usage) != 0)
        if (errno != EINTR) return false;
    struct spawn_result *result = child->result;
    result->cpu = time_of(usage.ru_utime) + time_of(usage.ru_stime);
    result->peak = (uint64_t)usage.ru_maxrss * 1024;
    result->code = info.si_status;
    if (!child->killed) result->end = info.si_code == CLD_EXITED ? SPAWN_EXITED : SPAWN_SIGNAL;
    return true;
}

/* What is still in the pipes after the end. Nobody of ours can fill them any more; a stranger that
 * still holds them gets no more than these reads. */
static void drain(struct child *child) {
    struct spawn_result *result = child->result;
    for (int i = 0; i < 64 && child->text.ours >= 0 && child->text_size < SPAWN_MAX_STDERR; i++) {
        size_t before = child->text_size;
        take(&child->text.ours, result->stderr_text, SPAWN_MAX_STDERR, &child->text_size);
        if (child->text_size == before) break;
    }
    for (int i = 0; i < 64 && child->report.ours >= 0 && result->report_size < SPAWN_MAX_REPORT;
         i++) {
        size_t before = result->report_size;
        take(&child->report.ours, result->report, SPAWN_MAX_REPORT, &result->report_size);
        if (result->report_size == before) break;
    }
    result->stderr_text[child->text_size] = '\0';
}

static bool watch(struct child *child, struct err *err) {
    child->pidfd = pidfd_open(child->pid, 0);
    if (child->pidfd >= 0) return true;
    int problem = errno;
    if (problem == ESRCH) /* SIGCHLD is ignored, its number is free: kill nobody by it */
        return err_errno(err, ECHILD, "cannot learn how %s ended", child->task->program);
    /* No descriptors left. */
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    return err_errno(err, problem, "cannot watch %s", child->task->program);
}

static bool run(struct child *child, struct err *err) {
    child->piece = malloc(SPAWN_PIECE);
    if (child->piece == NULL)
        return err_set(err, ERR_MEMORY, "no memory to start %s", child->task->program);
    if (!make_pipes(child))
        return err_errno(err, errno, "no pipes to start %s", child->task->program);
    uint64_t begin = clock_monotonic();
    child->deadline = begin + child->task->time_limit;
    int problem = start_with_outputs(child);
    if (problem != 0) return err_errno(err, problem, "cannot start %s", child->task->program);
    close_if_open(&child->input.its);
    close_if_open(&child->text.its);
    close_if_open(&child->report.its);
    if (!watch(child, err)) return false;
    attend(child);
    if (!reap(child))
        return err_errno(err, errno, "cannot learn how %s ended", child->task->program);
    drain(child);
    child->result->took = clock_monotonic() - begin;
    return true;
}

bool spawn_run(const struct spawn_task *task, struct spawn_result *result, struct err *err) {
    struct child child = {.task = task, .result = result, .pidfd = -1};
    child.input = child.text = child.report = (struct pipe){-1, -1};
    memset(result, 0, sizeof *result);
    result->code = -1;
    bool good = run(&child, err);
    close_if_open(&child.input.ours);
    close_if_open(&child.input.its);
    close_if_open(&child.text.ours);
    close_if_open(&child.text.its);
    close_if_open(&child.report.ours);
    close_if_open(&child.report.its);
    close_if_open(&child.pidfd);
    free(child.piece);
    return good;
}
