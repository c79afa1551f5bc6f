#include "kernel/config_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    uint64_t factor;
} units[] = {
    {"", 1},
    {"k", 1000},
    {"K", 1000},
    {"M", 1000000},
    {"G", 1000000000},
    {"T", 1000000000000},
    {"Ki", 1ull << 10},
    {"Mi", 1ull << 20},
    {"Gi", 1ull << 30},
    {"Ti", 1ull << 40},
};

static bool unit_factor(const char *unit, uint64_t *factor) {
    size_t size = strlen(unit);
    if (size > 0 && unit[size - 1] == 'B') size--;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i].name) != size || strncmp(units[i].name, unit, size) != 0) continue;
        *factor = units[i].factor;
        return true;
    }
    return false;
}

bool config_parse_size(const char *text, uint64_t *bytes, struct err *err) {
    uint64_t whole = 0, factor;
    const char *at = text;
    bool fits = isdigit((unsigned char)*at);
    for (; isdigit((unsigned char)*at); at++)
        fits = fits && !__builtin_mul_overflow(whole, 10, &whole) &&
               !__builtin_add_overflow(whole, (uint64_t)(*at - '0'), &whole);
    double fraction = 0, place = 0.1;
    if (*at == '.')
        for (at++; isdigit((unsigned char)*at); at++, place /= 10) fraction += (*at - '0') * place;
    while (*at == ' ') at++;
    if (!fits || !unit_factor(at, &factor) || __builtin_mul_overflow(whole, factor, bytes))
        return err_set(err, ERR_INVALID, "\"%s\" is no size in bytes, such as 1Gi, 64Mi or 1048576",
                       text);
    uint64_t more = (uint64_t)(fraction * (double)factor + 0.5);
    if (__builtin_add_overflow(*bytes, more, bytes))
        return err_set(err, ERR_INVALID, "\"%s\" is too large", text);
    return true;
}

bool config_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *count,
                        struct err *err) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (isdigit((unsigned char)*text) && !*end && !errno && value >= min && value <= max) {
        *count = value;
        return true;
    }
    return err_set(err, ERR_INVALID, "\"%s\" is no number from %" PRIu64 " to %" PRIu64, text, min,
                   max);
}

bool config_parse_bool(const char *text, bool *value, struct err *err) {
    static const char *const words[] = {"0", "1", "false", "true", "off", "on", "no", "yes"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(text, words[i]) != 0) continue;
        *value = i % 2;
        return true;
    }
    return err_set(err, ERR_INVALID, "\"%s\" is neither true nor false", text);
}
