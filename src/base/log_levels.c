#include "base/log_levels.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/str.h"

static const struct {
    const char *name, *others; /* `others`: separated by blanks */
} areas[LOG_AREA_COUNT] = {
#define X(name, others) {name, others},
    LOG_AREAS(X)
#undef X
};

enum { UNSET = 255, NO_TARGET = -1, EVERYTHING = -2 };

/* What directives have said so far; UNSET: nothing. */
struct said {
    uint8_t rest, ours, areas[LOG_AREA_COUNT];
};

static bool word_is(struct str word, const char *text) {
    return word.size == strlen(text) && strncasecmp(word.data, text, word.size) == 0;
}

static struct str trim(struct str text) {
    while (text.size && isspace((unsigned char)text.data[0])) text.data++, text.size--;
    while (text.size && isspace((unsigned char)text.data[text.size - 1])) text.size--;
    return text;
}

static bool parse_level(struct str word, uint8_t *level) {
    static const char *const names[] = {"off", "error", "warn", "info", "debug", "trace"};
    for (int i = LOG_OFF; i <= LOG_TRACE; i++) {
        bool digit = word.size == 1 && word.data[0] == '0' + i;
        if (!digit && !word_is(word, names[i])) continue;
        *level = (uint8_t)i;
        return true;
    }
    return false;
}

static bool is_one_of(struct str word, const char *words) {
    for (size_t size; *words; words += size + (words[size] == ' ')) {
        size = strcspn(words, " ");
        if (word.size == size && strncmp(word.data, words, size) == 0) return true;
    }
    return false;
}

/* The number of the area, EVERYTHING, or NO_TARGET of ours. */
static int find_target(struct str target) {
    static const char *const names[] = {"pharia_kernel", "pharia-kernel"};
    for (size_t i = 0; i < 2; i++) {
        if (!str_starts(target, names[i])) continue;
        size_t size = strlen(names[i]);
        target = (struct str){target.data + size, target.size - size};
        if (target.size == 0) return EVERYTHING;
        if (!str_starts(target, "::")) return NO_TARGET; /* another crate */
        target = (struct str){target.data + 2, target.size - 2};
        break;
    }
    for (int i = 0; i < LOG_AREA_COUNT; i++)
        if (str_is(target, areas[i].name) || is_one_of(target, areas[i].others)) return i;
    return NO_TARGET;
}

static void set(struct said *said, int target, uint8_t level) {
    if (target == EVERYTHING)
        said->ours = level;
    else if (target != NO_TARGET)
        said->areas[target] = level;
}

/* "TARGET[SPAN]" or "TARGET[SPAN]=LEVEL": we have no spans, so it has no effect. */
static bool names_span(struct str directive) {
    const char *open = memchr(directive.data, '[', directive.size);
    const char *close = memrchr(directive.data, ']', directive.size);
    uint8_t level;
    if (!open || !close || close < open) return false;
    struct str rest = {close + 1, (size_t)(directive.data + directive.size - close - 1)};
    return rest.size == 0 ||
           (rest.data[0] == '=' && parse_level((struct str){rest.data + 1, rest.size - 1}, &level));
}

static bool take_directive(struct str directive, struct said *said) {
    uint8_t level;
    size_t equals = str_find(directive, '=');
    struct str target = trim((struct str){directive.data, equals});
    if (directive.size == 0) return true;
    if (parse_level(directive, &level)) {
        said->rest = level;
        return true;
    }
    if (names_span(directive)) return true;
    if (equals < directive.size) {
        struct str word = {directive.data + equals + 1, directive.size - equals - 1};
        if (target.size == 0 || !parse_level(trim(word), &level)) return false;
        set(said, find_target(target), level);
        return true;
    }
    /* A word alone that is no target of ours is more likely a level misspelt. */
    int found = find_target(target);
    set(said, found, LOG_TRACE);
    return found != NO_TARGET;
}

struct log_levels log_levels_all(enum log_level level) {
    struct log_levels levels;
    memset(&levels, (int)level, sizeof levels);
    return levels;
}

static bool take_all(const char *text, struct said *said, struct err *err) {
    bool any = false;
    for (const char *at = text;; at++) {
        size_t size = strcspn(at, ",");
        struct str directive = trim((struct str){at, size});
        if (!take_directive(directive, said))
            return err_set(
                err, ERR_INVALID,
                "\"%.*s\" is neither a level (off, error, warn, info, debug or trace) nor "
                "TARGET=LEVEL; several are separated by commas, as in \"warn,shell=debug\"; "
                "targets are pharia_kernel" LOG_AREA_NAMES,
                STR_ARG(directive));
        any |= directive.size > 0;
        at += size;
        if (!*at) break;
    }
    return any || err_set(err, ERR_INVALID, "its value is empty");
}

bool log_levels_parse(const char *text, struct log_levels *levels, struct err *err) {
    struct said said;
    memset(&said, UNSET, sizeof said);
    if (!take_all(text, &said, err)) return false;
    levels->rest = said.rest != UNSET ? said.rest : LOG_INFO;
    uint8_t ours = said.ours != UNSET ? said.ours : levels->rest;
    for (size_t i = 0; i < LOG_AREA_COUNT; i++)
        levels->areas[i] = said.areas[i] != UNSET ? said.areas[i] : ours;
    return true;
}

enum log_level log_levels_of(const struct log_levels *levels, const char *area) {
    for (size_t i = 0; i < LOG_AREA_COUNT; i++)
        if (strcmp(areas[i].name, area) == 0) return levels->areas[i];
    return levels->rest;
}
