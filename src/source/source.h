/* Where the skills of a namespace come from: one table of functions for each kind of source. There
 * is one kind so far, the directory (directory.h); the store and its loads know only this table. */
#ifndef PK_SOURCE_SOURCE_H
#define PK_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* What tells one state of a skill's file from another: any write, replacement or rename of another
 * file over it changes at least one of these. Times in ns since 1970. */
struct source_identity {
    uint64_t device, inode, size;
    int64_t modified, changed;
    uint32_t links; /* not compared */
};
bool source_same(const struct source_identity *a, const struct source_identity *b);
/* Of an open file. False: not a regular one (errno is 0), or it cannot be looked at (errno). */
bool source_identify_file(int fd, struct source_identity *out);

enum source_state {
    SOURCE_THERE,
    SOURCE_MISSING, /* an empty namespace */
    SOURCE_BAD,     /* `err` tells: not a directory, no permission */
    SOURCE_BUSY,    /* `err` tells: not all of it can be seen, for a reason that passes */
};

/* What was noticed of a skill. */
enum source_notice {
    SOURCE_SEEN,    /* it is there, or was a moment ago */
    SOURCE_WRITING, /* somebody writes it now */
    SOURCE_WRITTEN, /* a writer closed it, or it was moved here whole */
};

/* What looks like a skill and is none: its count, and the first ones with the reasons, "NAME (a
 * directory), …", as a text. */
struct source_odd {
    size_t count;
    char names[400];
};

struct notices; /* notices.h */
struct source;
typedef void (*source_see_fn)(void *context, struct str skill, const struct source_identity *file);

struct source_kind {
    /* ---- one thread, the watcher's */
    /* Have changes noticed from the next scan on, where that is possible. */
    void (*watch)(struct source *source, struct notices *notices);
    /* Call `see` for every skill. */
    enum source_state (*scan)(struct source *source, source_see_fn see, void *context,
                              struct source_odd *odd, struct err *err);
    /* ---- any thread */
    /* False: what is there is no skill (errno is 0), or nothing is there (errno says why). */
    bool (*identify)(const struct source *source, struct str skill, struct source_identity *out);
    /* A descriptor for reading, the caller's; -1: `err` tells. */
    int (*open)(const struct source *source, struct str skill, struct err *err);
    void (*free)(struct source *source); /* NULL allowed */
};

struct source {
    const struct source_kind *kind;
    const char *place; /* for texts: its path */
    void *owner;       /* the store's namespace */
};

#endif
