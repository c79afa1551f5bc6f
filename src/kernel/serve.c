/* The server's life: start everything in order, wait for a signal, stop everything in order. */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/must.h"
#include "kernel/commands.h"
#include "kernel/config.h"
#include "kernel/files.h"
#include "kernel/memory_budget.h"
#include "runtime/runtime.h"
#include "shell/shell.h"

extern char **environ;

struct server {
    struct config config;
    struct file_budget files;
    struct engine *engine;
    struct runtime *runtime;
    struct skill_store *store;
    struct shell *shell;
    pthread_t signals;
    _Atomic(struct runtime *) hurried; /* `runtime` for the thread of the signals; NULL: not yet */
    sem_t stop;                        /* posted by the first signal */
    atomic_int received;               /* the first signal */
    atomic_bool stopped;               /* the thread of the signals may end */
};

/* ---- signals: blocked everywhere, taken by one thread */

static sigset_t signal_set(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR2); /* ends the thread */
    return set;
}

static void *take_signals(void *argument) {
    struct server *server = argument;
    sigset_t set = signal_set();
    bool first = true;
    for (;;) {
        int number;
        if (sigwait(&set, &number)) continue;
        if (atomic_load(&server->stopped)) return NULL;
        if (number == SIGUSR2) continue; /* somebody else's */
        if (number == SIGHUP) {
            log_warn("kernel", "SIGHUP is ignored: reload is not supported yet");
            continue;
        }
        if (first) {
            atomic_store(&server->received, number);
            sem_post(&server->stop);
        } else {
            log_warn("kernel", "a second signal: cancelling what still runs");
            struct runtime *runtime = atomic_load(&server->hurried);
            if (runtime) runtime_hurry(runtime);
        }
        first = false;
    }
}

static bool start_signals(struct server *server, struct err *err) {
    int failed = pthread_create(&server->signals, NULL, take_signals, server);
    return failed ? err_errno(err, failed, "the thread of the signals") : true;
}

static void stop_signals(struct server *server) {
    atomic_store(&server->stopped, true);
    pthread_kill(server->signals, SIGUSR2);
    pthread_join(server->signals, NULL);
}

/* ---- the parts */

#if defined(__SANITIZE_THREAD__)
enum { RESERVATION = 64 << 20 }; /* its address space carries only some 800 slots of 4 GiB */
#else
enum { RESERVATION = 0 }; /* the engine's default */
#endif

enum { MAPPED_FROM = 128 << 10 }; /* bytes of a block that goes back to the system when freed */

static void fill_engine(const struct server *server, struct engine_settings *settings) {
    engine_settings_default(settings);
    settings->strict_memory = server->config.strict_memory;
    settings->code_files = (uint32_t)server->files.codes;
    if (RESERVATION) settings->reservation = RESERVATION;
}

static bool new_runtime(struct server *server, struct err *err) {
    const struct config *config = &server->config;
    struct runtime_settings settings;
    runtime_settings_default(&settings);
    settings.executors = (uint32_t)config->executors;
    settings.wall_limit = config->invocation_timeout;
    settings.memory_limit = config->invocation_memory;
    settings.guest_memory = config->guest_memory;
    settings.log_limit = config->guest_log_limit;
    settings.max_invocations = (uint32_t)config->max_invocations;
    settings.queue_length = (uint32_t)config->queue_length;
    if (!runtime_new(server->engine, &settings, &server->runtime, err)) return false;
    atomic_store(&server->hurried, server->runtime);
    return true;
}

static bool new_store(struct server *server, struct err *err) {
    const struct config *config = &server->config;
    struct skill_store_settings settings = {
        .namespaces = config->namespaces,
        .namespace_count = config->namespace_count,
        .cache_dir = config->cache_dir,
        .program = "/proc/self/exe",
        .update_interval = config->namespace_update_interval,
        .loaders = (uint32_t)config->loaders,
        .compile_memory = config->compile_memory,
        .reservation = RESERVATION, /* the compiler's engine must be as ours */
        .strict_memory = config->strict_memory,
        .image_dropped = runtime_image_dropped,
        .context = server->runtime,
    };
    return skill_store_new(server->engine, &settings, &server->store, err);
}

static bool new_shell(struct server *server, struct err *err) {
    const struct config *config = &server->config;
    struct shell_settings settings;
    shell_settings_default(&settings);
    settings.address = config->kernel_address;
    settings.threads = (uint32_t)config->shell_threads;
    settings.body_limit = config->body_limit;
    settings.body_memory = config->body_memory;
    settings.connections = (uint32_t)server->files.connections;
    settings.idle_timeout = config->idle_timeout;
    settings.header_timeout = config->header_timeout;
    settings.transfer_period = config->transfer_period;
    settings.transfer_rate = config->transfer_rate;
    return shell_new(&settings, server->store, server->runtime, &server->shell, err);
}

/* Before the runtime and the shell, which get their shares. */
static void divide_memory(struct config *config) {
    uint64_t total = memory_total();
    struct memory_budget budget = memory_budget(total, config->guest_memory, config->body_memory);
    config->guest_memory = budget.guests;
    config->body_memory = budget.bodies;
    log_info("kernel",
             "memory: %" PRIu64 " MiB, divided: %" PRIu64 " for invocations, %" PRIu64
             " for request bodies, %" PRIu64 " for the kernel itself and compiling",
             total >> 20, budget.guests >> 20, budget.bodies >> 20, budget.own >> 20);
    if (budget.too_much)
        log_warn("kernel", "GUEST_MEMORY and BODY_MEMORY together are more than this memory "
                           "allows; the system may end the kernel when they are used");
}

/* The port opens last, after the first pass over the namespaces. */
static bool start(struct server *server, struct err *err) {
    struct engine_settings settings;
    divide_memory(&server->config);
    server->files = files_divide(&server->config);
    fill_engine(server, &settings);
    return engine_new(&settings, &server->engine, err) &&
           engine_start_ticker(server->engine, err) && new_runtime(server, err) &&
           new_store(server, err) && new_shell(server, err) &&
           skill_store_start(server->store, err) && shell_start(server->shell, err);
}

/* Also after a start that failed half-way. */
static void stop(struct server *server, bool started) {
    if (server->shell) shell_stop_accepting(server->shell);
    if (server->runtime)
        runtime_stop(server->runtime, started ? server->config.shutdown_deadline : 0);
    if (server->store) skill_store_stop(server->store);
    if (server->shell) shell_stop(server->shell, CLOCK_S);
    stop_signals(server); /* a further one may come at any time, and is about the runtime */
    skill_store_free(server->store);
    runtime_free(server->runtime);
    shell_free(server->shell);
    if (server->engine) {
        engine_stop_ticker(server->engine);
        engine_free(server->engine);
    }
}

/* ---- what is said at start */

static double seconds(uint64_t duration) {
    return (double)duration / CLOCK_S;
}

static void announce(const struct server *server) {
    const struct config *config = &server->config;
    for (size_t i = 0; i < config->warning_count; i++)
        if (config->warnings[i]) log_warn("kernel", "%s", config->warnings[i]);
    for (size_t i = 0; i < config->namespace_count; i++)
        log_info("kernel", "namespace %s: directory %s", config->namespaces[i].name,
                 config->namespaces[i].directory);
    /* resource-eval reads strategy and tier from this line. */
    log_info("kernel", "engine: strategy=%s tier=%s, private pages found by %s",
             config->strict_memory ? "linked-strict" : "linked-open", "cranelift-speed",
             engine_scan_method(server->engine));
    log_info("kernel", "cache directory %s", config->cache_dir);
    log_info("kernel",
             "limits of an invocation: %g MiB of memory, %g s; at most %" PRIu64
             " invocations at once",
             (double)config->invocation_memory / (1 << 20), seconds(config->invocation_timeout),
             config->max_invocations);
    if (shell_is_public(server->shell))
        log_warn("kernel",
                 "listening on %s, which other machines can reach, without any authentication; set "
                 "KERNEL_ADDRESS=127.0.0.1:8081 to listen for this machine only",
                 shell_address(server->shell));
    log_info("kernel", "pharia-kernel " KERNEL_VERSION " is listening on http://%s",
             shell_address(server->shell));
}

static int serve(struct server *server) {
    struct err err = {0};
    bool started = start(server, &err);
    if (started) {
        announce(server);
        while (sem_wait(&server->stop)) must(errno == EINTR);
        int number = atomic_load(&server->received);
        log_info("kernel", "%s: stopping; running invocations may go on for %g s",
                 number == SIGINT ? "SIGINT" : "SIGTERM",
                 seconds(server->config.shutdown_deadline));
    }
    stop(server, started);
    if (started)
        log_info("kernel", "stopped");
    else
        log_error("kernel", "cannot start: %s", err.text);
    return started ? 0 : 1;
}

static bool prepare(struct server *server, int argc, char **argv, struct err *err) {
    sigset_t set = signal_set();
    if (!config_read(argc - 1, argv + 1, environ, ".", &server->config, err)) return false;
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread: they inherit it */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* whoever started us may ignore it: then no child's end is told */
    sem_init(&server->stop, 0, 0);
    struct log_settings log = {.levels = server->config.log_levels, .most = LOG_MOST};
    if (!log_start(STDOUT_FILENO, &log, err)) {
        config_free(&server->config);
        return false;
    }
    /* Fixed: else the C library raises it with each large body that is freed, and keeps such. */
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    return true;
}

int command_serve(int argc, char **argv) {
    static struct server server;
    struct err err;
    if (!prepare(&server, argc, argv, &err)) {
        fprintf(stderr, "pharia-kernel: %s\n", err.text);
        return 1;
    }
    int code = 1;
    if (start_signals(&server, &err))
        code = serve(&server); /* ends the thread */
    else
        log_error("kernel", "cannot start: %s", err.text);
    log_stop(1000);
    config_free(&server.config);
    return code;
}
