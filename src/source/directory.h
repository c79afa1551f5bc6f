/* A namespace's directory: which files in it are skills, and what tells one state of a file from
 * another. Thread: all pure. */
#ifndef PK_SOURCE_DIRECTORY_H
#define PK_SOURCE_DIRECTORY_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

enum { DIRECTORY_MAX_NAME = 255 };

/* Any write, replacement or rename of another file over it changes at least one of these. Times in
 * ns since 1970. */
struct file_identity {
    uint64_t device, inode, size;
    int64_t modified, changed;
    uint32_t links; /* not compared */
};
bool file_same(const struct file_identity *a, const struct file_identity *b);
/* False: not a regular file (errno is 0), or it cannot be looked at (errno). */
bool file_identify(int fd, struct file_identity *out);

/* The stem of a skill file's name: "greet.wasm" -> "greet". False: hidden, another ending, nothing
 * before it, not UTF-8. */
bool directory_stem(const char *file_name, struct str *stem);

enum directory_state {
    DIRECTORY_OPEN,
    DIRECTORY_MISSING, /* an empty namespace */
    DIRECTORY_BAD,     /* `err` tells: not a directory, no permission */
    DIRECTORY_BUSY,    /* `err` tells: it cannot be seen for a reason that passes */
};
enum directory_state directory_open(const char *path, int *dir, struct err *err);
/* A skill file by its stem; of a symbolic link the file that it leads to. False: not regular (errno
 * is 0), or not there (errno says why). */
bool directory_look(int dir, struct str stem, struct file_identity *out);
/* Open it for reading, unless it is not regular: a device is not touched, a FIFO not waited for.
 * -1: `err` tells. */
int directory_open_file(const char *path, struct str stem, struct err *err);
/* What looks like a skill file and is none: its count, and the first ones with the reasons, "NAME
 * (a directory), …", as a text. */
struct directory_odd {
    size_t count;
    char names[400];
};
/* Call `see` for every skill file. DIRECTORY_BUSY: some may not have been seen. */
typedef void (*directory_see_fn)(void *context, struct str stem, const struct file_identity *file);
enum directory_state directory_scan(int dir, directory_see_fn see, void *context,
                                    struct directory_odd *odd, struct err *err);

#endif
