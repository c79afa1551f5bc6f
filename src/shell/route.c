#include "shell/route.h"

#include "shell/path.h"

static bool is_param(struct str part) {
    return part.size > 1 && part.data[0] == '{';
}

/* Do the segments have the template's shape? A parameter is at least one byte long. */
static bool matches(const char *template, const struct str *segments, int count) {
    struct str parts[PATH_MAX_SEGMENTS];
    if (path_split(str_of(template), parts) != count) return false;
    for (int i = 0; i < count; i++)
        if (is_param(parts[i]) ? segments[i].size == 0 : !str_equal(parts[i], segments[i]))
            return false;
    return true;
}

static bool decode_params(const char *template, const struct str *segments, int count,
                          struct buf *names, struct str params[2]) {
    struct str parts[PATH_MAX_SEGMENTS];
    size_t starts[2] = {0}, ends[2] = {0};
    int found = 0;
    path_split(str_of(template), parts);
    for (int i = 0; i < count; i++) {
        if (!is_param(parts[i]) || found == 2) continue;
        starts[found] = names->size;
        if (!path_decode(segments[i], names)) return false;
        ends[found++] = names->size;
    }
    for (int i = 0; i < found; i++) /* only now, for the buffer may have moved */
        params[i] = (struct str){(char *)names->data + starts[i], ends[i] - starts[i]};
    return true;
}

static bool method_is(const struct route *route, struct str method) {
    return str_is(method, route->method) ||
           (str_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

static void allow_add(struct buf *allow, const char *method) {
    buf_text(allow, allow->size > 0 ? ", " : "");
    buf_text(allow, method);
    if (strcmp(method, "GET") == 0) buf_text(allow, ", HEAD");
}

enum route_match route_find(const struct route *table, struct str method, struct str url,
                            const struct route **route, struct buf *names, struct str params[2],
                            struct buf *allow) {
    struct str segments[PATH_MAX_SEGMENTS];
    int count = path_split(url, segments);
    bool known = false;
    for (const struct route *at = table; count > 0 && at->method; at++) {
        if (!matches(at->path, segments, count)) continue;
        if (!method_is(at, method)) {
            known = true;
            allow_add(allow, at->method);
            continue;
        }
        *route = at;
        return decode_params(at->path, segments, count, names, params) ? ROUTE_FOUND
                                                                       : ROUTE_BAD_PATH;
    }
    if (!known) return ROUTE_NO_PATH;
    return str_is(method, "OPTIONS") ? ROUTE_OPTIONS : ROUTE_NO_METHOD;
}
