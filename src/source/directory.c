#include "source/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "source/notices.h"

static const char ending[] = ".wasm";
enum { ENDING = sizeof ending - 1 };

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)((uint64_t)time.tv_sec * CLOCK_S + (uint64_t)time.tv_nsec);
}

static struct source_identity identity_of(const struct stat *stat) {
    return (struct source_identity){.device = (uint64_t)stat->st_dev,
                                    .inode = (uint64_t)stat->st_ino,
                                    .size = (uint64_t)stat->st_size,
                                    .modified = nanoseconds(stat->st_mtim),
                                    .changed = nanoseconds(stat->st_ctim),
                                    .links = (uint32_t)stat->st_nlink};
}

bool source_same(const struct source_identity *a, const struct source_identity *b) {
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified == b->modified && a->changed == b->changed;
}

bool source_identify_file(int fd, struct source_identity *out) {
    struct stat stat;
    if (fstat(fd, &stat) != 0) return false;
    errno = 0;
    *out = identity_of(&stat);
    return S_ISREG(stat.st_mode);
}

bool directory_stem(const char *file_name, struct str *stem) {
    struct str name = str_of(file_name);
    if (name.size > DIRECTORY_MAX_NAME || name.size <= ENDING || name.data[0] == '.') return false;
    if (!str_ends(name, ending) || !utf8_valid(name.data, name.size)) return false;
    *stem = (struct str){name.data, name.size - ENDING};
    return true;
}

/* False: the stem cannot be a file's name. */
static bool file_name(struct str stem, char out[DIRECTORY_MAX_NAME + 1]) {
    if (stem.size + ENDING > DIRECTORY_MAX_NAME) return false;
    memcpy(out, stem.data, stem.size);
    memcpy(out + stem.size, ending, sizeof ending);
    return true;
}

static enum source_state open_path(const char *path, int *dir, struct err *err) {
    *dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*dir >= 0) return SOURCE_THERE;
    if (errno == ENOENT) return SOURCE_MISSING;
    int problem = errno;
    err_errno(err, problem, "directory %s", path);
    return io_is_passing(problem) ? SOURCE_BUSY : SOURCE_BAD;
}

/* Of a symbolic link the file that it leads to. */
static bool look(int dir, struct str stem, struct source_identity *out) {
    char name[DIRECTORY_MAX_NAME + 1];
    struct stat stat;
    errno = 0;
    if (!file_name(stem, name) || fstatat(dir, name, &stat, 0) != 0) return false;
    *out = identity_of(&stat);
    return S_ISREG(stat.st_mode);
}

/* By its path, so that no descriptor is needed. */
static bool identify(const struct source *source, struct str skill, struct source_identity *out) {
    char path[PATH_MAX];
    struct stat stat;
    errno = ENAMETOOLONG;
    int size = snprintf(path, sizeof path, "%s/%.*s%s", source->place, STR_ARG(skill), ending);
    if (size < 0 || (size_t)size >= sizeof path || fstatat(AT_FDCWD, path, &stat, 0) != 0)
        return false;
    *out = identity_of(&stat);
    errno = 0;
    return S_ISREG(stat.st_mode);
}

static const char *kind_of(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    case S_IFREG:
        return "a file";
    default:
        return "a device";
    }
}

static int open_regular(int dir, const char *path, const char *name, struct err *err) {
    struct stat stat;
    int fd = -1;
    if (fstatat(dir, name, &stat, 0) == 0 && !S_ISREG(stat.st_mode)) {
        err_set(err, ERR_INVALID, "%s/%s is %s, not a file", path, name, kind_of(stat.st_mode));
        return -1;
    }
    /* O_NONBLOCK: whatever takes the file's place now must not block us. */
    fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        err_set(err, ERR_NOT_FOUND, "the file %s/%s is gone", path, name);
    else if (fd < 0)
        err_errno(err, errno, "file %s/%s", path, name);
    return fd;
}

/* Unless it is not regular: a device is not touched, a FIFO not waited for. */
static int open_skill(const struct source *source, struct str skill, struct err *err) {
    char name[DIRECTORY_MAX_NAME + 1];
    int dir = -1;
    if (!file_name(skill, name)) {
        err_set(err, ERR_NOT_FOUND, "no file can have that name");
        return -1;
    }
    if (open_path(source->place, &dir, err) == SOURCE_MISSING)
        err_set(err, ERR_NOT_FOUND, "the directory %s is gone", source->place);
    if (dir < 0) return -1;
    int fd = open_regular(dir, source->place, name, err);
    close(dir);
    return fd;
}

/* ---- what looks like a skill and is none */

static bool looks_like_a_skill(const char *file_name) {
    return file_name[0] != '.' && str_ends(str_of(file_name), ending);
}

/* `problem`: the errno of the look at it; 0: it was looked at. */
static const char *why_odd(int dir, const char *file_name, int problem) {
    struct stat stat;
    struct str stem;
    if (!directory_stem(file_name, &stem)) return "its name is not UTF-8";
    bool there = fstatat(dir, file_name, &stat, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && S_ISLNK(stat.st_mode) && problem == ENOENT) return "a link to nothing";
    if (problem != 0) return strerror(problem);
    if (there && !S_ISLNK(stat.st_mode)) return kind_of(stat.st_mode);
    return "a link to what is not a file";
}

static void add_odd(struct source_odd *odd, int dir, const char *file_name, int problem) {
    size_t used = strlen(odd->names), room = sizeof odd->names - used;
    odd->count++;
    int size = snprintf(odd->names + used, room, "%s%s (%s)", used > 0 ? ", " : "", file_name,
                        why_odd(dir, file_name, problem));
    if (size >= 0 && (size_t)size >= room) odd->names[used] = '\0'; /* whole names only */
}

static enum source_state cannot_scan(int problem, struct err *err) {
    err_errno(err, problem, "cannot read the directory");
    return io_is_passing(problem) ? SOURCE_BUSY : SOURCE_BAD;
}

/* Show every skill file to `see`. Returns the errno of what could not be looked at; 0: nothing. */
static int show_all(int dir, DIR *listing, source_see_fn see, void *context,
                    struct source_odd *odd) {
    struct dirent *item;
    int problem = 0;
    errno = 0;
    while ((item = readdir(listing)) != NULL) {
        struct str stem;
        struct source_identity file;
        if (directory_stem(item->d_name, &stem) && look(dir, stem, &file))
            see(context, stem, &file);
        else if (io_is_passing(errno))
            problem = errno;
        else if (looks_like_a_skill(item->d_name))
            add_odd(odd, dir, item->d_name, errno);
        errno = 0;
    }
    return errno != 0 ? errno : problem;
}

static enum source_state scan_open(int dir, source_see_fn see, void *context,
                                   struct source_odd *odd, struct err *err) {
    /* A descriptor of its own: reading moves the position. */
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    if (listing == NULL) {
        int problem = errno;
        if (copy >= 0) close(copy);
        return cannot_scan(problem, err);
    }
    int problem = show_all(dir, listing, see, context, odd);
    closedir(listing);
    return problem == 0 ? SOURCE_THERE : cannot_scan(problem, err);
}

/* ---- the directory that its path leads to now, open and watched */

void directory_close(struct directory *directory) {
    if (directory->notices) notices_unwatch(directory->notices, directory);
    if (directory->dir >= 0) close(directory->dir);
    directory->dir = -1;
    directory->device = directory->inode = 0;
}

static bool is_watched(const struct directory *directory) {
    return directory->watch >= 0 || directory->notices == NULL || directory->notices->inotify < 0;
}

/* `dir` becomes the directory's. Watched before the files are looked at, so that nothing happens
 * unseen between. */
static void take_over(struct directory *directory, int dir,
                      const struct source_identity *identity) {
    directory_close(directory);
    directory->dir = dir;
    directory->device = identity->device;
    directory->inode = identity->inode;
    int problem = directory->notices ? notices_watch(directory->notices, directory) : 0;
    if (problem != 0)
        log_warn("skill",
                 "directory %s is not watched (inotify: %s): changes are found by looking only",
                 directory->path, strerror(problem));
}

static enum source_state open_now(struct directory *directory, struct err *err) {
    int dir;
    struct source_identity identity = {0};
    enum source_state state = open_path(directory->path, &dir, err);
    if (state == SOURCE_BUSY) return state; /* what is open stays open */
    if (state != SOURCE_THERE) {
        directory_close(directory);
        return state;
    }
    source_identify_file(dir, &identity);
    if (directory->dir >= 0 && identity.device == directory->device &&
        identity.inode == directory->inode && is_watched(directory))
        close(dir);
    else
        take_over(directory, dir, &identity);
    return state;
}

/* ---- the table */

static void watch(struct source *source, struct notices *notices) {
    struct directory *directory = OWNER(source, struct directory, source);
    directory->notices = notices;
    notices_add(notices, directory);
}

static enum source_state scan(struct source *source, source_see_fn see, void *context,
                              struct source_odd *odd, struct err *err) {
    struct directory *directory = OWNER(source, struct directory, source);
    *odd = (struct source_odd){0};
    enum source_state state = open_now(directory, err);
    return state == SOURCE_THERE ? scan_open(directory->dir, see, context, odd, err) : state;
}

static void free_directory(struct source *source) {
    if (source == NULL) return;
    struct directory *directory = OWNER(source, struct directory, source);
    directory_close(directory);
    if (directory->notices) notices_remove(directory->notices, directory);
    free(directory->path);
    free(directory);
}

const struct source_kind directory_kind = {
    .watch = watch,
    .scan = scan,
    .identify = identify,
    .open = open_skill,
    .free = free_directory,
};

struct source *directory_new(const char *path, void *owner) {
    struct directory *directory = calloc(1, sizeof *directory);
    char *copy = strdup(path);
    if (directory == NULL || copy == NULL) {
        free(directory), free(copy);
        return NULL;
    }
    *directory = (struct directory){
        .source = {&directory_kind, copy, owner}, .path = copy, .dir = -1, .watch = -1};
    return &directory->source;
}
