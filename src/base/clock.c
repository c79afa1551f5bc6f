#include "base/clock.h"

#include <strings.h>
#include <time.h>

#include "base/err.h"
#include "base/must.h"
#include "base/str.h"

#define MINUTE (60 * CLOCK_S)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static uint64_t clock_read(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * CLOCK_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic(void) {
    return clock_read(CLOCK_MONOTONIC);
}

uint64_t clock_realtime(void) {
    return clock_read(CLOCK_REALTIME);
}

uint64_t clock_thread_cpu(void) {
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

/* The proleptic Gregorian date of a day since 1970-01-01, from Howard Hinnant's "chrono-Compatible
 * Low-Level Date Algorithms" (civil_from_days): years begin in March, so that the leap day is the
 * last. gmtime_r would take libc's time zone lock. */
static void date_of(unsigned day, unsigned date[3]) {
    day += 719468; /* days from 0000-03-01 to 1970-01-01 */
    unsigned era = day / 146097, of_era = day % 146097;
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
    date[2] = of_year - (153 * month + 2) / 5 + 1;
    date[1] = month < 10 ? month + 3 : month - 9;
    date[0] = 400 * era + year_of_era + (date[1] <= 2);
}

static char *put_digits(char *out, unsigned value, int digits, char after) {
    for (int i = digits - 1; i >= 0; i--, value /= 10) out[i] = (char)('0' + value % 10);
    out[digits] = after;
    return out + digits + 1;
}

void clock_format(uint64_t realtime, char *out, size_t size) {
    unsigned milliseconds = (unsigned)(realtime / CLOCK_MS % 1000), date[3];
    unsigned second = (unsigned)(realtime / CLOCK_S % 86400);
    must(size >= 25); /* always 24 characters: 64 bits of nanoseconds end in the year 2554 */
    date_of((unsigned)(realtime / DAY), date);
    out = put_digits(out, date[0], 4, '-');
    out = put_digits(out, date[1], 2, '-');
    out = put_digits(out, date[2], 2, 'T');
    out = put_digits(out, second / 3600, 2, ':');
    out = put_digits(out, second / 60 % 60, 2, ':');
    out = put_digits(out, second % 60, 2, '.');
    out = put_digits(out, milliseconds, 3, 'Z');
    *out = '\0';
}

struct unit {
    uint64_t nanoseconds; /* 0 ends a table */
    const char *names[6];
};

/* Months and years have no fixed length and are not taken, in either notation. */
static const struct unit units[] = {
    {1, {"ns", "nsec"}},
    {CLOCK_US, {"us", "usec", "\u00b5s"}},
    {CLOCK_MS, {"ms", "msec"}},
    {CLOCK_S, {"s", "sec", "secs", "second", "seconds"}},
    {MINUTE, {"m", "min", "mins", "minute", "minutes"}},
    {HOUR, {"h", "hr", "hrs", "hour", "hours"}},
    {DAY, {"d", "day", "days"}},
    {7 * DAY, {"w", "week", "weeks"}},
    {0, {NULL}},
};
static const struct unit iso_dates[] = {{7 * DAY, {"W"}}, {DAY, {"D"}}, {0, {NULL}}};
static const struct unit iso_times[] = {
    {HOUR, {"H"}}, {MINUTE, {"M"}}, {CLOCK_S, {"S"}}, {0, {NULL}}};

struct amount {
    uint64_t whole, fraction; /* the fraction in billionths */
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *at) {
    while (*at == ' ' || *at == '\t') at++;
    return at;
}

/* "12", "1.5", "0,25"; NULL when there is no number, or one beyond 64 bits or 9 decimals. */
static const char *scan_amount(const char *at, struct amount *amount) {
    *amount = (struct amount){0, 0};
    const char *begin = at;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(amount->whole, 10, &amount->whole) ||
            __builtin_add_overflow(amount->whole, (uint64_t)(*at - '0'), &amount->whole))
            return NULL;
    if (at == begin) return NULL;
    if ((*at != '.' && *at != ',') || !is_digit(at[1])) return at;
    uint64_t place = CLOCK_S / 10;
    for (at++; is_digit(*at); at++, place /= 10) {
        if (place == 0) return NULL;
        amount->fraction += place * (uint64_t)(*at - '0');
    }
    return at;
}

/* False on overflow. */
static bool add_amount(uint64_t *total, struct amount amount, uint64_t unit) {
    unsigned __int128 sum = (unsigned __int128)amount.whole * unit;
    sum += (unsigned __int128)amount.fraction * unit / CLOCK_S;
    sum += *total;
    *total = (uint64_t)sum;
    return sum <= UINT64_MAX;
}

static bool too_long(const char *text, struct err *err) {
    return err_set(err, ERR_LIMIT, "duration \"%.100s\" is longer than 584 years", text);
}

static bool not_a_duration(const char *text, struct err *err) {
    return err_set(
        err, ERR_INVALID,
        "\"%.100s\" is not a duration: write for example 250ms, 10s, 1m 30s, 2h or PT10S", text);
}

/* A name ends where its letters end; the micro sign's two bytes count as letters. */
static size_t name_length(const char *at) {
    size_t length = 0;
    while ((at[length] | 0x20) >= 'a' && (at[length] | 0x20) <= 'z') length++;
    if (length == 0 && str_starts(str_of(at), "\u00b5s")) length = strlen("\u00b5s");
    return length;
}

static const struct unit *find_unit(const struct unit *unit, const char *text, size_t length) {
    for (; unit->nanoseconds != 0; unit++)
        for (const char *const *name = unit->names; *name != NULL; name++)
            if (strlen(*name) == length && strncasecmp(*name, text, length) == 0) return unit;
    return NULL;
}

static bool parse_human(const char *text, uint64_t *total, struct err *err) {
    const char *at = skip_blanks(text);
    do {
        struct amount amount;
        const char *name = scan_amount(at, &amount);
        if (name == NULL) return not_a_duration(text, err);
        name = skip_blanks(name);
        size_t length = name_length(name);
        const struct unit *unit = find_unit(units, name, length);
        if (unit == NULL) return not_a_duration(text, err);
        if (!add_amount(total, amount, unit->nanoseconds)) return too_long(text, err);
        at = skip_blanks(name + length);
    } while (*at != '\0');
    return true;
}

/* The components of one half of `text`, from `at` on: returns what follows them. A fraction must
 * end the text. */
static const char *parse_iso_half(const char *text, const struct unit *unit, const char *at,
                                  uint64_t *total, struct err *err) {
    while (is_digit(*at)) {
        struct amount amount;
        at = scan_amount(at, &amount);
        unit = at == NULL || *at == '\0' ? NULL : find_unit(unit, at, 1);
        if (unit == NULL || (amount.fraction != 0 && at[1] != '\0')) {
            not_a_duration(text, err);
            return NULL;
        }
        if (!add_amount(total, amount, unit->nanoseconds)) {
            too_long(text, err);
            return NULL;
        }
        unit++, at++;
    }
    return at;
}

/* ISO 8601-1: P[nW][nD][T[nH][nM][nS]], each at most once, in this order, at least one, and one
 * after a T. */
static bool parse_iso(const char *text, uint64_t *total, struct err *err) {
    const char *at = parse_iso_half(text, iso_dates, text + 1, total, err);
    if (at != NULL && (*at == 'T' || *at == 't'))
        at = parse_iso_half(text, iso_times, at + 1, total, err);
    if (at == NULL) return false;
    /* The last letter: not the P or the T, for after them something must follow. */
    bool ended = *at == '\0' && at > text + 1 && (at[-1] | 0x20) != 't';
    return ended ? true : not_a_duration(text, err);
}

bool clock_parse_duration(const char *text, uint64_t *nanoseconds, struct err *err) {
    uint64_t total = 0;
    bool iso = *text == 'P' || *text == 'p';
    if (strcmp(text, "0") != 0 &&
        !(iso ? parse_iso(text, &total, err) : parse_human(text, &total, err)))
        return false;
    *nanoseconds = total;
    return true;
}
