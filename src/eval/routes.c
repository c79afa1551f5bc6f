#include "eval/routes.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "eval/client.h"

#define NAMESPACE "dev/"

/* Everything but RFC 3986's unreserved characters as %XX. */
static void add_escaped(struct buf *out, const char *text) {
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text; text++)
        if (strchr(plain, *text))
            buf_byte(out, (uint8_t)*text);
        else
            buf_format(out, "%%%02X", (unsigned char)*text);
}

static bool add_request(const struct routes *routes, struct buf *out, const char *method,
                        struct buf *path, const char *body) {
    const char *text = buf_cstr(path);
    bool good = text && client_request(out, routes->address, method, text, body, routes->legacy);
    buf_free(path);
    return good;
}

static bool get(const struct routes *routes, struct buf *out, const char *text) {
    struct buf path;
    buf_init(&path, 1 << 12);
    buf_text(&path, text);
    return add_request(routes, out, "GET", &path, NULL);
}

bool routes_skills(const struct routes *routes, struct buf *out) {
    return get(routes, out, routes->legacy ? "/skills" : "/v1/skills");
}

bool routes_cached(const struct routes *routes, struct buf *out) {
    return get(routes, out, "/cached_skills");
}

bool routes_drop(const struct routes *routes, const char *name, struct buf *out) {
    struct buf path;
    buf_init(&path, 1 << 12);
    buf_text(&path, routes->legacy ? "/cached_skills/dev%2F" : "/cached_skills/dev/");
    add_escaped(&path, name);
    return add_request(routes, out, "DELETE", &path, NULL);
}

static void add_input(struct buf *out, const struct script_entry *entry) {
    const char *topic = entry->topic ? entry->topic : "Ada Lovelace";
    buf_text(out, "{\"topic\":");
    buf_json_string(out, topic, strlen(topic));
    buf_format(out, ",\"memory\":%u,\"wait_time\":%u", entry->kb, entry->ms);
    if (entry->chunks) buf_format(out, ",\"chunks\":%u", entry->chunks);
    buf_text(out, "}");
}

bool routes_execute(const struct routes *routes, const char *name, const struct script_entry *entry,
                    struct buf *out) {
    struct buf path, body;
    buf_init(&path, 1 << 12);
    buf_init(&body, 1 << 16);
    if (routes->legacy) {
        buf_text(&path, "/execute_skill");
        buf_text(&body, "{\"skill\":");
        char skill[SCRIPT_MAX_NAME + sizeof NAMESPACE];
        snprintf(skill, sizeof skill, NAMESPACE "%s", name);
        buf_json_string(&body, skill, strlen(skill));
        buf_text(&body, ",\"input\":");
        add_input(&body, entry);
        buf_text(&body, "}");
    } else {
        buf_text(&path, "/v1/skills/dev/");
        add_escaped(&path, name);
        buf_text(&path, "/run");
        add_input(&body, entry);
    }
    const char *text = buf_cstr(&body);
    bool good = text && add_request(routes, out, "POST", &path, text);
    if (!text) buf_free(&path);
    buf_free(&body);
    return good;
}

const char *routes_ready(const struct routes *routes) {
    return routes->legacy ? "/skills" : "/ready";
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int routes_parse_names(const struct buf *json, struct buf *names) {
    json_t *list = json_loadb((const char *)json->data, json->size, 0, NULL);
    size_t count = json_array_size(list), kept = 0;
    const char **sorted = malloc((count + 1) * sizeof(const char *));
    bool good = sorted && json_is_array(list);
    for (size_t i = 0; good && i < count; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        good = name != NULL;
        if (good && strncmp(name, NAMESPACE, strlen(NAMESPACE)) == 0)
            sorted[kept++] = name + strlen(NAMESPACE);
    }
    if (good) qsort(sorted, kept, sizeof(const char *), by_name);
    for (size_t i = 0; good && i < kept; i++) buf_add(names, sorted[i], strlen(sorted[i]) + 1);
    free(sorted);
    json_decref(list);
    return good && !names->failed ? (int)kept : -1;
}
