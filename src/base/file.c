#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

static int open_regular(const char *path, struct stat *stat, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not wait for a writer */
    if (fd < 0) {
        int failed = errno;
        err_errno(err, failed, "cannot read %s", path);
        if (failed == ENOENT) err->kind = ERR_NOT_FOUND;
        return -1;
    }
    bool good = fstat(fd, stat) == 0 ? true : err_errno(err, errno, "cannot look at %s", path);
    if (good && !S_ISREG(stat->st_mode))
        good = err_set(err, ERR_INVALID, "%s is %s, a file was expected", path,
                       S_ISDIR(stat->st_mode) ? "a directory" : "a pipe, socket or device");
    if (good) return fd;
    close(fd);
    return -1;
}

static void tell_modified(const struct stat *stat, uint64_t *modified) {
    if (modified)
        *modified = (uint64_t)stat->st_mtim.tv_sec * CLOCK_S + (uint64_t)stat->st_mtim.tv_nsec;
}

int file_open(const char *path, uint64_t *modified, struct err *err) {
    struct stat stat;
    int fd = open_regular(path, &stat, err);
    if (fd >= 0) tell_modified(&stat, modified);
    return fd;
}

bool file_read(const char *path, struct buf *out, uint64_t *modified, struct err *err) {
    enum { PIECE = 64 << 10 };
    struct stat stat;
    int fd = open_regular(path, &stat, err);
    if (fd < 0) return false;
    tell_modified(&stat, modified);
    ssize_t count = 1;
    /* What is too large is not read: that may take its time, and the memory. */
    bool fits = (uint64_t)stat.st_size <= out->cap - out->size;
    while (fits && (count > 0 || (count < 0 && errno == EINTR))) {
        size_t left = out->cap - out->size, piece = left < PIECE ? left : PIECE;
        char probe;
        uint8_t *to = buf_reserve(out, piece);
        if (!to) break;
        count = piece ? read(fd, to, piece) : read(fd, &probe, 1);
        if (count > 0 && !piece) out->failed = true; /* more than the cap */
        if (out->failed) break;
        if (count > 0) out->size += (size_t)count;
    }
    int failed = errno;
    close(fd);
    if (out->failed && out->size < out->cap)
        return err_set(err, ERR_MEMORY, "no memory to read %s", path);
    if (!fits || out->failed)
        return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes, the most that is read", path,
                       out->cap);
    return count < 0 ? err_errno(err, failed, "cannot read %s", path) : true;
}
