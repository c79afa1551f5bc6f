#include "eval/kernel_environment.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { VALUE = 1000, PATH_SIZE = 4096 };
#define NAMESPACES "NAMESPACES__"

/* Of the kernel's settings (docs/configuration.md) those that the run leaves to its caller. */
static const char *const settings[] = {
    "BODY_LIMIT",        "BODY_MEMORY",       "COMPILE_MEMORY",     "EXECUTORS",
    "GUEST_LOG_LIMIT",   "GUEST_MEMORY",      "HEADER_TIMEOUT",     "IGNORE_UNSUPPORTED",
    "IDLE_TIMEOUT",      "INVOCATION_MEMORY", "INVOCATION_TIMEOUT", "LOADERS",
    "LOG_LEVEL",         "MAX_INVOCATIONS",   "QUEUE_LENGTH",       "SHELL_THREADS",
    "SHUTDOWN_DEADLINE", "STRICT_MEMORY",     "TRANSFER_PERIOD",    "TRANSFER_RATE",
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

void kernel_environment_free(char **environment) {
    for (char **at = environment; at && *at; at++) free(*at);
    free(environment);
}

__attribute__((format(printf, 2, 3))) static char **add(char **at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (vasprintf(at, format, args) < 0) *at = NULL;
    va_end(args);
    return at + 1;
}

/* [made, end): without memory for one of them, none. */
static char **all_or_none(char **made, char **end) {
    char **at = made;
    while (at < end && *at) at++;
    if (at == end) return made;
    for (at = made; at < end; at++) free(*at);
    free(made);
    return NULL;
}

char **kernel_environment_make(const char *address, const char *cache_dir) {
    size_t count = 0;
    bool has_level = false;
    while (environ[count]) count++;
    char **made = calloc(count + 6, sizeof *made), **at = made;
    if (!made) return NULL;
    for (size_t i = 0; i < count; i++) {
        if (is_unwanted(environ[i])) continue;
        at = add(at, "%s", environ[i]);
        has_level |= strncmp(environ[i], "LOG_LEVEL=", 10) == 0;
    }
    at = add(at, "KERNEL_ADDRESS=%s", address);        /* what a kernel of ours reads */
    at = add(at, "PHARIA_KERNEL_ADDRESS=%s", address); /* what one of 2024 reads */
    at = add(at, "CACHE_DIR=%s", cache_dir);
    at = add(at, "NAMESPACE_UPDATE_INTERVAL=1s");
    if (!has_level) at = add(at, "LOG_LEVEL=info");
    return all_or_none(made, at);
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
