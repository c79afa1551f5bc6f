/* The configuration: every setting is a line of one table, from which parsing, --help and
 * docs/configuration.md come.
 *
 * Sources, the later wins key by key: the table's default, ./config.toml, the environment (to which
 * ./.env adds what is not set in it), options of the command line. A key "kernel-address" is
 * KERNEL_ADDRESS in the environment and --kernel-address as an option; levels of tables are joined
 * by "__" in the environment and by "." in options. Names of the environment are lower-cased, "_"
 * becomes "-", and a hyphen comes between a letter and a digit (NAMESPACES__TEAM1__DIRECTORY is the
 * namespace "team-1"): that is how the existing Kernel reads them. Unknown keys are ignored,
 * unknown options are not. Settings of the existing Kernel that this kernel does not honour yet are
 * refused (config_unsupported.h). Thread: main. */
#ifndef PK_KERNEL_CONFIG_H
#define PK_KERNEL_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log_levels.h"
#include "store/store.h"

enum { CONFIG_MAX_WARNINGS = 64 };

struct config {
    struct arena arena; /* everything that is pointed to */
    const char *kernel_address;
    const char *cache_dir;
    uint64_t namespace_update_interval; /* durations: ns */
    uint64_t invocation_timeout;
    uint64_t shutdown_deadline;
    uint64_t idle_timeout;
    uint64_t header_timeout;
    uint64_t transfer_period;
    uint64_t invocation_memory; /* sizes: bytes */
    uint64_t guest_memory;      /* 0: its share (memory_budget.h) */
    uint64_t guest_log_limit;
    uint64_t compile_memory;
    uint64_t transfer_rate;
    uint64_t body_limit;
    uint64_t body_memory; /* 0: its share */
    uint64_t executors;   /* counts */
    uint64_t loaders;
    uint64_t shell_threads;
    uint64_t max_invocations;
    uint64_t queue_length;
    bool strict_memory;
    bool ignore_unsupported;
    struct log_levels log_levels;
    struct skill_namespace *namespaces;
    size_t namespace_count;
    const char *warnings[CONFIG_MAX_WARNINGS]; /* to be logged at start */
    size_t warning_count;
};

/* `argv`: the options, without the program's and the subcommand's name. `environment` is like
 * environ; `directory` is where config.toml and .env are ("." for the working directory);
 * directories of namespaces are relative to the working directory. On failure the text says which
 * source and key, or which namespace. */
bool config_read(int argc, char **argv, char **environment, const char *directory,
                 struct config *config, struct err *err);
void config_free(struct config *config);

/* Lines of --help, and the table of docs/configuration.md. */
void config_help(struct buf *out);
void config_help_markdown(struct buf *out);

#endif
