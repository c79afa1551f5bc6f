#include "eval/kernel_environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { VALUE = 1000, PATH_SIZE = 4096 };
#define NAMESPACES "NAMESPACES__"

/* Of the kernel's settings (docs/configuration.md) those that the run leaves to its caller. */
static const char *const settings[] = {
    "BODY_LIMIT",      "BODY_MEMORY",       "EXECUTORS",
    "GUEST_LOG_LIMIT", "GUEST_MEMORY",      "IGNORE_UNSUPPORTED",
    "IDLE_TIMEOUT",    "INVOCATION_MEMORY", "INVOCATION_TIMEOUT",
    "LOADERS",         "LOG_LEVEL",         "MAX_INVOCATIONS",
    "QUEUE_LENGTH",    "SHELL_THREADS",     "SHUTDOWN_DEADLINE",
    "STRICT_MEMORY",
};
/* Those that are the run's. */
static const char *const ours[] = {"KERNEL_ADDRESS", "PHARIA_KERNEL_ADDRESS", "CACHE_DIR",
                                   "NAMESPACE_UPDATE_INTERVAL"};

/* The kernel does not distinguish case. */
static bool is_one_of(const char *const *names, size_t count, const char *variable) {
    size_t size = strcspn(variable, "=");
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == size && strncasecmp(names[i], variable, size) == 0) return true;
    return false;
}

static bool is_unwanted(const char *variable) {
    return strncasecmp(variable, NAMESPACES, strlen(NAMESPACES)) == 0 ||
           is_one_of(ours, sizeof ours / sizeof *ours, variable);
}

void kernel_environment_set(const char *address, const char *cache_dir) {
    for (char **at = environ; *at;) {
        char name[PATH_SIZE];
        int size = (int)strcspn(*at, "=");
        if (is_unwanted(*at) && size < PATH_SIZE) {
            snprintf(name, sizeof name, "%.*s", size, *at);
            if (unsetenv(name) == 0) {
                at = environ;
                continue;
            }
        }
        at++;
    }
    setenv("KERNEL_ADDRESS", address, 1);        /* what a kernel of ours reads */
    setenv("PHARIA_KERNEL_ADDRESS", address, 1); /* what one of 2024 reads */
    setenv("CACHE_DIR", cache_dir, 1);
    setenv("NAMESPACE_UPDATE_INTERVAL", "1s", 1);
    setenv("LOG_LEVEL", "info", 0);
}

bool kernel_environment_inherited(struct buf *out) {
    for (char **at = environ; *at; at++)
        if (strchr(*at, '=') && is_one_of(settings, sizeof settings / sizeof *settings, *at))
            buf_format(out, "%s%.*s", out->size ? " " : "", VALUE, *at);
    return buf_text(out, "");
}

bool kernel_environment_check(const char *folder, struct err *err) {
    static const char *const files[] = {"config.toml", "namespace.toml", ".env"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_SIZE];
        if (snprintf(path, sizeof path, "%s/%s", folder, files[i]) >= PATH_SIZE) continue;
        if (access(path, F_OK) == 0)
            return err_set(
                err, ERR_INVALID,
                "%s is there: the kernel would take settings from it, which change what "
                "is measured and are not in the log. Remedy: move it away, choose another "
                "folder with --folder, or set them in the environment",
                path);
    }
    return true;
}
