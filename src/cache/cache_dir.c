/* The cache's directory: made, opened once, refused when others could put code into it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cache/cache_internal.h"

enum { LEFTOVER_AGE = 3600 };

/* Make the parents, too, as XDG asks: mode 0700. */
static bool make_directories(const char *path, struct err *err) {
    char *copy = strdup(path);
    if (copy == NULL) return err_set(err, ERR_MEMORY, "no memory for the cache directory's path");
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0700); /* what is wrong shows at the last one */
        *slash = '/';
    }
    bool good = mkdir(copy, 0700) == 0 || errno == EEXIST;
    if (!good)
        err_set(err, ERR_IO,
                "cannot make the cache directory %s (%s): choose another with --cache-dir", path,
                strerror(errno));
    free(copy);
    return good;
}

static bool check_directory(int dir, const char *path, struct err *err) {
    struct stat stat;
    if (fstat(dir, &stat) != 0)
        return err_errno(err, errno, "cannot look at the cache directory %s", path);
    if (stat.st_uid != geteuid())
        return err_set(err, ERR_INVALID,
                       "the cache directory %s belongs to user %u, this process runs as user %u: "
                       "compiled code is run from there, so it must be ours. Remedy: chown it, or "
                       "choose another with --cache-dir",
                       path, (unsigned)stat.st_uid, (unsigned)geteuid());
    if ((stat.st_mode & 022) != 0)
        return err_set(err, ERR_INVALID,
                       "the cache directory %s can be written by others (mode %04o): who writes "
                       "there runs code in this process. Remedy: chmod 0700 %s, or choose another "
                       "with --cache-dir",
                       path, (unsigned)(stat.st_mode & 07777), path);
    return true;
}

/* Mapped files that change under us, and links that are not atomic: it works until it does not. */
static void warn_of_network(const struct cache *cache) {
    struct statfs system;
    if (fstatfs(cache->dir, &system) != 0) return;
    switch ((uint32_t)system.f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case V9FS_MAGIC:
        log_warn("skill",
                 "the cache directory %s is on a network file system: give one on a local disk "
                 "with --cache-dir",
                 cache->path);
    }
}

/* A descriptor of the directory, which is made when there is none; -1: see `err`. */
static int open_directory(const char *path, struct err *err) {
    if (!make_directories(path, err)) return -1;
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 && (errno == ELOOP || errno == ENOTDIR))
        err_set(err, ERR_INVALID,
                "the cache directory %s is a symbolic link or not a directory: give the path of a "
                "directory",
                path);
    else if (dir < 0)
        err_errno(err, errno, "cannot open the cache directory %s", path);
    if (dir < 0 || check_directory(dir, path, err)) return dir;
    close(dir);
    return -1;
}

bool cache_open_directory(struct cache *cache, struct err *err) {
    cache->dir = open_directory(cache->path, err);
    if (cache->dir < 0) return false;
    warn_of_network(cache);
    return true;
}

/* Other threads use the descriptor meanwhile: dup3 changes what it stands for at once. */
bool cache_renew_directory(struct cache *cache, struct err *err) {
    struct stat stat;
    if (fstat(cache->dir, &stat) == 0 && stat.st_nlink > 0) return true;
    int dir = open_directory(cache->path, err);
    if (dir < 0) return false;
    bool good = dup3(dir, cache->dir, O_CLOEXEC) >= 0 ||
                err_errno(err, errno, "cannot open the cache directory %s again", cache->path);
    close(dir);
    if (good) log_warn("skill", "the cache directory %s was removed: made a new one", cache->path);
    return good;
}

void cache_remove_leftovers(struct cache *cache) {
    int copy = openat(cache->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    if (listing == NULL) {
        if (copy >= 0) close(copy);
        return;
    }
    time_t now = time(NULL);
    for (struct dirent *item; (item = readdir(listing)) != NULL;) {
        struct stat stat;
        if (strncmp(item->d_name, "tmp-", 4) != 0) continue;
        if (fstatat(cache->dir, item->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (now - stat.st_mtime <= LEFTOVER_AGE) continue;
        if (unlinkat(cache->dir, item->d_name, 0) != 0)
            unlinkat(cache->dir, item->d_name, AT_REMOVEDIR);
    }
    closedir(listing);
}
