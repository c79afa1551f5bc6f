#include "kernel/skill_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FILE_MAX  ((size_t)1 << 30)
#define ARENA_MAX ((size_t)COMPONENT_ARENA_FACTOR << 30)

static bool read_file(const char *path, struct buf *bytes, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return err_errno(err, errno, "cannot read %s", path);
    ssize_t count = 1;
    while (count > 0 || (count < 0 && errno == EINTR)) {
        uint8_t *to = buf_reserve(bytes, 1 << 20);
        if (!to) break;
        count = read(fd, to, 1 << 20);
        if (count > 0) bytes->size += (size_t)count;
    }
    int failed = errno;
    close(fd);
    if (bytes->size > FILE_MAX) return err_set(err, ERR_LIMIT, "%s is larger than 1 GiB", path);
    if (bytes->failed) return err_set(err, ERR_MEMORY, "no memory for %s", path);
    return count < 0 ? err_errno(err, failed, "cannot read %s", path) : true;
}

bool skill_file_read(const char *path, const struct link_settings *settings,
                     struct skill_file *file, struct err *err) {
    *file = (struct skill_file){0};
    buf_init(&file->bytes, FILE_MAX + (2 << 20));
    arena_init(&file->arena, ARENA_MAX);
    if (!read_file(path, &file->bytes, err)) return false;
    if (!component_decode(file->bytes.data, file->bytes.size, &file->arena, &file->component, err))
        return err_prefix(err, "%s", path);
    file->has_world = component_find_world(&file->component, &file->world, &file->world_err);
    file->linked =
        link_component(&file->component, settings, &file->arena, &file->result, &file->link_err);
    return true;
}

void skill_file_free(struct skill_file *file) {
    if (file->linked) link_free(&file->result);
    arena_free(&file->arena);
    buf_free(&file->bytes);
}
