#include "component/names.h"

#include <stdlib.h>

#include "component/component.h"

/* Names are chosen by whoever made the file, so they may be chosen to collide. In a table that is
 * at most half full a search this long does not happen by chance; it is refused, and so every
 * search is short. */
enum { LONGEST_SEARCH = 256 };

struct names_entry {
    const char *data; /* NULL: free */
    uint32_t size, scope, hash, value;
};

static uint32_t hash_of(uint32_t scope, struct str name) {
    uint64_t hash = str_hash(name) ^ (scope * UINT64_C(0x9e3779b97f4a7c15));
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(hash >> 32);
}

/* The entry of this name, or the free one where it belongs; NULL when the search gets too long. */
static struct names_entry *search(const struct names *names, uint32_t scope, uint32_t hash,
                                  struct str name) {
    for (uint32_t i = 0; i < LONGEST_SEARCH; i++) {
        struct names_entry *entry = &names->entries[(hash + i) & (names->room - 1)];
        if (entry->data == NULL) return entry;
        if (entry->hash == hash && entry->scope == scope &&
            str_equal((struct str){entry->data, entry->size}, name))
            return entry;
    }
    return NULL;
}

static enum names_result grow(struct names *names) {
    struct names larger = {.count = names->count, .room = names->room == 0 ? 64 : 2 * names->room};
    larger.entries = calloc(larger.room, sizeof *larger.entries);
    if (larger.entries == NULL) return NAMES_MEMORY;
    for (uint32_t i = 0; i < names->room; i++) {
        struct names_entry *old = &names->entries[i];
        if (old->data == NULL) continue;
        struct names_entry *entry =
            search(&larger, old->scope, old->hash, (struct str){old->data, old->size});
        if (entry == NULL) {
            free(larger.entries);
            return NAMES_CROWDED;
        }
        *entry = *old;
    }
    free(names->entries);
    *names = larger;
    return NAMES_ADDED;
}

enum names_result names_add(struct names *names, uint32_t scope, struct str name, uint32_t value) {
    if (names->count >= names->room / 2) {
        enum names_result result = grow(names);
        if (result != NAMES_ADDED) return result;
    }
    uint32_t hash = hash_of(scope, name);
    struct names_entry *entry = search(names, scope, hash, name);
    if (entry == NULL) return NAMES_CROWDED;
    if (entry->data != NULL) return NAMES_DUPLICATE;
    *entry = (struct names_entry){.data = name.data,
                                  .size = (uint32_t)name.size,
                                  .scope = scope,
                                  .hash = hash,
                                  .value = value};
    names->count++;
    return NAMES_ADDED;
}

uint32_t names_find(const struct names *names, uint32_t scope, struct str name) {
    if (names->room == 0) return UINT32_MAX;
    struct names_entry *entry = search(names, scope, hash_of(scope, name), name);
    return entry == NULL || entry->data == NULL ? UINT32_MAX : entry->value;
}

void names_free(struct names *names) {
    free(names->entries);
    *names = (struct names){0};
}

static int compare(const void *a, const void *b) {
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

const struct str *names_sort(void *items, uint32_t count, size_t item_size) {
    /* glibc merges, in n log n whatever the order is; quicksort it is only when malloc fails. */
    if (count > 1) qsort(items, count, item_size, compare);
    const char *at = items;
    for (uint32_t i = 1; i < count; i++, at += item_size)
        if (compare(at, at + item_size) == 0) return (const struct str *)(const void *)at;
    return NULL;
}

const void *names_search(const void *items, uint32_t count, size_t item_size, struct str name) {
    return count == 0 ? NULL : bsearch(&name, items, count, item_size, compare);
}

static bool is_of(uint8_t byte, enum names_class names_class) {
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= '0' && byte <= '9') || byte == '-')
        return true;
    if (byte == '.' || byte == '[' || byte == ']') return names_class >= NAMES_PLAIN;
    return (byte == ':' || byte == '/' || byte == '@' || byte == '+') &&
           names_class >= NAMES_EXTERN;
}

static bool check(struct reader *reader, uint32_t offset, struct str name,
                  enum names_class names_class, const char *what) {
    for (size_t i = 0; i < name.size; i++)
        if (!is_of((uint8_t)name.data[i], names_class))
            return reader_fail_at(reader, offset, ERR_INVALID, "%s with the byte 0x%02x in it",
                                  what, (uint8_t)name.data[i]);
    return true;
}

bool names_check_func(struct reader *reader, uint32_t offset, struct str name) {
    static const char *const annotations[] = {"[method]", "[static]", "[constructor]"};
    if (!check(reader, offset, name, NAMES_PLAIN, "function's name")) return false;
    if (name.size == 0 || name.data[0] != '[') return true;
    for (size_t i = 0; i < sizeof annotations / sizeof *annotations; i++)
        if (str_starts(name, annotations[i])) return true;
    return reader_fail_at(reader, offset, ERR_UNSUPPORTED, "function of an unknown kind, %.*s",
                          STR_ARG(name));
}

struct str names_read(struct reader *reader, enum names_class names_class, const char *what) {
    uint32_t start = reader_offset(reader);
    uint32_t size = reader_u32(reader);
    if (size > COMPONENT_MAX_NAME) {
        reader_fail_at(reader, start, ERR_LIMIT, "%s of %u bytes, at most %d are taken", what, size,
                       COMPONENT_MAX_NAME);
        size = 0;
    }
    struct slice bytes = reader_bytes(reader, size);
    struct str name = {(const char *)bytes.data, bytes.size};
    if (name.size == 0) reader_fail_at(reader, start, ERR_INVALID, "empty %s", what);
    check(reader, start, name, names_class, what);
    return name;
}

struct str names_read_extern(struct reader *reader, const char *what) {
    uint8_t form = reader_byte(reader);
    /* 1 was an interface's name before 2023-10, and old builders go on writing it. */
    if (form == 2)
        reader_fail(reader, ERR_UNSUPPORTED, "%s with a version suffix or other options", what);
    else if (form > 1)
        reader_fail(reader, ERR_INVALID, "%s of form 0x%02x", what, form);
    return names_read(reader, NAMES_EXTERN, what);
}
