#include "kernel/config_namespaces.h"

#include <string.h>

static bool add_namespace(const struct config_entries *entries, const char *name,
                          struct config *config, struct err *err) {
    const char *path[] = {"namespaces", name, "directory"};
    const struct config_entry *directory = config_find(entries, path, 3);
    if (!skill_namespace_valid(str_of(name)))
        return err_set(err, ERR_INVALID, "namespace \"%s\": a name has " SKILL_NAMESPACE_RULE,
                       name);
    if (!directory || !directory->value || !*directory->value)
        return err_set(
            err, ERR_INVALID,
            "namespace \"%s\": its \"directory\" is missing: set namespaces.%s.directory", name,
            name);
    config->namespaces[config->namespace_count++] =
        (struct skill_namespace){name, directory->value};
    return true;
}

static bool is_known(const struct config *config, const char *name) {
    for (size_t i = 0; i < config->namespace_count; i++)
        if (strcmp(config->namespaces[i].name, name) == 0) return true;
    return false;
}

bool config_read_namespaces(const struct config_entries *entries, struct config *config,
                            struct err *err) {
    config->namespaces =
        arena_zalloc(&config->arena, entries->count + 1, sizeof *config->namespaces);
    if (!config->namespaces) return err_set(err, ERR_MEMORY, "no memory for the configuration");
    for (size_t i = 0; i < entries->count; i++) {
        const struct config_entry *entry = &entries->list[i];
        if (entry->depth < 2 || strcmp(entry->path[0], "namespaces") != 0 ||
            is_known(config, entry->path[1]))
            continue;
        if (!add_namespace(entries, entry->path[1], config, err)) return false;
    }
    if (config->namespace_count == 0)
        config->namespaces[config->namespace_count++] = (struct skill_namespace){"dev", "skills"};
    return true;
}
