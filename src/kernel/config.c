#include "kernel/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/must.h"
#include "kernel/config_cache.h"
#include "kernel/config_entry.h"
#include "kernel/config_namespaces.h"
#include "kernel/config_unsupported.h"
#include "kernel/config_value.h"

enum { CONFIG_ARENA = 64 << 20 };

enum key_kind { KEY_TEXT, KEY_DURATION, KEY_SIZE, KEY_COUNT, KEY_BOOL, KEY_LEVELS };

static const char *const kind_names[] = {"text",   "duration",      "size",
                                         "number", "true or false", "levels"};

#define KEY(field) offsetof(struct config, field)

/* The table. `min` and `max`: of counts; of durations ns; of sizes bytes. A NULL default is made by
 * the program (`shown`). */
static const struct config_key {
    const char *name;  /* "kernel-address" */
    const char *older; /* an environment variable that counts when the key is not set anywhere, as
                          its path */
    enum key_kind kind;
    size_t field;
    const char *standard, *shown;
    uint64_t min, max;
    const char *help;
} keys[] = {
    {"kernel-address", "pharia-kernel-address", KEY_TEXT, KEY(kernel_address), "0.0.0.0:8081", NULL,
     0, 0,
     "HOST:PORT to listen on; 127.0.0.1:8081 for this machine only. PHARIA_KERNEL_ADDRESS is its "
     "older name, except for a URL, which is a client's"},
    {"namespace-update-interval", NULL, KEY_DURATION, KEY(namespace_update_interval), "10s", NULL,
     0, 86400 * CLOCK_S,
     "how often namespaces are looked at, beside the notices of the file system"},
    {"log-level", NULL, KEY_LEVELS, KEY(log_levels), "info", NULL, 0, 0,
     "off, error, warn, info, debug or trace, and TARGET=LEVEL, separated by commas as in the "
     "existing Kernel: warn,shell=debug. Targets are pharia_kernel" LOG_AREA_NAMES
     "; others have no effect"},
    {"cache-dir", NULL, KEY_TEXT, KEY(cache_dir), NULL, CONFIG_CACHE_SHOWN, 0, 0,
     "directory of compiled skills; on a local file system, for this user only"},
    {"executors", NULL, KEY_COUNT, KEY(executors), "0", NULL, 0, 1024,
     "threads that run skills; 0: one per core"},
    {"loaders", NULL, KEY_COUNT, KEY(loaders), "0", NULL, 0, 1024,
     "skills that are loaded at the same time; 0: one per core"},
    {"compile-memory", NULL, KEY_SIZE, KEY(compile_memory), "2Gi", NULL, 256ull << 20, 1ull << 44,
     "memory that the process which links or compiles one skill may have; large skills are "
     "compiled "
     "one after the other"},
    {"shell-threads", NULL, KEY_COUNT, KEY(shell_threads), "1", NULL, 1, 64,
     "threads that read requests and write answers"},
    {"max-invocations", NULL, KEY_COUNT, KEY(max_invocations), "20000", NULL, 1, 1000000,
     "invocations at the same time, in whatever state; more are answered with 503"},
    {"queue-length", NULL, KEY_COUNT, KEY(queue_length), "15000", NULL, 1, 1000000,
     "of these, the ones that wait to begin; more are answered with 503"},
    {"invocation-timeout", NULL, KEY_DURATION, KEY(invocation_timeout), "10m", NULL, CLOCK_MS,
     30ull * 86400 * CLOCK_S, "how long one invocation may take"},
    {"invocation-memory", NULL, KEY_SIZE, KEY(invocation_memory), "1Gi", NULL, 65536, 4ull << 30,
     "memory that one invocation may have"},
    {"guest-memory", NULL, KEY_SIZE, KEY(guest_memory), NULL,
     "four fifths of what the kernel itself does not need of the machine's memory, or of the "
     "container's",
     64ull << 20, 1ull << 50,
     "memory that all invocations may have together; when it runs short, those that need much wait "
     "for each other, and where that does not help some are answered with 503"},
    {"strict-memory", NULL, KEY_BOOL, KEY(strict_memory), "false", NULL, 0, 0,
     "take memory that a skill grew away from it between calls; a little slower, and skills are "
     "compiled anew"},
    {"guest-log-limit", NULL, KEY_SIZE, KEY(guest_log_limit), "64Ki", NULL, 0, 1ull << 40,
     "bytes that one invocation may print to the log"},
    {"body-limit", NULL, KEY_SIZE, KEY(body_limit), "50Mi", NULL, 1, 1ull << 32,
     "size of a request body; larger ones get 413"},
    {"body-memory", NULL, KEY_SIZE, KEY(body_memory), NULL,
     "a fifth of what the kernel itself does not need, at most 1Gi", 1ull << 20, 1ull << 44,
     "bytes of all request bodies above 16 KiB that are held at once; beyond it requests with such "
     "get 503"},
    {"idle-timeout", NULL, KEY_DURATION, KEY(idle_timeout), "75s", NULL, CLOCK_S, 86400 * CLOCK_S,
     "a connection without a request for so long is closed"},
    {"header-timeout", NULL, KEY_DURATION, KEY(header_timeout), "10s", NULL, 100 * CLOCK_MS,
     86400 * CLOCK_S,
     "how long the head of a request may take from its first byte to its last; beyond it the "
     "client gets 408"},
    {"transfer-rate", NULL, KEY_SIZE, KEY(transfer_rate), "1Ki", NULL, 0, 1ull << 30,
     "bytes per second that a client must send of a body or take of an answer, on average over "
     "each TRANSFER_PERIOD; slower ones get 408, or their connection is closed"},
    {"transfer-period", NULL, KEY_DURATION, KEY(transfer_period), "10s", NULL, 100 * CLOCK_MS,
     86400 * CLOCK_S, "the time over which TRANSFER_RATE is measured"},
    {"ignore-unsupported", NULL, KEY_BOOL, KEY(ignore_unsupported), "false", NULL, 0, 0,
     "start although settings are given that this kernel does not honour yet; each is a warning"},
    {"shutdown-deadline", NULL, KEY_DURATION, KEY(shutdown_deadline), "8s", NULL, 0,
     86400 * CLOCK_S, "how long running invocations may go on after SIGTERM or SIGINT"},
};

enum { KEY_TOTAL = sizeof keys / sizeof *keys };

/* ---- values */

/* A limit of a duration or a size as one would write it: in the largest unit that divides it. */
static void limit_text(enum key_kind kind, uint64_t limit, char *out, size_t size) {
    static const struct unit {
        uint64_t factor;
        const char *name;
    } durations[] = {{86400 * CLOCK_S, "d"}, {CLOCK_S, "s"}, {CLOCK_MS, "ms"}, {1, "ns"}},
      sizes[] = {{1ull << 40, "Ti"}, {1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}, {1, ""}};
    const struct unit *unit = kind == KEY_SIZE ? sizes : durations;
    while (limit % unit->factor != 0) unit++;
    snprintf(out, size, "%" PRIu64 "%s", limit / unit->factor, unit->name);
}

static bool in_range(const struct config_key *key, uint64_t value, const char *text,
                     struct err *err) {
    if (value >= key->min && value <= key->max) return true;
    bool less = value < key->min;
    char limit[40];
    limit_text(key->kind, less ? key->min : key->max, limit, sizeof limit);
    return err_set(err, ERR_INVALID, "\"%s\" is %s than this setting takes: at %s %s", text,
                   less ? "less" : "more", less ? "least" : "most", limit);
}

static bool parse(const struct config_key *key, const char *text, struct config *config,
                  struct err *err) {
    void *field = (char *)config + key->field;
    switch (key->kind) {
    case KEY_TEXT:
        *(const char **)field = text;
        return *text ? true : err_set(err, ERR_INVALID, "its value is empty");
    case KEY_DURATION:
        return clock_parse_duration(text, field, err) &&
               in_range(key, *(uint64_t *)field, text, err);
    case KEY_SIZE:
        return config_parse_size(text, field, err) && in_range(key, *(uint64_t *)field, text, err);
    case KEY_COUNT:
        return config_parse_count(text, key->min, key->max, field, err);
    case KEY_BOOL:
        return config_parse_bool(text, field, err);
    case KEY_LEVELS:
        return log_levels_parse(text, field, err);
    }
    must(!"a kind of setting");
    return false;
}

bool config_warn(struct config *config, const char *text, struct err *err) {
    const char *copy = arena_copy(&config->arena, text, strlen(text));
    if (!copy) return err_set(err, ERR_MEMORY, "no memory for the configuration");
    if (config->warning_count == CONFIG_MAX_WARNINGS) return true;
    config->warnings[config->warning_count++] = copy;
    return true;
}

/* An entry under the key's older name. Clients call the address of their kernel so, as a URL: that
 * is not where to listen, and *entry stays NULL. */
static bool find_older(const struct config_entries *entries, const struct config_key *key,
                       struct config *config, const struct config_entry **entry, struct err *err) {
    *entry = key->older ? config_find(entries, &key->older, 1) : NULL;
    if (!*entry || !(*entry)->value || !strstr((*entry)->value, "://")) return true;
    struct err ignored;
    err_set(&ignored, ERR_INVALID,
            "%s, %s is a URL, with which clients find a kernel, so it is not taken for the address "
            "to listen on: set KERNEL_ADDRESS",
            (*entry)->source, (*entry)->shown);
    *entry = NULL;
    return config_warn(config, ignored.text, err);
}

static bool read_key(const struct config_entries *entries, const struct config_key *key,
                     struct config *config, struct err *err) {
    const struct config_entry *entry = config_find(entries, &key->name, 1);
    if (!entry && !find_older(entries, key, config, &entry, err)) return false;
    if (!entry) {
        must(!key->standard || parse(key, key->standard, config, err));
        return true;
    }
    if (!entry->value)
        return err_set(err, ERR_INVALID, "%s, %s: a single value was expected, not a list",
                       entry->source, entry->shown);
    return parse(key, entry->value, config, err) ||
           err_prefix(err, "%s, %s", entry->source, entry->shown);
}

/* ---- settings that are not honoured yet */

/* Of several entries of one path only the last one counts. */
static bool check_unsupported(const struct config_entries *entries, struct config *config,
                              struct err *err) {
    for (size_t i = 0; i < entries->count; i++) {
        const struct config_entry *entry = &entries->list[i];
        const struct config_unsupported *row = config_unsupported_find(entry);
        if (!row || config_find(entries, entry->path, entry->depth) != entry ||
            config_unsupported_harmless(row, entry))
            continue;
        struct err refused;
        config_unsupported_refuse(row, entry, &refused);
        if (!config->ignore_unsupported) {
            *err = refused;
            return false;
        }
        err_prefix(&refused, "ignored");
        if (!config_warn(config, refused.text, err)) return false;
    }
    return true;
}

/* ---- all of it */

static const struct config_key *find_key(const char *name) {
    for (size_t i = 0; i < KEY_TOTAL; i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

static bool known(const struct config_entry *entry) {
    if (config_unsupported_find(entry)) return true;
    if (entry->depth == 3)
        return strcmp(entry->path[0], "namespaces") == 0 &&
               strcmp(entry->path[2], "directory") == 0;
    return entry->depth == 1 && find_key(entry->path[0]);
}

static const char *file_in(struct arena *arena, const char *directory, const char *name) {
    if (strcmp(directory, ".") == 0) return name;
    char path[4096];
    int size = snprintf(path, sizeof path, "%s/%s", directory, name);
    return size < (int)sizeof path ? arena_copy(arena, path, (size_t)size) : name;
}

static bool default_cache(char **environment, struct config *config, struct err *err) {
    struct err passing = {0};
    config->cache_dir =
        config_default_cache(environment, "/var/cache", &config->arena, &passing, err);
    return config->cache_dir &&
           (passing.kind == ERR_NONE || config_warn(config, passing.text, err));
}

static bool read_all(int argc, char **argv, char **environment, const char *directory,
                     struct config *config, struct err *err) {
    struct config_entries entries = {.arena = &config->arena};
    if (!config_add_toml(&entries, file_in(&config->arena, directory, "config.toml"), err) ||
        !config_add_environment(&entries, environment, file_in(&config->arena, directory, ".env"),
                                err) ||
        !config_add_options(&entries, argc, argv, known, err))
        return false;
    for (size_t i = 0; i < KEY_TOTAL; i++)
        if (!read_key(&entries, &keys[i], config, err)) return false;
    if (!check_unsupported(&entries, config, err)) return false;
    if (!config->cache_dir && !default_cache(environment, config, err)) return false;
    return config_read_namespaces(&entries, config, err);
}

bool config_read(int argc, char **argv, char **environment, const char *directory,
                 struct config *config, struct err *err) {
    *config = (struct config){0};
    arena_init(&config->arena, CONFIG_ARENA);
    if (read_all(argc, argv, environment, directory, config, err)) return true;
    config_free(config);
    return false;
}

void config_free(struct config *config) {
    arena_free(&config->arena);
}

/* ---- help */

static void add_variable_name(struct buf *out, const char *key) {
    for (; *key; key++)
        buf_byte(out, *key == '-' ? '_' : (uint8_t)(*key >= 'a' && *key <= 'z' ? *key - 32 : *key));
}

static const char *shown_default(const struct config_key *key) {
    return key->standard ? key->standard : key->shown;
}

enum { HELP_COLUMN = 31 }; /* where the texts begin: behind "  --", 26 characters and a blank */

void config_help(struct buf *out) {
    for (size_t i = 0; i < KEY_TOTAL; i++)
        buf_format(out, "  --%-26s %s\n%*s(%s, default %s)\n", keys[i].name, keys[i].help,
                   HELP_COLUMN, "", kind_names[keys[i].kind], shown_default(&keys[i]));
    buf_format(
        out, "  --%-26s %s\n%*s(text, default skills for dev, when there is no namespace at all)\n",
        "namespaces.NAME.directory",
        "directory of the skills of a namespace: NAMESPACES__NAME__DIRECTORY", HELP_COLUMN, "");
    config_unsupported_help(out);
}

void config_help_markdown(struct buf *out) {
    buf_text(out, "| environment | option, and key of config.toml | kind | default | meaning |\n| "
                  "--- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < KEY_TOTAL; i++) {
        buf_text(out, "| `");
        add_variable_name(out, keys[i].name);
        buf_format(out, "` | `%s` | %s | `%s` | %s |\n", keys[i].name, kind_names[keys[i].kind],
                   shown_default(&keys[i]), keys[i].help);
    }
    buf_text(out, "| `NAMESPACES__NAME__DIRECTORY` | `namespaces.NAME.directory` | text | `skills` "
                  "for `dev`, when there is no namespace "
                  "at all | directory of the skills of a namespace |\n");
    config_unsupported_markdown(out);
}
