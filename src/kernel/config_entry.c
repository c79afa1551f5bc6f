#include "kernel/config_entry.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"

bool config_add(struct config_entries *entries, const struct config_entry *entry, struct err *err) {
    if (entries->count == CONFIG_MAX_ENTRIES)
        return err_set(err, ERR_LIMIT, "%s: more than %d settings", entry->source,
                       CONFIG_MAX_ENTRIES);
    if (entries->count == entries->room) {
        size_t room = entries->room ? 2 * entries->room : 64;
        struct config_entry *list = arena_zalloc(entries->arena, room, sizeof *list);
        if (!list) return err_set(err, ERR_MEMORY, "no memory for the configuration");
        if (entries->count) memcpy(list, entries->list, entries->count * sizeof *list);
        entries->list = list;
        entries->room = room;
    }
    entries->list[entries->count++] = *entry;
    return true;
}

const struct config_entry *config_find(const struct config_entries *entries,
                                       const char *const *path, unsigned depth) {
    for (size_t i = entries->count; i-- > 0;) {
        const struct config_entry *entry = &entries->list[i];
        unsigned same = 0;
        while (same < depth && entry->depth == depth && strcmp(entry->path[same], path[same]) == 0)
            same++;
        if (same == depth) return entry;
    }
    return NULL;
}

bool config_read_file(struct arena *arena, const char *file, char **text, size_t *size,
                      struct err *err) {
    struct buf bytes;
    *text = NULL;
    buf_init(&bytes, CONFIG_MAX_FILE);
    bool good = file_read(file, &bytes, NULL, err);
    if (good) {
        *size = bytes.size;
        *text = arena_alloc(arena, bytes.size + 1);
        if (*text)
            ((char *)memcpy(*text, bytes.data, bytes.size))[bytes.size] = '\0';
        else
            good = err_set(err, ERR_MEMORY, "no memory for %s", file);
    }
    buf_free(&bytes);
    return good || err->kind == ERR_NOT_FOUND;
}

void config_kebab(const char *from, size_t size, char *to) {
    char last = '-';
    for (size_t i = 0; i < size; i++) {
        char byte = (char)tolower((unsigned char)from[i]);
        if (byte == '_' || byte == ' ') byte = '-';
        bool boundary = (isdigit((unsigned char)byte) && isalpha((unsigned char)last)) ||
                        (isalpha((unsigned char)byte) && isdigit((unsigned char)last));
        if (boundary) *to++ = '-';
        if (byte != '-' || last != '-') *to++ = byte;
        last = byte;
    }
    *to = '\0';
}
