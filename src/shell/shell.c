#include "shell/shell.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "shell/aside.h"
#include "shell/listen.h"
#include "shell/loop.h"
#include "shell/schema.h"

void shell_settings_default(struct shell_settings *settings) {
    *settings = (struct shell_settings){
        .address = "0.0.0.0:8081",
        .threads = 1,
        .body_limit = 50u << 20,
        .body_memory = 1u << 30,
        .connections = 30000,
        .idle_timeout = 75 * CLOCK_S,
        .header_timeout = 10 * CLOCK_S,
        .transfer_period = 10 * CLOCK_S,
        .transfer_rate = 1 << 10,
    };
}

bool shell_new(const struct shell_settings *settings, struct skill_store *store,
               struct runtime *runtime, struct shell **out, struct err *err) {
    must(settings->threads > 0);
    struct shell *shell = calloc(1, sizeof *shell);
    if (!shell) return err_set(err, ERR_MEMORY, "no memory for the HTTP server");
    *shell =
        (struct shell){.settings = *settings, .store = store, .runtime = runtime, .listener = -1};
    listings_init(&shell->listings);
    shell->loops = calloc(settings->threads, sizeof *shell->loops);
    shell->schemas = calloc(1, sizeof *shell->schemas);
    bool made = (shell->loops && shell->schemas) ||
                err_set(err, ERR_MEMORY, "no memory for the HTTP server");
    uint32_t wanted = settings->threads;
    shell->settings.threads = 0; /* as many as shell_free has to free */
    while (made && shell->settings.threads < wanted) {
        made = loop_new(&shell->loops[shell->settings.threads], shell, err);
        if (made) shell->settings.threads++;
    }
    if (made && aside_new(&shell->aside, err)) {
        *out = shell;
        return true;
    }
    shell_free(shell);
    return false;
}

static void end_loops(struct shell *shell) {
    atomic_store(&shell->phase, SHELL_ENDING);
    for (uint32_t i = 0; i < shell->settings.threads; i++) loop_wake(&shell->loops[i]);
    for (uint32_t i = 0; i < shell->settings.threads; i++) loop_join(&shell->loops[i]);
}

bool shell_start(struct shell *shell, struct err *err) {
    if (!listen_open(shell->settings.address, &shell->listener, &shell->address, &shell->is_public,
                     err))
        return false;
    for (uint32_t i = 0; i < shell->settings.threads; i++) {
        int listener = dup(shell->listener); /* its loop closes it */
        if (listener >= 0 && loop_start(&shell->loops[i], listener, err)) continue;
        if (listener < 0) err_errno(err, errno, "the HTTP server's socket");
        end_loops(shell);
        return false;
    }
    return true;
}

const char *shell_address(const struct shell *shell) {
    return shell->address ? shell->address : shell->settings.address;
}

bool shell_is_public(const struct shell *shell) {
    return shell->is_public;
}

void shell_stop_accepting(struct shell *shell) {
    int serving = SHELL_SERVING;
    if (!atomic_compare_exchange_strong(&shell->phase, &serving, SHELL_CLOSING)) return;
    if (shell->listener >= 0) close(shell->listener);
    shell->listener = -1;
    for (uint32_t i = 0; i < shell->settings.threads; i++) loop_wake(&shell->loops[i]);
    for (uint32_t i = 0; i < shell->settings.threads; i++)
        while (shell->loops[i].started && !atomic_load(&shell->loops[i].drained)) usleep(1000);
}

void shell_stop(struct shell *shell, uint64_t deadline_ns) {
    shell_stop_accepting(shell);
    uint64_t until = clock_monotonic() + deadline_ns;
    struct shell_stats stats;
    for (;;) {
        shell_get_stats(shell, &stats);
        if (stats.active == 0 || clock_monotonic() >= until) break;
        usleep(2000);
    }
    if (stats.active > 0)
        log_warn("shell", "%llu requests were not answered in time",
                 (unsigned long long)stats.active);
    end_loops(shell);
}

void shell_free(struct shell *shell) {
    if (!shell) return;
    for (uint32_t i = 0; i < shell->settings.threads; i++) loop_free(&shell->loops[i]);
    aside_free(shell->aside);
    listings_free(&shell->listings);
    free(shell->schemas);
    if (shell->listener >= 0) close(shell->listener);
    free(shell->loops);
    free(shell->address);
    free(shell);
}

void shell_get_stats(struct shell *shell, struct shell_stats *out) {
    *out = (struct shell_stats){.body_bytes = atomic_load(&shell->body_bytes)};
    for (uint32_t i = 0; i < shell->settings.threads; i++) {
        struct shell_loop *loop = &shell->loops[i];
        out->requests += atomic_load(&loop->requests);
        out->active += atomic_load(&loop->active);
        out->left += atomic_load(&loop->left);
    }
}
