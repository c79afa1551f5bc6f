/* What the sources say, before anybody knows what it means. Private to src/kernel's config. */
#ifndef PK_KERNEL_CONFIG_ENTRY_H
#define PK_KERNEL_CONFIG_ENTRY_H

#include "base/arena.h"
#include "base/err.h"

enum { CONFIG_MAX_DEPTH = 4, CONFIG_MAX_FILE = 1 << 20, CONFIG_MAX_ENTRIES = 10000 };

/* One leaf: path[0..depth) = value. Of two entries of one path the later one counts. */
struct config_entry {
    const char *path[CONFIG_MAX_DEPTH];
    unsigned depth;
    const char *value;  /* NULL: an array or a table that is too deep, which no setting takes */
    const char *source; /* "config.toml", "the environment", "the command line" */
    const char *shown;  /* the key as it was written there */
};

struct config_entries {
    struct arena *arena;
    struct config_entry *list;
    size_t count, room;
};

bool config_add(struct config_entries *entries, const struct config_entry *entry, struct err *err);
/* The last entry of this path, or NULL. */
const struct config_entry *config_find(const struct config_entries *entries,
                                       const char *const *path, unsigned depth);

/* config_toml.c: a file that does not exist adds nothing. */
bool config_add_toml(struct config_entries *entries, const char *file, struct err *err);
/* config_env.c: DIRECTORY/.env below, the environment above. */
bool config_add_environment(struct config_entries *entries, char **environment, const char *dotenv,
                            struct err *err);
/* config_options.c: "--key value" and "--key=value"; `known` says whether a path is a setting. */
bool config_add_options(struct config_entries *entries, int argc, char **argv,
                        bool (*known)(const struct config_entry *entry), struct err *err);

/* The contents of a small file with a NUL behind, in the arena; *text is NULL when there is no such
 * file. */
bool config_read_file(struct arena *arena, const char *file, char **text, size_t *size,
                      struct err *err);
/* "KERNEL_ADDRESS" -> "kernel-address", in place where `text` has room for twice its length:
 * letters and digits are split too. */
void config_kebab(const char *from, size_t size, char *to);

#endif
