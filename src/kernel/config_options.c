/* Options of the command line. */
#include <string.h>

#include "kernel/config_entry.h"

/* "namespaces.dev.directory" */
static bool split(struct config_entries *entries, const char *name, size_t size,
                  struct config_entry *entry) {
    char *copy = arena_copy(entries->arena, name, size);
    for (char *part = copy; part; entry->depth++) {
        if (entry->depth == CONFIG_MAX_DEPTH) return false;
        entry->path[entry->depth] = part;
        part = strchr(part, '.');
        if (part) *part++ = '\0';
    }
    return copy != NULL;
}

bool config_add_options(struct config_entries *entries, int argc, char **argv,
                        bool (*known)(const struct config_entry *entry), struct err *err) {
    for (int i = 0; i < argc; i++) {
        const char *option = argv[i], *equals = strchr(option, '=');
        struct config_entry entry = {.source = "the command line", .shown = option};
        if (strncmp(option, "--", 2) != 0)
            return err_set(err, ERR_INVALID, "\"%s\" is no option: see pharia-kernel --help",
                           option);
        size_t size = equals ? (size_t)(equals - option - 2) : strlen(option) - 2;
        if (!split(entries, option + 2, size, &entry) || !known(&entry))
            return err_set(err, ERR_INVALID, "there is no option --%.*s: see pharia-kernel --help",
                           (int)size, option + 2);
        bool flag = strcmp(option, "--ignore-unsupported") == 0; /* the only one without a value */
        if (!equals && !flag && i + 1 == argc)
            return err_set(err, ERR_INVALID, "the option %s needs a value", option);
        entry.value = equals ? equals + 1 : flag ? "true" : argv[++i];
        if (!config_add(entries, &entry, err)) return false;
    }
    return true;
}
