#include "kernel/config_cache.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Its value when it is an absolute path: the XDG specification wants others to be ignored, and a
 * relative one would move with the working directory. */
static const char *absolute(char **environment, const char *name) {
    size_t size = strlen(name);
    for (; *environment; environment++)
        if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=')
            return (*environment)[size + 1] == '/' ? *environment + size + 1 : NULL;
    return NULL;
}

__attribute__((format(printf, 3, 4))) static const char *join(struct arena *arena, struct err *err,
                                                              const char *format, ...) {
    char path[PATH_MAX];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(path, sizeof path, format, args);
    va_end(args);
    if (size >= (int)sizeof path) {
        err_set(err, ERR_LIMIT, "the path of the cache directory is too long: set CACHE_DIR");
        return NULL;
    }
    const char *copy = arena_copy(arena, path, (size_t)size);
    if (!copy) err_set(err, ERR_MEMORY, "no memory for the configuration");
    return copy;
}

/* Whether this user may write the directory, or make it. */
static bool is_ours(const char *parent, const char *path) {
    return access(path, F_OK) == 0 ? access(path, W_OK | X_OK) == 0
                                   : access(parent, W_OK | X_OK) == 0;
}

const char *config_default_cache(char **environment, const char *system, struct arena *arena,
                                 struct err *passing, struct err *err) {
    const char *xdg = absolute(environment, "XDG_CACHE_HOME");
    const char *home = absolute(environment, "HOME"), *tmp = absolute(environment, "TMPDIR");
    if (xdg) return join(arena, err, "%s/pharia-kernel", xdg);
    if (home) return join(arena, err, "%s/.cache/pharia-kernel", home);
    const char *path = join(arena, err, "%s/pharia-kernel", system);
    if (!path || is_ours(system, path)) return path;
    path = join(arena, err, "%s/pharia-kernel-%u", tmp ? tmp : "/tmp", (unsigned)geteuid());
    if (path)
        err_set(passing, ERR_NOT_FOUND,
                "neither XDG_CACHE_HOME nor HOME is set and %s/pharia-kernel cannot be written, so "
                "compiled skills are kept in %s, which may be lost: set CACHE_DIR",
                system, path);
    return path;
}
