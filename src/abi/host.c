/* Which host function answers an import. */
#include "abi/host.h"

/* "wasi:io/poll@0.2.9": its parts. */
struct import_id {
    struct str interface; /* without version */
    uint32_t version[3];
    bool has_version;
};

/* A number without leading zeros that ends at `end` or a dot; moves *at past it. */
static bool parse_number(const char **at, const char *end, uint32_t *out) {
    const char *start = *at;
    uint64_t number = 0;
    while (*at < end && **at >= '0' && **at <= '9' && number <= UINT32_MAX)
        number = 10 * number + (uint64_t)(*(*at)++ - '0');
    bool leading_zero = *start == '0' && *at - start > 1;
    *out = (uint32_t)number;
    return *at > start && number < UINT32_MAX && !leading_zero;
}

/* MAJOR.MINOR.PATCH and nothing else: no pre-release is one of ours. */
static bool parse_version(struct str text, uint32_t version[3]) {
    const char *at = text.data, *end = text.data + text.size;
    for (int i = 0; i < 3; i++) {
        if (at == end || !parse_number(&at, end, &version[i])) return false;
        if (i < 2 && (at == end || *at++ != '.')) return false;
    }
    return at == end;
}

static struct import_id parse_id(struct str interface) {
    size_t at = str_find(interface, '@');
    struct import_id id = {.interface = {interface.data, at}};
    if (at < interface.size)
        id.has_version = parse_version(
            (struct str){interface.data + at + 1, interface.size - at - 1}, id.version);
    return id;
}

static int compare(struct str interface, struct str name, const struct host_function *function) {
    int order = str_compare(interface, str_of(function->interface));
    return order != 0 ? order : str_compare(name, str_of(function->name));
}

const struct host_function *host_find(const struct host_table *table, struct str interface,
                                      struct str name) {
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(interface, name, &table->functions[middle]);
        if (order == 0) return &table->functions[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool host_table_sorted(const struct host_table *table) {
    for (size_t i = 1; i < table->count; i++) {
        const struct host_function *before = &table->functions[i - 1];
        if (compare(str_of(before->interface), str_of(before->name), &table->functions[i]) >= 0)
            return false;
    }
    return true;
}

static bool has_interface(const struct host_table *table, struct str interface) {
    for (size_t i = 0; i < table->count; i++)
        if (str_is(interface, table->functions[i].interface)) return true;
    return false;
}

static bool in_package(const struct host_table *table, struct str interface) {
    size_t size = str_of(table->package).size;
    if (!str_starts(interface, table->package)) return false;
    return table->package[size - 1] == ':' ||
           (interface.size > size && interface.data[size] == '/');
}

static bool accepts(const struct host_table *table, const struct import_id *id) {
    return id->has_version && id->version[0] == table->major && id->version[1] == table->minor &&
           id->version[2] <= table->patch;
}

bool host_lookup(const struct host_table *tables, size_t table_count, struct str interface,
                 struct str name, const struct host_function **out, struct err *err) {
    struct import_id id = parse_id(interface);
    const struct host_table *table = NULL;
    bool known = false;
    for (size_t i = 0; i < table_count && table == NULL; i++) {
        if (!in_package(&tables[i], id.interface)) continue;
        known = true;
        if (accepts(&tables[i], &id)) table = &tables[i];
    }
    if (!known)
        return err_set(err, ERR_UNSUPPORTED, "import of %.*s: unknown package", STR_ARG(interface));
    if (table == NULL)
        return err_set(err, ERR_UNSUPPORTED, "import of %.*s: this version is not supported",
                       STR_ARG(interface));
    *out = host_find(table, id.interface, name);
    if (*out != NULL) return true;
    if (!has_interface(table, id.interface))
        return err_set(err, ERR_UNSUPPORTED, "import of %.*s: unknown interface",
                       STR_ARG(interface));
    return err_set(err, ERR_UNSUPPORTED, "import of %.*s: it has no \"%.*s\"", STR_ARG(interface),
                   STR_ARG(name));
}
