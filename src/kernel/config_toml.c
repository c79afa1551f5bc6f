/* ./config.toml, through the TOML library's JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "kernel/config_entry.h"
#include "pk_ffi.h"

static const char *text_of(struct arena *arena, const json_t *value) {
    char number[40];
    switch (json_typeof(value)) {
    case JSON_STRING:
        return arena_copy(arena, json_string_value(value), json_string_length(value));
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_INTEGER:
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        snprintf(number, sizeof number, "%.17g", json_real_value(value));
        break;
    case JSON_ARRAY:
        return json_array_size(value) ? NULL : ""; /* an empty list says nothing */
    default:
        return NULL;
    }
    return arena_copy(arena, number, strlen(number));
}

/* `entry` has the path down to this table. */
static bool add_table(struct config_entries *entries, struct config_entry entry, json_t *table,
                      struct err *err) {
    const char *key;
    json_t *value;
    unsigned depth = entry.depth++;
    json_object_foreach(table, key, value) {
        entry.path[depth] = entry.shown = arena_copy(entries->arena, key, strlen(key));
        if (!entry.shown) return err_set(err, ERR_MEMORY, "no memory for %s", entry.source);
        if (json_is_object(value) && entry.depth < CONFIG_MAX_DEPTH) {
            if (!add_table(entries, entry, value, err)) return false;
            continue;
        }
        entry.value = text_of(entries->arena, value);
        if (!config_add(entries, &entry, err)) return false;
    }
    return true;
}

bool config_add_toml(struct config_entries *entries, const char *file, struct err *err) {
    char *text, problem[500];
    size_t size;
    json_error_t failed;
    if (!config_read_file(entries->arena, file, &text, &size, err)) return false;
    if (!text) return true;
    char *json = pk_toml_to_json(text, size, problem, sizeof problem);
    if (!json) return err_set(err, ERR_INVALID, "%s: %s", file, problem);
    json_t *document = json_loads(json, JSON_ALLOW_NUL, &failed);
    pk_text_free(json);
    if (!json_is_object(document)) return err_set(err, ERR_INTERNAL, "%s: %s", file, failed.text);
    struct config_entry top = {.source = file};
    bool good = add_table(entries, top, document, err);
    json_decref(document);
    return good;
}
