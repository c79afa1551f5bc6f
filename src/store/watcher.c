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

static const uint32_t watched = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO |
                                IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF |
                                IN_ONLYDIR | IN_EXCL_UNLINK;
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
                 namespace->directory);
}

/* ---- directories and their watches */

/* Two namespaces may have one directory, and with it one watch. */
static void drop_watch(struct skill_store *store, struct namespace *namespace) {
    int watch = namespace->watch;
    namespace->watch = -1;
    for (size_t i = 0; i < store->namespace_count; i++)
        if (store->namespaces[i].watch == watch) return;
    if (watch >= 0) inotify_rm_watch(store->inotify, watch);
}

static void add_watch(struct skill_store *store, struct namespace *namespace) {
    char path[40];
    if (store->inotify < 0) return;
    snprintf(path, sizeof path, "/proc/self/fd/%d",
             namespace->dir); /* this very directory, whatever its path leads to now */
    namespace->watch = inotify_add_watch(store->inotify, path, watched);
    if (namespace->watch < 0)
        log_warn("skill",
                 "namespace %s: %s is not watched (inotify: %s), changes are found by looking "
                 "every %.1f s",
                 namespace->name, namespace->directory, strerror(errno),
                 (double)store->update_interval / CLOCK_S);
}

static void close_directory(struct skill_store *store, struct namespace *namespace) {
    drop_watch(store, namespace);
    if (namespace->dir >= 0) close(namespace->dir);
    namespace->dir = -1;
    namespace->device = namespace->inode = 0;
}

/* Have the directory that the path leads to now open and watched. */
static enum directory_state open_directory(struct skill_store *store, struct namespace *namespace,
                                           struct err *err) {
    int dir;
    struct file_identity identity = {0};
    enum directory_state state = directory_open(namespace->directory, &dir, err);
    if (state == DIRECTORY_BUSY) return state; /* what is open stays open */
    if (state != DIRECTORY_OPEN) {
        close_directory(store, namespace);
        return state;
    }
    file_identify(dir, &identity);
    bool same = namespace->dir >= 0 && identity.device == namespace->device &&
                identity.inode == namespace->inode;
    if (same && (namespace->watch >= 0 || store->inotify < 0)) {
        close(dir);
        return state;
    }
    close_directory(store, namespace);
    namespace->dir = dir;
    namespace->device = identity.device;
    namespace->inode = identity.inode;
    add_watch(
        store,
        namespace); /* before the files are looked at, so that nothing happens unseen between */
    return state;
}

/* ---- passes */

struct pass {
    struct skill_store *store;
    struct namespace *namespace;
    size_t count;
};

static void see(void *context, struct str stem, const struct file_identity *file) {
    struct pass *pass = context;
    pass->count++;
    store_see(pass->store, pass->namespace, stem, file, LOOK_PASS);
}

/* Told when it changes, not at every pass. */
static void tell_odd(struct namespace *namespace, const struct directory_odd *odd) {
    bool same = odd->count == namespace->odd.count && strcmp(odd->names, namespace->odd.names) == 0;
    if (!same && odd->count > 0)
        log_warn("skill", "namespace %s: in %s %zu name%s in .wasm but %s no skill: %s%s",
                 namespace->name, namespace->directory, odd->count,
                 odd->count == 1 ? " ends" : "s end", odd->count == 1 ? "is" : "are", odd->names,
                 odd->names[0] != '\0' ? "" : "…");
    namespace->odd = *odd;
}

/* A pass that could not see everything, for a reason that passes (no descriptor, say), changes
 * nothing: what it did not see may well be there. */
static void pass_over(struct skill_store *store, struct namespace *namespace) {
    struct err err;
    struct directory_odd odd = {0};
    struct pass pass = {store, namespace, 0};
    enum directory_state state = open_directory(store, namespace, &err);
    bool first = namespace->pass++ == 0;
    if (state == DIRECTORY_OPEN) state = directory_scan(namespace->dir, see, &pass, &odd, &err);
    if (state == DIRECTORY_BUSY) {
        complain(namespace, err.text);
        return;
    }
    store_set_error(store, namespace, state == DIRECTORY_BAD ? &err : NULL);
    store_end_pass(store, namespace);
    if (state == DIRECTORY_MISSING)
        err_set(&err, ERR_NOT_FOUND,
                "directory %s does not exist (yet); it is looked for every %.1f s",
                namespace->directory, (double)store->update_interval / CLOCK_S);
    complain(namespace, state == DIRECTORY_OPEN ? NULL : err.text);
    tell_odd(namespace, &odd);
    if (first && state == DIRECTORY_OPEN)
        log_info("skill", "namespace %s: %zu skill%s in %s", namespace->name, pass.count,
                 pass.count == 1 ? "" : "s", namespace->directory);
}

/* Tried again at every pass; told once. */
static void open_inotify(struct skill_store *store) {
    if (store->inotify >= 0) return;
    store->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (store->inotify < 0 && !store->inotify_missed)
        log_warn("skill",
                 "no inotify (%s): changes of skill files are found by looking every %.1f s only; "
                 "fs.inotify.max_user_instances may be too small",
                 strerror(errno), (double)store->update_interval / CLOCK_S);
    if (store->inotify >= 0 && store->inotify_missed)
        log_info("skill", "inotify is there now: changes of skill files are found at once");
    store->inotify_missed = store->inotify < 0;
}

void watcher_pass(struct skill_store *store) {
    open_inotify(store);
    for (size_t i = 0; i < store->namespace_count; i++) pass_over(store, &store->namespaces[i]);
    codes_sweep(&store->loads.codes);
}

/* ---- events */

static void look_at(struct skill_store *store, struct namespace *namespace, struct str stem,
                    uint32_t what) {
    struct file_identity file;
    enum look look = LOOK_PASS;
    if (namespace->dir < 0) return;
    if (!directory_look(namespace->dir, stem, &file)) {
        if (!io_is_passing(errno)) store_lose(store, namespace, stem);
        return;
    }
    if ((what & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0 || ((what & IN_CREATE) != 0 && file.links > 1))
        look = LOOK_WRITTEN; /* a created file with a second name is a hard link to a whole one */
    else if ((what & (IN_MODIFY | IN_CREATE)) != 0)
        look = LOOK_WRITING;
    store_see(store, namespace, stem, &file, look);
}

static void take_event(struct skill_store *store, const struct inotify_event *event,
                       bool *need_pass) {
    struct str stem;
    if ((event->mask & IN_Q_OVERFLOW) != 0) *need_pass = true;
    for (size_t i = 0; i < store->namespace_count; i++) {
        struct namespace *namespace = &store->namespaces[i];
        if (namespace->watch != event->wd) continue;
        if ((event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0) {
            close_directory(store, namespace);
            *need_pass = true;
        } else if (event->len > 0 && directory_stem(event->name, &stem)) {
            look_at(store, namespace, stem, event->mask);
        }
    }
}

static void take_events(struct skill_store *store, bool *need_pass) {
    static _Alignas(struct inotify_event) char buffer[64 * 1024];
    for (;;) {
        ssize_t got = read(store->inotify, buffer, sizeof buffer);
        if (got <= 0) return;
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *event = (const void *)(buffer + at);
            take_event(store, event, need_pass);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}

/* Returns whether there were any. */
static bool look_at_unsettled(struct skill_store *store) {
    struct unsettled unsettled[MAX_UNSETTLED];
    size_t count = store_unsettled(store, unsettled, MAX_UNSETTLED);
    for (size_t i = 0; i < count; i++) {
        look_at(store, unsettled[i].namespace, str_of(unsettled[i].name), 0);
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
                                 {.fd = store->inotify, .events = POLLIN}};
        if (poll(polls, 3, timeout_until(now, until)) < 0) continue;
        if (polls[0].revents != 0) return NULL;
        eventfd_t ignored;
        if (polls[1].revents != 0) eventfd_read(store->wake, &ignored);
        bool need_pass = clock_monotonic() >= next_pass;
        if (polls[2].revents != 0) take_events(store, &need_pass);
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
