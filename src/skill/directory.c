#include "skill/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

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

bool directory_passing(int problem) {
    return problem == EMFILE || problem == ENFILE || problem == ENOMEM || problem == EIO ||
           problem == EINTR || problem == EAGAIN;
}

enum directory_state directory_open(const char *path, int *dir, struct err *err) {
    *dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*dir >= 0) return DIRECTORY_OPEN;
    if (errno == ENOENT) return DIRECTORY_MISSING;
    int problem = errno;
    err_errno(err, problem, "directory %s", path);
    return directory_passing(problem) ? DIRECTORY_BUSY : DIRECTORY_BAD;
}

bool directory_look(int dir, struct str stem, struct file_identity *out) {
    char name[DIRECTORY_MAX_NAME + 1];
    struct stat stat;
    errno = 0;
    if (!file_name(stem, name) || fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) != 0) return false;
    *out = identity_of(&stat);
    return S_ISREG(stat.st_mode);
}

int directory_open_file(const char *path, struct str stem, struct err *err) {
    char name[DIRECTORY_MAX_NAME + 1];
    int dir = -1, fd = -1;
    if (!file_name(stem, name)) {
        err_set(err, ERR_NOT_FOUND, "no file can have that name");
        return -1;
    }
    if (directory_open(path, &dir, err) == DIRECTORY_MISSING)
        err_set(err, ERR_NOT_FOUND, "the directory %s is gone", path);
    if (dir < 0) return -1;
    /* O_NONBLOCK: whatever took the file's place must not block us. */
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        err_set(err, ERR_NOT_FOUND, "the file %s/%s is gone", path, name);
    else if (fd < 0)
        err_errno(err, errno, "file %s/%s", path, name);
    close(dir);
    return fd;
}

static bool looks_like_a_skill(const char *file_name) {
    return file_name[0] != '.' && str_ends(str_of(file_name), ending);
}

static enum directory_state cannot_scan(int problem, struct err *err) {
    err_errno(err, problem, "cannot read the directory");
    return directory_passing(problem) ? DIRECTORY_BUSY : DIRECTORY_BAD;
}

/* Show every skill file to `see`. Returns the errno of what could not be looked at; 0: nothing. */
static int show_all(int dir, DIR *listing, directory_see_fn see, void *context, size_t *odd) {
    struct dirent *item;
    int problem = 0;
    errno = 0;
    while ((item = readdir(listing)) != NULL) {
        struct str stem;
        struct file_identity file;
        if (directory_stem(item->d_name, &stem) && directory_look(dir, stem, &file))
            see(context, stem, &file);
        else if (directory_passing(errno))
            problem = errno;
        else
            *odd += looks_like_a_skill(item->d_name);
        errno = 0;
    }
    return errno != 0 ? errno : problem;
}

enum directory_state directory_scan(int dir, directory_see_fn see, void *context, size_t *odd,
                                    struct err *err) {
    /* A descriptor of its own: reading moves the position. */
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    *odd = 0;
    if (listing == NULL) {
        int problem = errno;
        if (copy >= 0) close(copy);
        return cannot_scan(problem, err);
    }
    int problem = show_all(dir, listing, see, context, odd);
    closedir(listing);
    return problem == 0 ? DIRECTORY_OPEN : cannot_scan(problem, err);
}
