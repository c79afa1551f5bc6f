#include "kernel/config_entry.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool read_all(int fd, char *text, size_t size, size_t *got) {
    *got = 0;
    while (*got < size) {
        ssize_t count = read(fd, text + *got, size - *got);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        if (count == 0) break;
        *got += (size_t)count;
    }
    return true;
}

static bool read_open(struct arena *arena, int fd, const char *file, char **text, size_t *size,
                      struct err *err) {
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return err_set(err, ERR_IO, "cannot read %s: not a regular file", file);
    if (facts.st_size > CONFIG_MAX_FILE)
        return err_set(err, ERR_LIMIT, "%s has more than %d bytes", file, CONFIG_MAX_FILE);
    char *bytes = arena_alloc(arena, (size_t)facts.st_size + 1);
    if (!bytes) return err_set(err, ERR_MEMORY, "no memory for %s", file);
    if (!read_all(fd, bytes, (size_t)facts.st_size, size))
        return err_errno(err, errno, "cannot read %s", file);
    bytes[*size] = '\0';
    *text = bytes;
    return true;
}

bool config_read_file(struct arena *arena, const char *file, char **text, size_t *size,
                      struct err *err) {
    *text = NULL;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
                            O_NOCTTY); /* a FIFO is refused below, not waited for */
    if (fd < 0) return errno == ENOENT ? true : err_errno(err, errno, "cannot read %s", file);
    bool good = read_open(arena, fd, file, text, size, err);
    close(fd);
    return good;
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
