#include "kernel/files.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"

enum { FILES_MOST = 1048576, FILES_UNKNOWN = 1024 };

/* Raise the limit of descriptors as far as we may. Returns it. */
static uint64_t raise_files(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files)) return FILES_UNKNOWN;
    rlim_t before = files.rlim_cur;
    files.rlim_cur = files.rlim_max < FILES_MOST ? files.rlim_max : FILES_MOST;
    if (setrlimit(RLIMIT_NOFILE, &files) == 0) return files.rlim_cur;
    log_warn("kernel", "cannot raise the limit of open files: %s", strerror(errno));
    return before;
}

static uint64_t or_cores(uint64_t count) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return count ? count : cores > 0 ? (uint64_t)cores : 1;
}

/* Connections get what is left, so that clients wait or are refused before loads and calls fail.
 * More connections than invocations, so that what is too much is refused with an answer. */
struct file_budget files_divide(const struct config *config) {
    struct file_users users = {.executors = or_cores(config->executors),
                               .shell_threads = config->shell_threads,
                               .loaders = or_cores(config->loaders),
                               .namespaces = config->namespace_count,
                               .connections =
                                   config->max_invocations + config->max_invocations / 2 + 1000};
    uint64_t total = raise_files();
    struct file_budget budget = file_budget(total, &users);
    log_info("kernel",
             "descriptors: %" PRIu64 ", divided: %" PRIu64 " for connections, %" PRIu64
             " for compiled codes, %" PRIu64 " for the kernel itself and loads",
             total, budget.connections, budget.codes, budget.own);
    if (budget.too_little)
        log_warn("kernel",
                 "the limit of open files (RLIMIT_NOFILE, %" PRIu64
                 ") is too small: calls and loads will fail; raise it, for instance "
                 "with ulimit -n 4096",
                 total);
    return budget;
}
