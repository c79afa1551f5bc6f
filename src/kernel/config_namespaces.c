#include "kernel/config_namespaces.h"

#include <string.h>

#include "kernel/config_unsupported.h"

/* A namespace without a directory: an error, unless it has what is ignored on demand. */
static bool leave_out(const struct config_entries *entries, const char *name, struct config *config,
                      struct err *err) {
    bool ignored = false;
    for (size_t i = 0; i < entries->count; i++) {
        const struct config_entry *entry = &entries->list[i];
        const struct config_unsupported *row = config_unsupported_find(entry);
        ignored |= row && entry->depth == 3 && strcmp(entry->path[1], name) == 0 &&
                   !config_unsupported_harmless(row, entry);
    }
    if (!config->ignore_unsupported || !ignored)
        return err_set(
            err, ERR_INVALID,
            "namespace \"%s\": its \"directory\" is missing: set namespaces.%s.directory", name,
            name);
    struct err left;
    err_set(&left, ERR_UNSUPPORTED, "namespace \"%s\" is left out: it has no \"directory\"", name);
    return config_warn(config, left.text, err);
}

static bool add_namespace(const struct config_entries *entries, const char *name,
                          struct config *config, struct err *err) {
    const char *path[] = {"namespaces", name, "directory"};
    const struct config_entry *directory = config_find(entries, path, 3);
    if (!skill_namespace_valid(str_of(name)))
        return err_set(err, ERR_INVALID, "namespace \"%s\": a name has " SKILL_NAMESPACE_RULE,
                       name);
    if (!directory || !directory->value || !*directory->value)
        return leave_out(entries, name, config, err);
    config->namespaces[config->namespace_count++] =
        (struct skill_namespace){name, directory->value};
    return true;
}

static bool is_namespace(const struct config_entry *entry) {
    return entry->depth >= 2 && strcmp(entry->path[0], "namespaces") == 0;
}

/* Whether an entry before this one was of the same namespace. */
static bool is_repeated(const struct config_entries *entries, size_t which) {
    for (size_t i = 0; i < which; i++)
        if (is_namespace(&entries->list[i]) &&
            strcmp(entries->list[i].path[1], entries->list[which].path[1]) == 0)
            return true;
    return false;
}

bool config_read_namespaces(const struct config_entries *entries, struct config *config,
                            struct err *err) {
    config->namespaces =
        arena_zalloc(&config->arena, entries->count + 1, sizeof *config->namespaces);
    if (!config->namespaces) return err_set(err, ERR_MEMORY, "no memory for the configuration");
    bool any = false;
    for (size_t i = 0; i < entries->count; i++) {
        if (!is_namespace(&entries->list[i])) continue;
        any = true;
        if (!is_repeated(entries, i) &&
            !add_namespace(entries, entries->list[i].path[1], config, err))
            return false;
    }
    if (!any)
        config->namespaces[config->namespace_count++] = (struct skill_namespace){"dev", "skills"};
    return true;
}
