#include "source/notices.h"

#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "source/directory.h"

static const uint32_t watched = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO |
                                IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF |
                                IN_ONLYDIR | IN_EXCL_UNLINK;
static const uint32_t went_away = IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

static struct directory *directory_at(struct list_link *link) {
    return link ? OWNER(link, struct directory, link) : NULL;
}

void notices_init(struct notices *notices) {
    notices->inotify = -1;
    atomic_init(&notices->missed, false);
    notices->directories = (struct list){0};
}

int notices_open(struct notices *notices) {
    if (notices->inotify >= 0) return 0;
    notices->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int problem = notices->inotify < 0 ? errno : 0;
    notices->missed = problem != 0;
    return problem;
}

void notices_close(struct notices *notices) {
    if (notices->inotify >= 0) close(notices->inotify);
    notices->inotify = -1;
}

void notices_add(struct notices *notices, struct directory *directory) {
    list_append(&notices->directories, &directory->link);
}

void notices_remove(struct notices *notices, struct directory *directory) {
    notices_unwatch(notices, directory);
    list_remove(&notices->directories, &directory->link);
}

int notices_watch(struct notices *notices, struct directory *directory) {
    char path[40];
    if (notices->inotify < 0) return 0; /* told when it was not to be had */
    /* This very directory, whatever its path leads to now. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory->dir);
    directory->watch = inotify_add_watch(notices->inotify, path, watched);
    return directory->watch < 0 ? errno : 0;
}

/* Two namespaces may have one directory, and with it one watch. */
void notices_unwatch(struct notices *notices, struct directory *directory) {
    int watch = directory->watch;
    directory->watch = -1;
    for (struct list_link *at = notices->directories.first; at; at = at->next)
        if (directory_at(at)->watch == watch) return;
    if (watch >= 0) inotify_rm_watch(notices->inotify, watch);
}

static enum source_notice notice_of(uint32_t mask) {
    if ((mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) return SOURCE_WRITTEN;
    return (mask & (IN_MODIFY | IN_CREATE)) != 0 ? SOURCE_WRITING : SOURCE_SEEN;
}

/* A created file with a second name is a hard link to a whole one. */
static bool is_whole(const struct source *source, struct str skill, uint32_t mask) {
    struct source_identity file;
    return (mask & IN_CREATE) != 0 && source->kind->identify(source, skill, &file) &&
           file.links > 1;
}

static bool take_event(struct notices *notices, const struct inotify_event *event,
                       notices_tell_fn tell, void *context) {
    bool scan = (event->mask & IN_Q_OVERFLOW) != 0;
    for (struct list_link *at = notices->directories.first; at; at = at->next) {
        struct directory *directory = directory_at(at);
        struct source *source = &directory->source;
        struct str skill;
        if (directory->watch != event->wd) continue;
        if ((event->mask & went_away) != 0) {
            directory_close(directory);
            scan = true;
        } else if (event->len > 0 && directory_stem(event->name, &skill)) {
            tell(context, source, skill,
                 is_whole(source, skill, event->mask) ? SOURCE_WRITTEN : notice_of(event->mask));
        }
    }
    return scan;
}

bool notices_take(struct notices *notices, notices_tell_fn tell, void *context) {
    static _Thread_local _Alignas(struct inotify_event) char buffer[64 * 1024];
    bool scan = false;
    for (;;) {
        ssize_t got = read(notices->inotify, buffer, sizeof buffer);
        if (got <= 0) return scan;
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *event = (const void *)(buffer + at);
            scan |= take_event(notices, event, tell, context);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}
