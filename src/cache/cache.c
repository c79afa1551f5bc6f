#include "cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/must.h"
#include "cache/cache_internal.h"

enum { MAX_KEY = 160 };

int (*cache_fault)(const char *step);

bool cache_step(const char *step) {
    int problem = cache_fault != NULL ? cache_fault(step) : 0;
    if (problem != 0) errno = problem;
    return problem == 0;
}

const char *cache_foreign(const struct stat *stat) {
    if (!S_ISREG(stat->st_mode)) return "it is not a regular file";
    if (stat->st_uid != geteuid()) return "it belongs to another user";
    if ((stat->st_mode & 022) != 0) return "others may write it";
    return NULL;
}

/* Out of the way, when it cannot be removed (a directory with something in it). */
static bool put_aside(struct cache *cache, const char *name) {
    char other[CACHE_TEMPORARY_NAME];
    cache_temporary_name(other);
    return renameat(cache->dir, name, cache->dir, other) == 0;
}

void cache_remove_bad(struct cache *cache, const char *name, const char *why) {
    bool gone = unlinkat(cache->dir, name, 0) == 0 || errno == ENOENT ||
                unlinkat(cache->dir, name, AT_REMOVEDIR) == 0;
    const char *what = gone                     ? "it was removed and is made again"
                       : put_aside(cache, name) ? "it was renamed to tmp-… and is made again"
                                                : "and it could not be removed: remove it by hand";
    log_warn("skill", "cache file %s/%s is bad: %s; %s", cache->path, name, why, what);
}

static bool key_fits(const char *key) {
    return strlen(key) <= MAX_KEY &&
           strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(key);
}

bool cache_open(const char *path, const char *link_key, const char *engine_key, struct cache **out,
                struct err *err) {
    must(key_fits(link_key) && key_fits(engine_key));
    if (path[0] == '\0')
        return err_set(err, ERR_INVALID, "the path of the cache directory is empty");
    struct cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) return err_set(err, ERR_MEMORY, "no memory for the cache");
    cache->dir = -1;
    pthread_mutex_init(&cache->lock, NULL);
    size_t length = strlen(path); /* with a slash behind it, a link would be followed */
    while (length > 1 && path[length - 1] == '/') length--;
    cache->path = strndup(path, length);
    cache->link_key = strdup(link_key);
    cache->engine_key = strdup(engine_key);
    bool good = cache->path != NULL && cache->link_key != NULL && cache->engine_key != NULL;
    if (!good) err_set(err, ERR_MEMORY, "no memory for the cache");
    if (!good || !cache_open_directory(cache, err)) {
        cache_close(cache);
        return false;
    }
    cache_remove_leftovers(cache);
    *out = cache;
    return true;
}

void cache_close(struct cache *cache) {
    if (cache == NULL) return;
    if (cache->dir >= 0) close(cache->dir);
    pthread_mutex_destroy(&cache->lock);
    free(cache->path);
    free(cache->link_key);
    free(cache->engine_key);
    free(cache);
}

int cache_directory(const struct cache *cache) {
    return cache->dir;
}

/* ---- manifests */

static void manifest_name(const struct digest *digest, const char *key, const char *suffix,
                          char name[CACHE_NAME]) {
    char hex[DIGEST_HEX];
    digest_hex(digest, hex);
    snprintf(name, CACHE_NAME, "%s-%s%s", hex, key, suffix);
}

static const char *read_open_manifest(int fd, char *text, size_t *size) {
    struct stat stat;
    if (fstat(fd, &stat) != 0) return "it cannot be looked at";
    const char *foreign = cache_foreign(&stat);
    if (foreign != NULL) return foreign;
    ssize_t got = pread(fd, text, MANIFEST_MAX_SIZE, 0);
    if (got < 0) return "it cannot be read";
    *size = (size_t)got;
    return NULL;
}

int cache_open_file(struct cache *cache, const char *name) {
    int fd = openat(cache->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) return fd;
    int problem = errno;
    if (problem == ELOOP)
        cache_remove_bad(cache, name, "it is a symbolic link");
    else if (io_is_passing(problem))
        log_warn("skill", "cache file %s/%s: %s", cache->path, name, strerror(problem));
    else if (problem != ENOENT)
        cache_remove_bad(cache, name, strerror(problem));
    return -1;
}

/* The text of a manifest in memory of malloc, or NULL. */
static char *read_manifest(struct cache *cache, const char *name, size_t *size) {
    int fd = cache_open_file(cache, name);
    if (fd < 0) return NULL;
    char *text = malloc(MANIFEST_MAX_SIZE);
    const char *why = text == NULL ? "no memory" : read_open_manifest(fd, text, size);
    close(fd);
    if (why == NULL) return text;
    if (text != NULL) cache_remove_bad(cache, name, why);
    free(text);
    return NULL;
}

bool cache_find_skill(struct cache *cache, const struct digest *component,
                      struct skill_manifest *manifest) {
    char name[CACHE_NAME];
    struct err problem;
    size_t size;
    manifest_name(component, cache->link_key, ".skill", name);
    char *text = read_manifest(cache, name, &size);
    if (text == NULL) return false;
    bool good = skill_manifest_read(text, size, manifest, &problem);
    if (good && memcmp(&manifest->component, component, sizeof *component) != 0)
        good = err_set(&problem, ERR_INVALID, "it describes another component");
    free(text);
    if (!good) cache_remove_bad(cache, name, problem.text);
    return good;
}

bool cache_find_code(struct cache *cache, const struct digest *code,
                     struct code_manifest *manifest) {
    char name[CACHE_NAME];
    struct err problem;
    size_t size;
    manifest_name(code, cache->engine_key, ".code", name);
    char *text = read_manifest(cache, name, &size);
    if (text == NULL) return false;
    bool good = code_manifest_read(text, size, manifest, &problem);
    if (good && memcmp(&manifest->code, code, sizeof *code) != 0)
        good = err_set(&problem, ERR_INVALID, "it describes another code");
    free(text);
    if (!good) cache_remove_bad(cache, name, problem.text);
    return good;
}

void cache_temporary_name(char name[CACHE_TEMPORARY_NAME]) {
    uint64_t random;
    random_bytes(&random, sizeof random);
    snprintf(name, CACHE_TEMPORARY_NAME, "tmp-%d-%016" PRIx64, (int)getpid(), random);
}

bool cache_create_named(struct cache *cache, struct cache_file *file, struct err *err) {
    cache_temporary_name(file->name);
    file->fd =
        openat(cache->dir, file->name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file->fd >= 0) return true;
    file->name[0] = '\0';
    return err_errno(err, errno, "cannot make a file in the cache directory %s", cache->path);
}

static bool fill_manifest(struct cache *cache, struct cache_file *file, const char *name,
                          const struct buf *text) {
    return cache_step("write") && io_write_all(file->fd, text->data, text->size) &&
           cache_step("chmod") && fchmod(file->fd, 0400) == 0 && cache_step("fsync") &&
           fsync(file->fd) == 0 && cache_step("rename") &&
           renameat(cache->dir, file->name, cache->dir, name) == 0;
}

static bool write_manifest(struct cache *cache, const char *name, const struct buf *text,
                           struct err *err) {
    struct cache_file file = {.fd = -1};
    if (text->failed) return err_set(err, ERR_MEMORY, "no memory for a manifest");
    if (!cache_step("create"))
        return err_errno(err, errno, "cannot make a file in the cache directory %s", cache->path);
    if (!cache_create_named(cache, &file, err)) return false;
    if (!fill_manifest(cache, &file, name, text)) {
        err_errno(err, errno, "cannot write %s in the cache directory %s", name, cache->path);
        cache_discard(cache, &file);
        return false;
    }
    close(file.fd);
    /* Whatever of the directory reaches the disk first: a manifest without its files counts as not
     * there. */
    if (!cache_step("sync-directory") || fsync(cache->dir) != 0)
        log_warn("skill", "cache directory %s: fsync: %s", cache->path, strerror(errno));
    return true;
}

bool cache_add_skill(struct cache *cache, const struct skill_manifest *manifest, struct err *err) {
    char name[CACHE_NAME];
    struct buf text;
    buf_init(&text, MANIFEST_MAX_SIZE);
    skill_manifest_write(manifest, &text);
    manifest_name(&manifest->component, cache->link_key, ".skill", name);
    bool good = write_manifest(cache, name, &text, err);
    buf_free(&text);
    return good;
}

bool cache_add_code(struct cache *cache, const struct code_manifest *manifest, struct err *err) {
    char name[CACHE_NAME];
    struct buf text;
    buf_init(&text, MANIFEST_MAX_SIZE);
    code_manifest_write(manifest, &text);
    manifest_name(&manifest->code, cache->engine_key, ".code", name);
    bool good = write_manifest(cache, name, &text, err);
    buf_free(&text);
    return good;
}

void cache_forget_skill(struct cache *cache, const struct digest *component) {
    char name[CACHE_NAME];
    manifest_name(component, cache->link_key, ".skill", name);
    unlinkat(cache->dir, name, 0);
}

void cache_forget_code(struct cache *cache, const struct digest *code) {
    char name[CACHE_NAME];
    manifest_name(code, cache->engine_key, ".code", name);
    unlinkat(cache->dir, name, 0);
}
