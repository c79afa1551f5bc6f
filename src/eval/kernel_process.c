#include "eval/kernel_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "eval/kernel_environment.h"
#include "eval/launch.h"

enum { TAIL = 600 };
#define POLL (5 * CLOCK_MS)
#define TICK (100 * CLOCK_MS)

bool kernel_parse_address(const char *text, struct sockaddr_in *out, struct err *err) {
    char host[64];
    const char *colon = strrchr(text, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    bool good = digits > 0 && digits <= 5 && colon[1 + digits] == '\0' &&
                (size_t)(colon - text) < sizeof host;
    unsigned long port = good ? strtoul(colon + 1, NULL, 10) : 0;
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    good = good && port > 0 && port <= UINT16_MAX;
    if (good) {
        snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
        good = inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1", &out->sin_addr) ==
                   1 &&
               (ntohl(out->sin_addr.s_addr) >> 24) == 127;
    }
    return good || err_set(err, ERR_INVALID,
                           "\"%.100s\" is no address of this machine: write for example "
                           "127.0.0.1:8081",
                           text);
}

static bool port_is_free(const struct sockaddr_in *address) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool is_free =
        bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno != EADDRINUSE;
    close(fd);
    return is_free;
}

/* The last line that is not empty of what the kernel has said so far. */
static void last_line(const struct kernel_process *kernel, char *out, size_t size) {
    char tail[TAIL + 1];
    struct stat stat_;
    snprintf(out, size, "it said nothing");
    if (fstat(kernel->log, &stat_) || stat_.st_size == 0) return;
    off_t from = stat_.st_size > TAIL ? stat_.st_size - TAIL : 0;
    ssize_t got = pread(kernel->log, tail, TAIL, from);
    while (got > 0 && (tail[got - 1] == '\n' || tail[got - 1] == '\r')) got--;
    if (got <= 0) return;
    tail[got] = '\0';
    const char *line = strrchr(tail, '\n');
    snprintf(out, size, "its last line: %s", line ? line + 1 : tail);
}

static void how_it_ended(const struct kernel_process *kernel, struct err *err) {
    char line[TAIL + 32], how[64];
    last_line(kernel, line, sizeof line);
    if (WIFSIGNALED(kernel->status))
        snprintf(how, sizeof how, "was killed by signal %d", WTERMSIG(kernel->status));
    else
        snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(kernel->status));
    err_set(err, ERR_IO, "the kernel %s %s; %s (all of it: %s)", kernel->settings.binary, how, line,
            kernel->settings.log_path);
}

/* While the leader of its group has not been waited for, nobody else can have the group's number:
 * what it left behind is ended first. */
static bool has_ended(struct kernel_process *kernel) {
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)kernel->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == 0)
        return false;
    kill(-kernel->pid, SIGKILL);
    waitpid(kernel->pid, &kernel->status, 0);
    kernel->pid = 0;
    return true;
}

bool kernel_alive(struct kernel_process *kernel, struct err *err) {
    if (kernel->pid && !has_ended(kernel)) return true;
    how_it_ended(kernel, err);
    return false;
}

/* ---- starting ---- */

static bool spawn(struct kernel_process *kernel, struct err *err) {
    const struct kernel_settings *settings = &kernel->settings;
    char **environment = kernel_environment_make(settings->address, settings->cache_dir);
    if (!environment) return err_set(err, ERR_MEMORY, "no memory to start %s", settings->binary);
    struct launch start = {.self = settings->self,
                           .command = LAUNCH_KERNEL,
                           .argument = settings->binary,
                           .folder = settings->folder,
                           .environment = environment,
                           .input = -1,
                           .output = kernel->log};
    int problem = launch(&start, &kernel->pid);
    kernel_environment_free(environment);
    if (problem == 0) return true;
    kernel->pid = 0;
    return err_errno(err, problem, "cannot start %s", settings->binary);
}

static bool not_ready(const struct kernel_process *kernel, const struct client_call *call,
                      struct err *err) {
    char line[TAIL + 32], status[32];
    last_line(kernel, line, sizeof line);
    snprintf(status, sizeof status, "status %u", call->status);
    return err_set(
        err, ERR_TIMEOUT,
        "the kernel %s was not ready within %g s (--timeout): GET %s: %s; %s (all of it: "
        "%s)",
        kernel->settings.binary, (double)kernel->settings.start_timeout / 1e9,
        kernel->settings.ready_path, call->failure ? call->failure : status, line,
        kernel->settings.log_path);
}

static bool wait_ready(struct kernel_process *kernel, struct client *client, struct err *err) {
    uint64_t until = clock_monotonic() + kernel->settings.start_timeout;
    struct buf request;
    buf_init(&request, 1 << 16);
    client_request(&request, kernel->settings.address, "GET", kernel->settings.ready_path, NULL,
                   false);
    bool ready = false, good = true;
    while (good && !ready) {
        struct client_call call = {.request = {(const char *)request.data, request.size}};
        good = kernel_alive(kernel, err) && client_run(client, &call, 1, 1, err) &&
               client_tick_when_due(client, err);
        free(call.text);
        ready = call.status == 200;
        if (!good || ready) break;
        if (clock_monotonic() > until) good = not_ready(kernel, &call, err);
        usleep(POLL / CLOCK_US);
    }
    buf_free(&request);
    return good;
}

bool kernel_start(struct kernel_process *kernel, const struct kernel_settings *settings,
                  struct client *client, struct err *err) {
    struct sockaddr_in address;
    *kernel = (struct kernel_process){.settings = *settings, .log = -1};
    if (!kernel_parse_address(settings->address, &address, err)) return false;
    if (access(settings->binary, X_OK))
        return err_errno(err, errno, "no kernel to run at %s (remedy: option --kernel)",
                         settings->binary);
    if (!port_is_free(&address))
        return err_set(
            err, ERR_BUSY,
            "port %u is busy: something listens at %s already. Remedy: stop it, or choose "
            "another with --address",
            ntohs(address.sin_port), settings->address);
    kernel->log = open(settings->log_path, O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_CLOEXEC, 0644);
    if (kernel->log < 0) return err_errno(err, errno, "cannot make %s", settings->log_path);
    if (!spawn(kernel, err)) return false;
    if (wait_ready(kernel, client, err)) return true;
    kernel_kill(kernel);
    return false;
}

/* ---- stopping ---- */

static bool wait_stopped(struct kernel_process *kernel, struct err *err) {
    const struct kernel_settings *settings = &kernel->settings;
    uint64_t now = clock_monotonic(), until = now + settings->stop_timeout, tick = now + TICK;
    for (; !has_ended(kernel); now = clock_monotonic()) {
        if (now > until)
            return err_set(
                err, ERR_TIMEOUT,
                "the kernel %s did not stop within %g s of SIGTERM (--timeout), so it was killed",
                settings->binary, (double)settings->stop_timeout / 1e9);
        if (now >= tick && settings->stopping && !settings->stopping(settings->context))
            return err_set(err, ERR_CANCELLED, "ended by a signal while the kernel was stopping");
        if (now >= tick) tick = now + TICK;
        usleep(500);
    }
    return true;
}

bool kernel_stop(struct kernel_process *kernel, struct err *err) {
    if (!kernel_alive(kernel, err)) return false;
    kill(kernel->pid, SIGTERM);
    if (!wait_stopped(kernel, err)) {
        kernel_kill(kernel);
        return false;
    }
    if (WIFEXITED(kernel->status) && WEXITSTATUS(kernel->status) == 0) return true;
    if (WIFSIGNALED(kernel->status) && WTERMSIG(kernel->status) == SIGTERM) return true;
    how_it_ended(kernel, err);
    return false;
}

void kernel_kill(struct kernel_process *kernel) {
    if (!kernel->pid) return;
    kill(-kernel->pid, SIGKILL);
    waitpid(kernel->pid, &kernel->status, 0);
    kernel->pid = 0;
}

void kernel_close(struct kernel_process *kernel) {
    kernel_kill(kernel);
    if (kernel->log >= 0) close(kernel->log);
    kernel->log = -1;
}

/* It may come a little after the kernel is ready. */
void kernel_log_value(const struct kernel_process *kernel, const char *key, char *out,
                      size_t size) {
    static char head[1 << 16];
    char pattern[64];
    const char *at = NULL;
    snprintf(pattern, sizeof pattern, " %s=", key);
    for (int i = 0; !at && i < 20; i++) {
        if (i) usleep(10000);
        ssize_t got = pread(kernel->log, head, sizeof head - 1, 0);
        head[got > 0 ? got : 0] = '\0';
        at = strstr(head, pattern);
    }
    const char *value = at ? at + strlen(pattern) : "unknown";
    snprintf(out, size, "%.*s", (int)strcspn(value, " ,\r\n"), value);
}
