#include "engine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"

static bool image_map(struct engine_image *image, int fd, struct err *err) {
    struct stat status;
    if (fstat(fd, &status)) return err_errno(err, errno, "image: cannot look at the file");
    if ((uint64_t)status.st_size != image->size)
        return err_set(err, ERR_INVALID, "image: the file has %lld bytes, not the %zu of %u pages",
                       (long long)status.st_size, image->size, image->pages);
    image->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (image->fd < 0) return err_errno(err, errno, "image: cannot duplicate the descriptor");
    void *bytes = mmap(NULL, image->size, PROT_READ, MAP_SHARED, image->fd, 0);
    if (bytes == MAP_FAILED)
        return err_errno(err, errno, "image: cannot map %zu bytes", image->size);
    image->bytes = bytes;
    return true;
}

bool engine_image_open(int fd, uint32_t pages, struct engine_image **out, struct err *err) {
    if (pages > 65536)
        return err_set(err, ERR_LIMIT, "image: %u pages are more than a memory can have", pages);
    struct engine_image *image = calloc(1, sizeof *image);
    if (!image) return err_set(err, ERR_MEMORY, "image: no memory");
    atomic_init(&image->references, 1);
    atomic_init(&image->retired, false);
    image->fd = -1;
    image->pages = pages;
    image->size = (size_t)pages * ENGINE_PAGE;
    if (pages && !image_map(image, fd, err)) {
        engine_image_release(image);
        return false;
    }
    *out = image;
    return true;
}

void image_rest(struct engine_image *image) {
    if (image->bytes) madvise((void *)(uintptr_t)image->bytes, image->size, MADV_DONTNEED);
}

struct engine_image *engine_image_retain(struct engine_image *image) {
    must(atomic_fetch_add_explicit(&image->references, 1, memory_order_relaxed) > 0);
    return image;
}

void engine_image_release(struct engine_image *image) {
    if (!image || atomic_fetch_sub_explicit(&image->references, 1, memory_order_acq_rel) != 1)
        return;
    if (image->bytes) munmap((void *)(uintptr_t)image->bytes, image->size);
    if (image->fd >= 0) close(image->fd);
    free(image);
}

void engine_image_retire(struct engine_image *image) {
    atomic_store(&image->retired, true);
}

uint32_t engine_image_pages(const struct engine_image *image) {
    return image->pages;
}
