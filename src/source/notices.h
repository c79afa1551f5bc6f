/* What the system tells of directories, by inotify: one instance for all of them. One thread, but
 * for `missed`. */
#ifndef PK_SOURCE_NOTICES_H
#define PK_SOURCE_NOTICES_H

#include <stdatomic.h>

#include "base/list.h"
#include "source/source.h"

struct directory;

struct notices {
    int inotify;        /* to be polled for reading; -1: none */
    atomic_bool missed; /* at the last try to open it; any thread */
    struct list directories;
};

void notices_init(struct notices *notices);
/* Tried again at every pass. 0, or the errno of why there is none. */
int notices_open(struct notices *notices);
void notices_close(struct notices *notices); /* nobody is watched any more */

void notices_add(struct notices *notices, struct directory *directory);
void notices_remove(struct notices *notices, struct directory *directory);
/* Begin to watch what the directory has open, or stop it. 0, or an errno. */
int notices_watch(struct notices *notices, struct directory *directory);
void notices_unwatch(struct notices *notices, struct directory *directory);

typedef void (*notices_tell_fn)(void *context, struct source *source, struct str skill,
                                enum source_notice notice);
/* What has come. True: something was missed, or a directory went away: scan all of them. */
bool notices_take(struct notices *notices, notices_tell_fn tell, void *context);

#endif
