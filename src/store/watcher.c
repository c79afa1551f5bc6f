/* The thread that looks at the namespaces' directories: inotify says what happens at once, a pass
 * over everything finds the rest (directories that did not exist, lost events, file systems without
 * inotify). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "store/store_internal.h"

static const uint64_t settle_tick = 50 * CLOCK_MS;
enum { MAX_UNSETTLED = 64 };

/* Log a lasting problem once, and its end. NULL: none. */
static void complain(struct namespace *namespace, const char *text) {
    if (strncmp(namespace->complaint, text != NULL ? text : "", sizeof namespace->complaint - 1) ==
        0)
        return;
    snprintf(namespace->complaint, sizeof namespace->complaint, "%s", text != NULL ? text : "");
    if (text != NULL)
        log_warn("skill", "namespace %s: %s", namespace->name, text);
    else
        log_info("skill", "namespace %s: directory %s is back", namespace->name,
                 namespace->source->place);
}

/* ---- passes */

struct pass {
    struct skill_store *store;
    struct namespace *namespace;
    size_t count;
};

static void see(void *context, struct str stem, const struct source_identity *file) {
    struct pass *pass = context;
    pass->count++;
    store_see(pass->store, pass->namespace, stem, file, SOURCE_SEEN);
}

/* Told when it changes, not at every pass. */
static void tell_odd(struct namespace *namespace, const struct source_odd *odd) {
    bool same = odd->count == namespace->odd.count && strcmp(odd->names, namespace->odd.names) == 0;
    if (!same && odd->count > 0)
        log_warn("skill", "namespace %s: in %s %zu name%s in .wasm but %s no skill: %s%s",
                 namespace->name, namespace->source->place, odd->count,
                 odd->count == 1 ? " ends" : "s end", odd->count == 1 ? "is" : "are", odd->names,
                 odd->names[0] != '\0' ? "" : "…");
    namespace->odd = *odd;
}

/* A pass that could not see everything, for a reason that passes (no descriptor, say), changes
 * nothing: what it did not see may well be there. */
static void pass_over(struct skill_store *store, struct namespace *namespace) {
    struct err err;
    struct source_odd odd = {0};
    struct pass pass = {store, namespace, 0};
    struct source *source = namespace->source;
    bool first = namespace->pass++ == 0;
    enum source_state state = source->kind->scan(source, see, &pass, &odd, &err);
    if (state == SOURCE_BUSY) {
        complain(namespace, err.text);
        return;
    }
    store_set_error(store, namespace, state == SOURCE_BAD ? &err : NULL);
    store_end_pass(store, namespace);
    if (state == SOURCE_MISSING)
        err_set(&err, ERR_NOT_FOUND,
                "directory %s does not exist (yet); it is looked for every %.1f s",
                namespace->source->place, (double)store->update_interval / CLOCK_S);
    complain(namespace, state == SOURCE_THERE ? NULL : err.text);
    tell_odd(namespace, &odd);
    if (first && state == SOURCE_THERE)
        log_info("skill", "namespace %s: %zu skill%s in %s", namespace->name, pass.count,
                 pass.count == 1 ? "" : "s", namespace->source->place);
}

/* Tried again at every pass; told once. */
static void open_notices(struct skill_store *store) {
    bool missed = store->notices.missed;
    int problem = notices_open(&store->notices);
    if (problem != 0 && !missed)
        log_warn("skill",
                 "no inotify (%s): changes of skill files are found by looking every %.1f s only; "
                 "fs.inotify.max_user_instances may be too small",
                 strerror(problem), (double)store->update_interval / CLOCK_S);
    if (problem == 0 && missed)
        log_info("skill", "inotify is there now: changes of skill files are found at once");
}

void watcher_pass(struct skill_store *store) {
    open_notices(store);
    for (size_t i = 0; i < store->namespace_count; i++) pass_over(store, &store->namespaces[i]);
    codes_sweep(&store->loads.codes);
}

/* ---- notices */

static void look_at(void *context, struct source *source, struct str skill,
                    enum source_notice notice) {
    struct skill_store *store = context;
    struct source_identity file;
    if (source->kind->identify(source, skill, &file))
        store_see(store, source->owner, skill, &file, notice);
    else if (!io_is_passing(errno))
        store_lose(store, source->owner, skill);
}

/* Returns whether there were any. */
static bool look_at_unsettled(struct skill_store *store) {
    struct unsettled unsettled[MAX_UNSETTLED];
    size_t count = store_unsettled(store, unsettled, MAX_UNSETTLED);
    for (size_t i = 0; i < count; i++) {
        look_at(store, unsettled[i].namespace->source, str_of(unsettled[i].name), SOURCE_SEEN);
        free(unsettled[i].name);
    }
    return count > 0;
}

/* ---- the thread */

static int timeout_until(uint64_t now, uint64_t then) {
    uint64_t left = then > now ? (then - now) / CLOCK_MS + 1 : 0;
    return left > 60000 ? 60000 : (int)left;
}

static void *watcher_thread(void *argument) {
    struct skill_store *store = argument;
    uint64_t next_pass = clock_monotonic() + store->update_interval;
    for (;;) {
        uint64_t now = clock_monotonic(), until = next_pass;
        if (look_at_unsettled(store) && now + settle_tick < until) until = now + settle_tick;
        struct pollfd polls[] = {{.fd = store->loads.stop, .events = POLLIN},
                                 {.fd = store->wake, .events = POLLIN},
                                 {.fd = store->notices.inotify, .events = POLLIN}};
        if (poll(polls, 3, timeout_until(now, until)) < 0) continue;
        if (polls[0].revents != 0) return NULL;
        eventfd_t ignored;
        if (polls[1].revents != 0) eventfd_read(store->wake, &ignored);
        bool need_pass = clock_monotonic() >= next_pass;
        if (polls[2].revents != 0) need_pass |= notices_take(&store->notices, look_at, store);
        if (!need_pass) continue;
        next_pass =
            clock_monotonic() +
            store->update_interval; /* from the start of a pass, as the existing Kernel has it */
        watcher_pass(store);
    }
}

bool watcher_start(struct skill_store *store, struct err *err) {
    int problem = store_start_thread(store, watcher_thread, &store->watcher);
    return problem == 0 ? true : err_errno(err, problem, "cannot start the watcher's thread");
}

void watcher_stop(struct skill_store *store) {
    pthread_join(store->watcher, NULL); /* `stop` is readable */
}

void watcher_wake(struct skill_store *store) {
    eventfd_write(store->wake, 1);
}
