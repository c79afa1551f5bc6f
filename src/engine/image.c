#include "engine/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"

enum { FILE_PAGE = 4096 };

/* ---- opening */

static bool image_check(struct engine_image *image, int fd, struct err *err) {
    struct stat status;
    if (fstat(fd, &status)) return err_errno(err, errno, "image: cannot look at the file");
    if (status.st_size < 0 || (uint64_t)status.st_size > image->size ||
        status.st_size % FILE_PAGE != 0)
        return err_set(err, ERR_INVALID,
                       "image: the file has %lld bytes, which are not whole pages of a memory of "
                       "%u pages",
                       (long long)status.st_size, image->pages);
    image->device = (uint64_t)status.st_dev;
    image->inode = (uint64_t)status.st_ino;
    image->data = (size_t)status.st_size;
    return true;
}

/* Address space for the whole memory, which reads as zeros, and the file over its beginning. */
static bool image_map(struct engine_image *image, int fd, struct err *err) {
    if (!image_check(image, fd, err)) return false;
    void *bytes =
        mmap(NULL, image->size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED)
        return err_errno(err, errno, "image: no address space for %zu bytes", image->size);
    image->bytes = bytes;
    if (image->data &&
        mmap(bytes, image->data, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
        return err_errno(err, errno, "image: cannot map %zu bytes", image->data);
    return true;
}

static bool image_set_place(struct engine_image *image, const struct engine_image_file *file,
                            struct err *err) {
    image->directory = file->directory;
    if (!file->name) return true;
    image->name = strdup(file->name);
    return image->name != NULL || err_set(err, ERR_MEMORY, "image: no memory");
}

bool engine_image_open(const struct engine_image_file *file, uint32_t pages,
                       struct engine_image **out, struct err *err) {
    if (pages > 65536)
        return err_set(err, ERR_LIMIT, "image: %u pages are more than a memory can have", pages);
    struct engine_image *image = calloc(1, sizeof *image);
    if (!image) return err_set(err, ERR_MEMORY, "image: no memory");
    atomic_init(&image->references, 1);
    atomic_init(&image->retired, false);
    atomic_init(&image->copy, IMAGE_NOT_COPIED);
    image->pages = pages;
    image->size = (size_t)pages * ENGINE_PAGE;
    if (pages && (!image_set_place(image, file, err) || !image_map(image, file->fd, err))) {
        engine_image_release(image);
        return false;
    }
    *out = image;
    return true;
}

void image_rest(struct engine_image *image) {
    if (image->bytes) madvise((void *)(uintptr_t)image->bytes, image->size, MADV_DONTNEED);
}

/* ---- sharing */

struct engine_image *engine_image_retain(struct engine_image *image) {
    must(atomic_fetch_add_explicit(&image->references, 1, memory_order_relaxed) > 0);
    return image;
}

void engine_image_release(struct engine_image *image) {
    if (!image || atomic_fetch_sub_explicit(&image->references, 1, memory_order_acq_rel) != 1)
        return;
    image_copy_drop(image);
    if (image->bytes) munmap((void *)(uintptr_t)image->bytes, image->size);
    free(image->name);
    free(image);
}

void engine_image_retire(struct engine_image *image) {
    atomic_store(&image->retired, true);
}

uint32_t engine_image_pages(const struct engine_image *image) {
    return image->pages;
}
