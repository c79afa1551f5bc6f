/* The environment and ./.env. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "kernel/config_entry.h"

/* "NAMESPACES__TEAM1__DIRECTORY" -> "namespaces", "team-1", "directory". Names that are no path of
 * ours are left out. */
static bool add_variable(struct config_entries *entries, struct str name, const char *value,
                         const char *source, struct err *err) {
    struct config_entry entry = {.value = value,
                                 .source = source,
                                 .shown = arena_copy(entries->arena, name.data, name.size)};
    char *kebab = arena_alloc(entries->arena, 2 * name.size + 8);
    if (!entry.shown || !kebab) return err_set(err, ERR_MEMORY, "no memory for the environment");
    while (entry.depth < CONFIG_MAX_DEPTH) {
        const char *split = memmem(name.data, name.size, "__", 2);
        size_t size = split ? (size_t)(split - name.data) : name.size;
        config_kebab(name.data, size, kebab);
        entry.path[entry.depth++] = kebab;
        kebab += strlen(kebab) + 1;
        if (!split) return config_add(entries, &entry, err);
        name = (struct str){split + 2, name.size - size - 2};
    }
    return true; /* deeper than any setting */
}

/* ---- ./.env: lines NAME=VALUE, "export " before it, quotes around the value, comments. */

static struct str trim(struct str text) {
    while (text.size && isspace((unsigned char)text.data[0])) text.data++, text.size--;
    while (text.size && isspace((unsigned char)text.data[text.size - 1])) text.size--;
    return text;
}

/* "…\n…" within double quotes; what no escape is stays as it is. */
static char unescape(char letter) {
    switch (letter) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

/* NULL: the closing quote is missing, or something stands behind it. */
static char *unquote(struct arena *arena, struct str text) {
    char quote = text.data[0];
    char *value = arena_alloc(arena, text.size), *to = value;
    size_t i = 1;
    for (; value && i < text.size && text.data[i] != quote; i++) {
        bool escape = quote == '"' && text.data[i] == '\\' && i + 1 < text.size;
        *to++ = escape ? unescape(text.data[++i]) : text.data[i];
    }
    struct str rest =
        trim((struct str){text.data + i + 1, i + 1 < text.size ? text.size - i - 1 : 0});
    if (!value || i >= text.size || (rest.size && rest.data[0] != '#')) return NULL;
    *to = '\0';
    return value;
}

static char *read_value(struct arena *arena, struct str text) {
    text = trim(text);
    if (text.size && (text.data[0] == '"' || text.data[0] == '\'')) return unquote(arena, text);
    for (size_t i = 1; i < text.size; i++)
        if (text.data[i] == '#' && isspace((unsigned char)text.data[i - 1])) text.size = i;
    text = trim(text);
    if (text.size && text.data[0] == '#') text.size = 0;
    return arena_copy(arena, text.data, text.size);
}

static bool name_valid(struct str name) {
    for (size_t i = 0; i < name.size; i++)
        if (!isalnum((unsigned char)name.data[i]) && !strchr("_.-", name.data[i])) return false;
    return name.size > 0 && !isdigit((unsigned char)name.data[0]);
}

static bool add_line(struct config_entries *entries, struct str line, const char *file,
                     unsigned number, struct err *err) {
    line = trim(line);
    if (line.size == 0 || line.data[0] == '#') return true;
    if (str_starts(line, "export ")) line = trim((struct str){line.data + 7, line.size - 7});
    size_t equals = str_find(line, '=');
    struct str name = trim((struct str){line.data, equals});
    if (equals == line.size || !name_valid(name))
        return err_set(err, ERR_INVALID, "%s, line %u: NAME=VALUE was expected", file, number);
    char *value =
        read_value(entries->arena, (struct str){line.data + equals + 1, line.size - equals - 1});
    if (!value)
        return err_set(err, ERR_INVALID,
                       "%s, line %u: the value's quotes are not closed at its end", file, number);
    return add_variable(entries, name, value, file, err);
}

static bool add_dotenv(struct config_entries *entries, const char *file, struct err *err) {
    char *text;
    size_t size;
    if (!config_read_file(entries->arena, file, &text, &size, err)) return false;
    if (!text) return true;
    /* Names and values are C strings: what stands behind a NUL would be lost. */
    if (memchr(text, '\0', size)) return err_set(err, ERR_INVALID, "%s has a NUL byte in it", file);
    struct str rest = {text, size};
    for (unsigned number = 1; rest.size; number++) {
        size_t end = str_find(rest, '\n');
        if (!add_line(entries, (struct str){rest.data, end}, file, number, err)) return false;
        size_t used = end < rest.size ? end + 1 : end;
        rest = (struct str){rest.data + used, rest.size - used};
    }
    return true;
}

/* A variable of the process wins even when it is empty, so those of .env come first. */
bool config_add_environment(struct config_entries *entries, char **environment, const char *dotenv,
                            struct err *err) {
    if (!add_dotenv(entries, dotenv, err)) return false;
    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        if (!equals || equals == *environment) continue;
        struct str name = {*environment, (size_t)(equals - *environment)};
        if (!add_variable(entries, name, equals + 1, "the environment", err)) return false;
    }
    return true;
}
