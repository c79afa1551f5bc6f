#include "kernel/skill_file.h"

#include "base/file.h"

#define FILE_MAX  ((size_t)1 << 30)
#define ARENA_MAX ((size_t)COMPONENT_ARENA_FACTOR << 30)

bool skill_file_read(const char *path, const struct link_settings *settings,
                     struct skill_file *file, struct err *err) {
    *file = (struct skill_file){0};
    buf_init(&file->bytes, FILE_MAX);
    arena_init(&file->arena, ARENA_MAX);
    if (!file_read(path, &file->bytes, NULL, err)) return false;
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
