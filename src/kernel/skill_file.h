/* A component read from a file, decoded and linked, for the commands that look at one. Thread:
 * main. */
#ifndef PK_KERNEL_SKILL_FILE_H
#define PK_KERNEL_SKILL_FILE_H

#include "link/link.h"

struct skill_file {
    struct buf bytes;
    struct arena arena;
    struct component component;
    bool has_world, linked;
    struct component_world world;
    struct link_result result;
    struct err world_err, link_err; /* when not */
};

/* Reads and decodes; finding the world and linking may fail and are told in the struct. The caller
 * frees, also after a failure. */
bool skill_file_read(const char *path, const struct link_settings *settings,
                     struct skill_file *file, struct err *err);
void skill_file_free(struct skill_file *file);

#endif
