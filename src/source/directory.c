#include "source/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

static const char ending[] = ".wasm";
enum { ENDING = sizeof ending - 1 };

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)((uint64_t)time.tv_sec * CLOCK_S + (uint64_t)time.tv_nsec);
}

static struct file_identity identity_of(const struct stat *stat) {
    return (struct file_identity){.device = (uint64_t)stat->st_dev,
                                  .inode = (uint64_t)stat->st_ino,
                                  .size = (uint64_t)stat->st_size,
                                  .modified = nanoseconds(stat->st_mtim),
                                  .changed = nanoseconds(stat->st_ctim),
                                  .links = (uint32_t)stat->st_nlink};
}

bool file_same(const struct file_identity *a, const struct file_identity *b) {
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified == b->modified && a->changed == b->changed;
}

bool file_identify(int fd, struct file_identity *out) {
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

enum directory_state directory_open(const char *path, int *dir, struct err *err) {
    *dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*dir >= 0) return DIRECTORY_OPEN;
    if (errno == ENOENT) return DIRECTORY_MISSING;
    int problem = errno;
    err_errno(err, problem, "directory %s", path);
    return io_is_passing(problem) ? DIRECTORY_BUSY : DIRECTORY_BAD;
}

bool directory_look(int dir, struct str stem, struct file_identity *out) {
    char name[DIRECTORY_MAX_NAME + 1];
    struct stat stat;
    errno = 0;
    if (!file_name(stem, name) || fstatat(dir, name, &stat, 0) != 0) return false;
    *out = identity_of(&stat);
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

int directory_open_file(const char *path, struct str stem, struct err *err) {
    char name[DIRECTORY_MAX_NAME + 1];
    int dir = -1;
    if (!file_name(stem, name)) {
        err_set(err, ERR_NOT_FOUND, "no file can have that name");
        return -1;
    }
    if (directory_open(path, &dir, err) == DIRECTORY_MISSING)
        err_set(err, ERR_NOT_FOUND, "the directory %s is gone", path);
    if (dir < 0) return -1;
    int fd = open_regular(dir, path, name, err);
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

static void add_odd(struct directory_odd *odd, int dir, const char *file_name, int problem) {
    size_t used = strlen(odd->names), room = sizeof odd->names - used;
    odd->count++;
    int size = snprintf(odd->names + used, room, "%s%s (%s)", used > 0 ? ", " : "", file_name,
                        why_odd(dir, file_name, problem));
    if (size >= 0 && (size_t)size >= room) odd->names[used] = '\0'; /* whole names only */
}

static enum directory_state cannot_scan(int problem, struct err *err) {
    err_errno(err, problem, "cannot read the directory");
    return io_is_passing(problem) ? DIRECTORY_BUSY : DIRECTORY_BAD;
}

/* Show every skill file to `see`. Returns the errno of what could not be looked at; 0: nothing. */
static int show_all(int dir, DIR *listing, directory_see_fn see, void *context,
                    struct directory_odd *odd) {
    struct dirent *item;
    int problem = 0;
    errno = 0;
    while ((item = readdir(listing)) != NULL) {
        struct str stem;
        struct file_identity file;
        if (directory_stem(item->d_name, &stem) && directory_look(dir, stem, &file))
            see(context, stem, &file);
        else if (io_is_passing(errno))
            problem = errno;
        else if (looks_like_a_skill(item->d_name))
            add_odd(odd, dir, item->d_name, errno);
        errno = 0;
    }
    return errno != 0 ? errno : problem;
}

enum directory_state directory_scan(int dir, directory_see_fn see, void *context,
                                    struct directory_odd *odd, struct err *err) {
    /* A descriptor of its own: reading moves the position. */
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    *odd = (struct directory_odd){0};
    if (listing == NULL) {
        int problem = errno;
        if (copy >= 0) close(copy);
        return cannot_scan(problem, err);
    }
    int problem = show_all(dir, listing, see, context, odd);
    closedir(listing);
    return problem == 0 ? DIRECTORY_OPEN : cannot_scan(problem, err);
}
