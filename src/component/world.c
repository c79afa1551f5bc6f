/* Which world a component is made for: told by the version of what it exports. The worlds' texts
 * are in wit/. */
#include "component/component.h"

/* Worlds of major version 0 that are known, with the newest patch of each. */
static const struct known { uint32_t minor, patch; } known[] = {{2, 10}, {3, 11}, {4, 0}, {5, 0}};
enum { KNOWN_COUNT = sizeof known / sizeof *known };

/* Message streams came with 0.3.6. */
enum { STREAM_MINOR = 3, STREAM_PATCH = 6 };

static const struct interface {
    const char *prefix;
    enum component_world_kind kind;
} interfaces[] = {
    {"pharia:skill/skill-handler@", WORLD_FUNCTION},
    {"pharia:skill/message-stream@", WORLD_MESSAGE_STREAM},
};

/* A decimal number without leading zeros, as semantic versions have it. */
static bool take_number(struct str *text, uint32_t *number) {
    size_t digits = 0;
    uint64_t value = 0;
    while (digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9') {
        value = value * 10 + (uint64_t)(text->data[digits++] - '0');
        if (value > UINT32_MAX) return false;
    }
    if (digits == 0 || (digits > 1 && text->data[0] == '0')) return false;
    *number = (uint32_t)value;
    *text = (struct str){text->data + digits, text->size - digits};
    return true;
}

static bool take_dot(struct str *text) {
    if (text->size == 0 || *text->data != '.') return false;
    *text = (struct str){text->data + 1, text->size - 1};
    return true;
}

static bool parse_version(struct str text, struct component_world *world) {
    return take_number(&text, &world->major) && take_dot(&text) &&
           take_number(&text, &world->minor) && take_dot(&text) &&
           take_number(&text, &world->patch) && text.size == 0;
}

static bool has_streams(const struct component_world *world) {
    return world->minor > STREAM_MINOR ||
           (world->minor == STREAM_MINOR && world->patch >= STREAM_PATCH);
}

/* `name`: the exported interface, for texts. */
static bool check_version(const struct component_world *world, struct str name, struct err *err) {
    const struct known *newest = &known[KNOWN_COUNT - 1], *same = NULL;
    for (uint32_t i = 0; i < KNOWN_COUNT; i++)
        if (known[i].minor == world->minor) same = &known[i];
    bool newer = world->major > 0 || world->minor > newest->minor ||
                 (same != NULL && world->patch > same->patch);
    if (newer)
        return err_set(err, ERR_UNSUPPORTED,
                       "%.*s is not supported yet: the newest are 0.2.%u, "
                       "0.3.%u, 0.4.%u and 0.5.%u",
                       STR_ARG(name), known[0].patch, known[1].patch, known[2].patch,
                       known[3].patch);
    if (same == NULL)
        return err_set(err, ERR_UNSUPPORTED,
                       "%.*s is no longer supported: build the skill with "
                       "a newer SDK",
                       STR_ARG(name));
    if (world->kind == WORLD_MESSAGE_STREAM && !has_streams(world))
        return err_set(err, ERR_UNSUPPORTED,
                       "unsupported world: %.*s, but message streams came with 0.%d.%d",
                       STR_ARG(name), STREAM_MINOR, STREAM_PATCH);
    return true;
}

/* Is this export one of the two interfaces, of whatever version? Fills `world`; *good says whether
 * the version is taken. */
static bool match(struct str name, struct component_world *world, bool *good, struct err *err) {
    for (uint32_t i = 0; i < sizeof interfaces / sizeof *interfaces; i++) {
        if (!str_starts(name, interfaces[i].prefix)) continue;
        size_t prefix = strlen(interfaces[i].prefix);
        world->kind = interfaces[i].kind;
        *good =
            parse_version((struct str){name.data + prefix, name.size - prefix}, world)
                ? check_version(world, name, err)
                : err_set(err, ERR_UNSUPPORTED,
                          "unsupported world: %.*s is not of a version like 0.3.11", STR_ARG(name));
        return true;
    }
    return false;
}

bool component_find_world(const struct component *component, struct component_world *world,
                          struct err *err) {
    struct err problem = {0}; /* the first one; a second export may still be good */
    for (uint32_t i = 0; i < component->export_count; i++) {
        struct component_world found = {.export_index = i};
        struct err ours;
        bool good;
        if (!match(component->exports[i].interface, &found, &good, &ours)) continue;
        if (good) {
            *world = found;
            return true;
        }
        if (problem.kind == ERR_NONE) problem = ours;
    }
    if (problem.kind == ERR_NONE)
        return err_set(err, ERR_UNSUPPORTED,
                       "unsupported world: it exports neither pharia:skill/skill-handler nor "
                       "pharia:skill/message-stream of a version");
    *err = problem;
    return false;
}
