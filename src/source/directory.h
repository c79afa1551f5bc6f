/* The source that is a directory: every file NAME.wasm in it is a skill. */
#ifndef PK_SOURCE_DIRECTORY_H
#define PK_SOURCE_DIRECTORY_H

#include "base/list.h"
#include "source/source.h"

enum { DIRECTORY_MAX_NAME = 255 };

extern const struct source_kind directory_kind;

struct directory {
    struct source source;
    char *path;
    int dir;                /* -1: not open */
    uint64_t device, inode; /* of `dir` */
    struct notices *notices;
    struct list_link link; /* in `notices` */
    int watch;             /* -1: none */
};

/* Need not exist yet. NULL: no memory. */
struct source *directory_new(const char *path, void *owner);

/* The stem of a skill file's name: "greet.wasm" -> "greet". False: hidden, another ending, nothing
 * before it, not UTF-8. */
bool directory_stem(const char *file_name, struct str *stem);
/* What is open and watched is not the directory any more: the next scan opens it again. */
void directory_close(struct directory *directory);

#endif
