#include "base/io.h"

#include <errno.h>
#include <unistd.h>

bool io_write_all(int fd, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t wrote = write(fd, at, size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote == 0) errno = ENOSPC;
        if (wrote <= 0) return false;
        at += wrote, size -= (size_t)wrote;
    }
    return true;
}

bool io_is_passing(int problem) {
    return problem == EMFILE || problem == ENFILE || problem == ENOMEM || problem == EIO ||
           problem == EINTR || problem == EAGAIN;
}
