/* Any bytes as a .env file: read whole or refused with a text. The names and values of what was
 * read are texts without a NUL, so no file with one is taken: its end would be lost. Each value is
 * also tried as the value of a setting. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log_levels.h"
#include "base/must.h"
#include "kernel/config_entry.h"
#include "kernel/config_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One file of the process's memory, written anew each time. */
static const char *write_file(const uint8_t *data, size_t size) {
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        must((fd = memfd_create("dotenv", MFD_CLOEXEC)) >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    must(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

static void check_entry(const struct config_entry *entry, size_t size) {
    must(entry->depth >= 1 && entry->depth <= CONFIG_MAX_DEPTH);
    must(entry->shown[0] != '\0' && strlen(entry->shown) + strlen(entry->value) < size);
    for (unsigned i = 0; i < entry->depth; i++) must(strlen(entry->path[i]) <= 2 * size);
}

static void try_value(const char *text) {
    struct err err = {0};
    uint64_t number;
    bool flag;
    struct log_levels levels;
    if (!config_parse_size(text, &number, &err)) must(err.text[0] != '\0');
    if (config_parse_count(text, 3, 1000, &number, &err)) must(number >= 3 && number <= 1000);
    (void)config_parse_bool(text, &flag, &err);
    if (!log_levels_parse(text, &levels, &err)) must(err.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char *none[] = {NULL};
    struct arena arena;
    struct err err = {0};
    arena_init(&arena, 64 << 20);
    struct config_entries entries = {.arena = &arena};
    bool good = config_add_environment(&entries, none, write_file(data, size), &err);
    must(good ? size == 0 || memchr(data, '\0', size) == NULL : err.text[0] != '\0');
    for (size_t i = 0; i < entries.count; i++) {
        check_entry(&entries.list[i], size);
        try_value(entries.list[i].value);
    }
    arena_free(&arena);
    return 0;
}
