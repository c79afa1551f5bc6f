/* Shared by cache.c (manifests), cache_dir.c (the directory), cache_file.c (artefacts) and
 * cache_sum.c (checksums). */
#ifndef PK_CACHE_CACHE_INTERNAL_H
#define PK_CACHE_CACHE_INTERNAL_H

#include <pthread.h>
#include <sys/stat.h>

#include "cache/cache.h"

/* A file whose contents this process has checked, as fstat shows it. The change time cannot be set
 * by anybody. */
struct cache_checked {
    dev_t device;
    ino_t inode;
    struct timespec changed;
    uint64_t xxh3;
};

enum { CACHE_CHECKED = 4096 };

struct cache {
    int dir;
    char *path; /* for texts */
    char *link_key, *engine_key;
    pthread_mutex_t lock; /* of the table of checked files */
    struct cache_checked checked[CACHE_CHECKED];
    uint32_t checked_count, checked_next; /* a ring: the oldest makes room */
};

/* True when the fault hook let the step pass; false with errno set. */
bool cache_step(const char *step);
/* Open a file of the cache for reading; -1: it is not there, or could not be opened and is removed,
 * or the system has nothing left to open it with. */
int cache_open_file(struct cache *cache, const char *name);
void cache_temporary_name(char name[CACHE_TEMPORARY_NAME]);
/* An empty file under a temporary name. */
bool cache_create_named(struct cache *cache, struct cache_file *file, struct err *err);
/* Remove what is bad or foreign, or move it aside, and say so. */
void cache_remove_bad(struct cache *cache, const char *name, const char *why);
/* A regular file of ours that nobody else may write? NULL, or why not. */
const char *cache_foreign(const struct stat *stat);

/* ---- cache_dir.c */
bool cache_open_directory(struct cache *cache, struct err *err);
/* Make it again when somebody has removed it. Any thread. */
bool cache_renew_directory(struct cache *cache, struct err *err);
/* What a crash left behind. Younger files may be in use by another kernel. */
void cache_remove_leftovers(struct cache *cache);

/* ---- cache_sum.c. Both sums go over pieces of 64 KiB; pieces of zeros (holes of an image) do not
 * count, so an image that is mostly hole costs what is in it. `sha256`: NULL when only the checksum
 * is wanted; it is the plain SHA-256 of the bytes unless `sparse`, then that of (index as 8 bytes
 * little endian, bytes) of each piece that is not zero. False: could not be read (errno). */
bool cache_sum(int fd, uint64_t size, bool sparse, uint64_t *xxh3, struct digest *sha256);

#endif
