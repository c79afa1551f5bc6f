#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "eval/runner.h"

#define RESOURCES_EVERY (500 * CLOCK_MS)
#define KERNEL_LOG_MAX  (1ll << 30)
enum { DYING_US = 200000 };

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
    interrupted = number;
}

static void on_broken_pipe(int number) {
    (void)number; /* who read our output has gone: writing fails, the run goes on */
}

/* Handlers, none ignored: the kernel would inherit that. */
void run_catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal}, old;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN) /* nohup */
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = on_broken_pipe;
    sigaction(SIGPIPE, &action, NULL);
}

/* A line in the kernel's log, of the form of its own. */
static void resource_line(const struct run *run, const struct process_figures *now) {
    char stamp[32], line[300];
    clock_format(clock_realtime(), stamp, sizeof stamp);
    int size =
        snprintf(line, sizeof line,
                 "%s INFO resource-eval: rss=%" PRIu64 " KB vms=%" PRIu64 " KB peak=%" PRIu64
                 " KB cpu=%" PRIu64 " ms children=%" PRIu64 " KB%s%s\n",
                 stamp, now->rss, now->vms, now->rss_peak, now->cpu_user + now->cpu_system,
                 now->children_rss, run->phase ? " phase=" : "", run->phase ? run->phase : "");
    ssize_t put = write(run->kernel.log, line, (size_t)size);
    (void)put; /* a full disk shows elsewhere */
}

static bool log_is_flooded(const struct run *run) {
    struct stat stat_;
    return fstat(run->kernel.log, &stat_) == 0 && stat_.st_size > KERNEL_LOG_MAX;
}

/* Look at the process, show and log it. */
static void look(struct run *run, size_t done) {
    struct process_figures now;
    if (!process_read(run->kernel.pid, false, &now)) return;
    if (now.children_rss > run->children_peak) run->children_peak = now.children_rss;
    if (run->progress.text) progress_tick(&run->progress, run->calls + done, now.rss);
    if (!run->options->resources || clock_monotonic() < run->resources_at) return;
    run->resources_at = clock_monotonic() + RESOURCES_EVERY;
    resource_line(run, &now);
}

bool run_tick(void *context, size_t done, size_t count) {
    struct run *run = context;
    (void)count;
    if (interrupted)
        return err_set(&run->stopped, ERR_CANCELLED, "ended by signal %d", (int)interrupted);
    if (!kernel_alive(&run->kernel, &run->stopped)) return false;
    if (log_is_flooded(run))
        return err_set(&run->stopped, ERR_LIMIT,
                       "the kernel's log %s is larger than 1 GiB (remedy: LOG_LEVEL=error)",
                       run->kernel.settings.log_path);
    look(run, done);
    return true;
}

bool run_stopping(void *context) {
    look(context, 0);
    return !interrupted;
}

bool run_wait(struct run *run, uint64_t ns, struct err *err) {
    usleep((useconds_t)(ns / CLOCK_US));
    if (run_tick(run, 0, 0)) return true;
    *err = run->stopped;
    return false;
}

/* A kernel that dies breaks all its calls: that is to be told, not the calls. Its sockets are
 * closed a little before it can be waited for. The wait is no part of what is measured. */
static bool outlives_it(struct run *run) {
    uint64_t begin = clock_monotonic();
    usleep(DYING_US);
    bool lives = run_tick(run, 0, 0);
    run->waited += clock_monotonic() - begin;
    return lives;
}

static bool run_batch(struct run *run, struct client_call *calls, size_t count, size_t parallel,
                      struct err *err) {
    if (client_run(run->client, calls, count, parallel, err)) {
        bool broken = false;
        for (size_t i = 0; i < count; i++) broken = broken || calls[i].disconnected;
        if (!broken || outlives_it(run)) return true;
    }
    if (run->stopped.text[0]) *err = run->stopped;
    return false;
}

void run_one_line(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) *text = ' ';
}

/* "POST /v1/skills/dev/sample_c1/run: status 500: …" in one line. */
static void say_why(const struct client_call *call, char why[RUN_WHY]) {
    size_t method = str_find(call->request, ' '), size = method;
    while (size + 1 < call->request.size && call->request.data[++size] != ' ') {
    }
    int shown = size < 120 ? (int)size : 120;
    if (call->failure)
        snprintf(why, RUN_WHY, "%.*s: %s", shown, call->request.data, call->failure);
    else
        snprintf(why, RUN_WHY, "%.*s: status %u%s%.250s", shown, call->request.data, call->status,
                 call->text && *call->text ? ": " : "", call->text ? call->text : "");
    run_one_line(why);
}

static void tell_failure(struct run *run, const struct client_call *call) {
    char why[RUN_WHY];
    say_why(call, why);
    progress_say(&run->progress, "    failed: %s", why);
}

static bool keep_took(struct run *run, const struct client_call *calls, size_t count) {
    if (run->calls + count > run->took_room) {
        size_t room = (run->calls + count) * 2;
        uint32_t *took = realloc(run->took, room * sizeof *took);
        if (!took) return false;
        run->took = took;
        run->took_room = room;
    }
    for (size_t i = 0; i < count; i++) run->took[run->calls++] = calls[i].took;
    return true;
}

bool run_calls(struct run *run, struct client_call *calls, size_t count, size_t parallel,
               struct err *err) {
    bool good = run_batch(run, calls, count, parallel, err);
    for (size_t i = 0; i < count; i++) {
        bool is_error = good && !client_call_is_good(&calls[i]);
        if (is_error && run->entry_errors < RUN_TOLD) tell_failure(run, &calls[i]);
        run->entry_errors += is_error;
        free(calls[i].text);
        calls[i].text = NULL;
    }
    if (good && !keep_took(run, calls, count))
        good = err_set(err, ERR_MEMORY, "no memory for the times of %zu calls", count);
    return good;
}

bool run_ask(struct run *run, const struct buf *request, struct buf *body, char why[RUN_WHY],
             struct err *err) {
    struct client_call call = {.request = {(const char *)request->data, request->size},
                               .body = body};
    bool good = run_batch(run, &call, 1, 1, err);
    why[0] = '\0';
    if (good && body->failed) call.failure = "the answer is longer than 64 MiB";
    if (good && (call.failure || call.status != 200)) say_why(&call, why);
    free(call.text);
    return good;
}
