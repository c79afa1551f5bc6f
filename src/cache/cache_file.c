/* Artefacts: made without a name, measured, linked into place; opened, checked once, used through
 * that descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/must.h"
#include "cache/cache_internal.h"

static const char *const suffixes[ARTEFACT_KINDS] = {".wasm", ".interface", ".names", ".image",
                                                     ".cwasm"};

void cache_artefact_name(enum artefact_kind kind, const struct artefact *artefact,
                         char name[CACHE_NAME]) {
    char hex[DIGEST_HEX];
    digest_hex(&artefact->sha256, hex);
    snprintf(name, CACHE_NAME, "%s%s", hex, suffixes[kind]);
}

/* ---- what this process has checked already */

static bool same_file(const struct cache_checked *checked, const struct stat *stat) {
    return checked->device == stat->st_dev && checked->inode == stat->st_ino &&
           checked->changed.tv_sec == stat->st_ctim.tv_sec &&
           checked->changed.tv_nsec == stat->st_ctim.tv_nsec;
}

static bool was_checked(struct cache *cache, const struct stat *stat, uint64_t xxh3) {
    bool found = false;
    pthread_mutex_lock(&cache->lock);
    for (uint32_t i = 0; i < cache->checked_count && !found; i++)
        found = cache->checked[i].xxh3 == xxh3 && same_file(&cache->checked[i], stat);
    pthread_mutex_unlock(&cache->lock);
    return found;
}

static void remember_checked(struct cache *cache, const struct stat *stat, uint64_t xxh3) {
    pthread_mutex_lock(&cache->lock);
    cache->checked[cache->checked_next] =
        (struct cache_checked){stat->st_dev, stat->st_ino, stat->st_ctim, xxh3};
    cache->checked_next = (cache->checked_next + 1) % CACHE_CHECKED;
    if (cache->checked_count < CACHE_CHECKED) cache->checked_count++;
    pthread_mutex_unlock(&cache->lock);
}

/* ---- opening */

/* NULL when the file behind `fd` is what the manifest describes, else why not. */
static const char *check_artefact(struct cache *cache, int fd, enum artefact_kind kind,
                                  const struct artefact *artefact) {
    struct stat stat;
    if (fstat(fd, &stat) != 0) return "it cannot be looked at";
    const char *foreign = cache_foreign(&stat);
    if (foreign != NULL) return foreign;
    if ((uint64_t)stat.st_size != artefact->size) return "its size is not the one in its manifest";
    if (was_checked(cache, &stat, artefact->xxh3)) return NULL;
    uint64_t xxh3;
    if (!cache_sum(fd, artefact->size, kind == ARTEFACT_IMAGE, &xxh3, NULL))
        return "it cannot be read";
    if (xxh3 != artefact->xxh3) return "its checksum is not the one in its manifest";
    remember_checked(cache, &stat, xxh3);
    return NULL;
}

int cache_open_artefact(struct cache *cache, enum artefact_kind kind,
                        const struct artefact *artefact) {
    char name[CACHE_NAME];
    cache_artefact_name(kind, artefact, name);
    int fd = cache_open_file(cache, name);
    if (fd < 0) return -1;
    const char *why = check_artefact(cache, fd, kind, artefact);
    if (why == NULL) return fd;
    close(fd);
    cache_remove_bad(cache, name, why);
    return -1;
}

/* ---- making */

bool cache_create(struct cache *cache, struct cache_file *file, struct err *err) {
    *file = (struct cache_file){.fd = -1};
    if (!cache_renew_directory(cache, err)) return false;
    if (!cache_step("create"))
        return err_errno(err, errno, "cannot make a file in the cache directory %s", cache->path);
    file->fd = openat(cache->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file->fd >= 0) return true;
    /* EISDIR: a kernel without O_TMPFILE */
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)
        return cache_create_named(cache, file, err);
    return err_errno(err, errno, "cannot make a file in the cache directory %s", cache->path);
}

void cache_discard(struct cache *cache, struct cache_file *file) {
    if (file->name[0] != '\0') unlinkat(cache->dir, file->name, 0);
    if (file->fd >= 0) close(file->fd);
    *file = (struct cache_file){.fd = -1};
}

static bool link_file(struct cache *cache, const struct cache_file *file, const char *name) {
    if (!cache_step("link")) return false;
    if (file->name[0] != '\0') return linkat(cache->dir, file->name, cache->dir, name, 0) == 0;
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
    return linkat(AT_FDCWD, path, cache->dir, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Another kernel may have made the same file: then its copy is used, so that there is one in
 * memory. */
static bool link_or_take(struct cache *cache, struct cache_file *file, enum artefact_kind kind,
                         const struct artefact *artefact) {
    char name[CACHE_NAME];
    cache_artefact_name(kind, artefact, name);
    for (int attempt = 0; attempt < 4; attempt++) {
        if (link_file(cache, file, name)) return true;
        if (errno != EEXIST) return false;
        int there = cache_open_artefact(cache, kind, artefact); /* removes it when it is bad */
        if (there >= 0) {
            close(file->fd);
            file->fd = there;
            return true;
        }
    }
    errno = EEXIST;
    return false;
}

/* Files are mapped, and images have holes: on a full tmpfs even reading one is a SIGBUS. */
static bool reserve(const struct cache_file *file) {
    struct stat stat;
    if (!cache_step("reserve") || fstat(file->fd, &stat) != 0) return false;
    if (stat.st_size == 0) return true;
    errno = posix_fallocate(file->fd, 0, stat.st_size); /* writes zeros where it must */
    return errno == 0;
}

static bool measure(const struct cache_file *file, enum artefact_kind kind,
                    struct artefact *artefact) {
    struct stat stat;
    if (!reserve(file)) return false;
    if (!cache_step("chmod") || fchmod(file->fd, 0400) != 0) return false;
    if (!cache_step("fsync") || fsync(file->fd) != 0) return false;
    if (fstat(file->fd, &stat) != 0) return false;
    artefact->size = (uint64_t)stat.st_size;
    return cache_sum(file->fd, artefact->size, kind == ARTEFACT_IMAGE, &artefact->xxh3,
                     &artefact->sha256);
}

bool cache_seal(struct cache *cache, struct cache_file *file, enum artefact_kind kind,
                struct artefact *artefact, struct err *err) {
    must(file->fd >= 0);
    if (!measure(file, kind, artefact) || !link_or_take(cache, file, kind, artefact)) {
        bool full = errno == ENOSPC || errno == EDQUOT;
        return err_errno(err, errno, "cannot keep a file in the cache directory %s%s", cache->path,
                         full ? " (free some of its disk, or choose another with --cache-dir)"
                              : "");
    }
    if (file->name[0] != '\0') unlinkat(cache->dir, file->name, 0);
    file->name[0] = '\0';
    struct stat stat;
    if (fstat(file->fd, &stat) == 0) remember_checked(cache, &stat, artefact->xxh3);
    return true;
}
