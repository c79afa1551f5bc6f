/* Where a slot maps an image's pages from. An image keeps no descriptor: a private mapping of its
 * file needs one only for the moment in which it is made, so the file is opened anew by its name.
 *
 * When the name leads elsewhere (somebody emptied the cache directory), the bytes are still there:
 * the image's own mapping holds the file. They are copied, once for each such image, into one
 * anonymous file that all of them share, so that this costs memory but a single descriptor. */
#include "engine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* One for the process, whatever engines it has; made at the first need, never closed. */
static struct {
    pthread_mutex_t lock;
    int fd;       /* -1: not made yet */
    uint64_t end; /* where the next copy begins; places are not used again */
} copies = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/* ---- copies */

static bool write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset) {
    while (size > 0) {
        ssize_t wrote = pwrite(fd, bytes, size, (off_t)offset);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        bytes += wrote, offset += (uint64_t)wrote, size -= (size_t)wrote;
    }
    return true;
}

/* The lock is held. False: errno. */
static bool make_copy(struct engine_image *image) {
    if (copies.fd < 0) copies.fd = memfd_create("pharia-kernel images", MFD_CLOEXEC);
    if (copies.fd < 0) return false;
    uint64_t offset = copies.end;
    if (!write_all(copies.fd, image->bytes, image->data, offset)) {
        int problem = errno;
        if (ftruncate(copies.fd, (off_t)offset) != 0) copies.end += image->data;
        errno = problem;
        return false;
    }
    copies.end += image->data;
    atomic_store(&image->copy, offset);
    return true;
}

void image_copy_drop(struct engine_image *image) {
    uint64_t offset = atomic_load(&image->copy);
    if (offset == IMAGE_NOT_COPIED) return;
    fallocate(copies.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
              (off_t)image->data);
}

/* ---- the file */

/* Its own file under its name, or -1. */
static int open_by_name(const struct engine_image *image) {
    struct stat status;
    if (!image->name) return -1;
    int fd = openat(image->directory, image->name,
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return -1;
    if (fstat(fd, &status) == 0 && (uint64_t)status.st_dev == image->device &&
        (uint64_t)status.st_ino == image->inode && (uint64_t)status.st_size == image->data)
        return fd;
    close(fd);
    errno = ENOENT;
    return -1;
}

/* Is it the system that has nothing left, rather than the file that is gone? Then a copy would
 * only take more. */
static bool is_shortage(int problem) {
    return problem == EMFILE || problem == ENFILE || problem == ENOMEM;
}

static void *map_copy(struct engine_image *image, void *at) {
    pthread_mutex_lock(&copies.lock);
    bool made = atomic_load(&image->copy) != IMAGE_NOT_COPIED || make_copy(image);
    pthread_mutex_unlock(&copies.lock);
    if (!made) return MAP_FAILED;
    return mmap(at, image->data, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
                copies.fd, (off_t)atomic_load(&image->copy));
}

bool image_map_private(struct engine_image *image, void *at) {
    if (image->data == 0) return true;
    if (atomic_load(&image->copy) != IMAGE_NOT_COPIED) return map_copy(image, at) != MAP_FAILED;
    errno = 0;
    int fd = open_by_name(image);
    if (fd < 0) return !is_shortage(errno) && map_copy(image, at) != MAP_FAILED;
    void *mapped = mmap(at, image->data, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd, 0);
    int problem = errno;
    close(fd);
    errno = problem;
    return mapped != MAP_FAILED;
}
