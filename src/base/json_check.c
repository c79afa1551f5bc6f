#include "base/json_check.h"

#include <string.h>

#include "base/str.h"

/* What the next byte may be. A state's function consumes as many bytes as it can. */
enum state {
    VALUE,     /* a value */
    FIRST,     /* a value or the end of the array */
    FIRST_KEY, /* a key or the end of the object */
    KEY,
    COLON,
    AFTER, /* a value is complete: a comma, a closing bracket, or outside of all the end */
    STRING,
    ESCAPE, /* after a backslash */
    HEX,    /* `hex` more hex digits */
    UTF8,   /* `want_utf8` more bytes of a character, the next one in [utf8_low, utf8_high] */
    LITERAL,
    MINUS,  /* a digit */
    ZERO,   /* no further digit */
    DIGITS, /* of the integer part */
    POINT,  /* a digit of the fraction */
    FRACTION,
    EXPONENT, /* a sign or a digit */
    SIGN,     /* a digit of the exponent */
    POWER,    /* further digits of it */
};

static const char *const literals[] = {"true", "false", "null"};

typedef const uint8_t *place;

/* The reason why the byte at `at` cannot stand there; the caller goes by check->problem. */
static place fail(struct json_check *check, place at, const char *problem) {
    check->problem = problem;
    return at;
}

static place skip_space(place at, place end) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    return at;
}

static bool in_object(const struct json_check *check) {
    unsigned top = check->depth - 1u;
    return check->depth > 0 && (check->stack[top / 8] >> top % 8 & 1);
}

static place open_level(struct json_check *check, place at, bool object) {
    if (check->depth == JSON_MAX_DEPTH) return fail(check, at, "nested deeper than 128 levels");
    unsigned byte = check->depth / 8, bit = 1u << check->depth % 8;
    check->stack[byte] = (uint8_t)(object ? check->stack[byte] | bit : check->stack[byte] & ~bit);
    check->depth++;
    check->state = object ? FIRST_KEY : FIRST;
    return at + 1;
}

static place close_level(struct json_check *check, place at) {
    check->depth--;
    check->state = AFTER;
    return at + 1;
}

static place begin_literal(struct json_check *check, place at, uint8_t which) {
    check->literal = which;
    check->literal_at = 1;
    check->state = LITERAL;
    return at + 1;
}

static place begin_value(struct json_check *check, place at) {
    switch (*at) {
    case '{':
        return open_level(check, at, true);
    case '[':
        return open_level(check, at, false);
    case '"':
        check->state = STRING, check->in_key = false;
        return at + 1;
    case 't':
        return begin_literal(check, at, 0);
    case 'f':
        return begin_literal(check, at, 1);
    case 'n':
        return begin_literal(check, at, 2);
    case '-':
        check->state = MINUS;
        return at + 1;
    case '0':
        check->state = ZERO;
        return at + 1;
    default:
        if (*at < '1' || *at > '9') return fail(check, at, "a value was expected");
        check->state = DIGITS;
        return at + 1;
    }
}

static place begin_key(struct json_check *check, place at) {
    if (*at != '"') return fail(check, at, "a key in quotes was expected");
    check->state = STRING;
    check->in_key = true;
    return at + 1;
}

static place after_value(struct json_check *check, place at) {
    if (check->depth == 0) return fail(check, at, "text after the end of the value");
    bool object = in_object(check);
    if (*at == ',') {
        check->state = object ? KEY : VALUE;
        return at + 1;
    }
    if (*at == (object ? '}' : ']')) return close_level(check, at);
    return fail(check, at, object ? "a comma or } was expected" : "a comma or ] was expected");
}

/* Between tokens. */
static place structure(struct json_check *check, place at, place end) {
    at = skip_space(at, end);
    if (at == end) return at;
    switch (check->state) {
    case FIRST:
        return *at == ']' ? close_level(check, at) : begin_value(check, at);
    case FIRST_KEY:
        return *at == '}' ? close_level(check, at) : begin_key(check, at);
    case KEY:
        return begin_key(check, at);
    case COLON:
        if (*at != ':') return fail(check, at, "a colon was expected");
        check->state = VALUE;
        return at + 1;
    case AFTER:
        return after_value(check, at);
    default:
        return begin_value(check, at);
    }
}

/* Bytes of a string that stand for themselves, eight at a time. In `special`, the lowest set bit is
 * exact (a borrow can only spoil bytes above a found one), and it is the only one that is used. */
static place skip_plain(place at, place end) {
    const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t quote = word ^ '"' * ones, backslash = word ^ '\\' * ones;
        uint64_t special = (quote - ones) | (backslash - ones) | (word - ' ' * ones) | word;
        special &= high;
        if (special != 0) return at + __builtin_ctzll(special) / 8;
        at += 8;
    }
    while (at < end && *at >= ' ' && *at < 0x80 && *at != '"' && *at != '\\') at++;
    return at;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "skip_plain takes the lowest byte as the first");

static place begin_utf8(struct json_check *check, place at) {
    size_t length = utf8_lead(*at, &check->utf8_low, &check->utf8_high);
    if (length == 0) return fail(check, at, "not UTF-8");
    check->want_utf8 = (uint8_t)(length - 1);
    check->state = UTF8;
    return at + 1;
}

static place in_string(struct json_check *check, place at, place end) {
    at = skip_plain(at, end);
    if (at == end) return at;
    if (*at == '"') {
        check->state = check->in_key ? COLON : AFTER;
        return at + 1;
    }
    if (*at == '\\') {
        check->state = ESCAPE;
        return at + 1;
    }
    if (*at < ' ') return fail(check, at, "a control character in a string");
    return begin_utf8(check, at);
}

static place in_utf8(struct json_check *check, place at) {
    if (*at < check->utf8_low || *at > check->utf8_high) return fail(check, at, "not UTF-8");
    check->utf8_low = 0x80, check->utf8_high = 0xbf;
    if (--check->want_utf8 == 0) check->state = STRING;
    return at + 1;
}

static place in_escape(struct json_check *check, place at) {
    if (*at == 'u') {
        check->hex = 4;
        check->state = HEX;
        return at + 1;
    }
    if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL)
        return fail(check, at, "an unknown escape");
    check->state = STRING;
    return at + 1;
}

static place in_hex(struct json_check *check, place at) {
    bool digit = (*at >= '0' && *at <= '9') || ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'f');
    if (!digit) return fail(check, at, "four hex digits were expected after \\u");
    if (--check->hex == 0) check->state = STRING;
    return at + 1;
}

static place in_literal(struct json_check *check, place at) {
    const char *literal = literals[check->literal];
    if (*at != (uint8_t)literal[check->literal_at])
        return fail(check, at, "true, false or null was expected");
    if (literal[++check->literal_at] == '\0') check->state = AFTER;
    return at + 1;
}

/* number = [ minus ] int [ frac ] [ exp ]; a byte that cannot continue it is looked at again in the
 * state AFTER. */
static place in_number(struct json_check *check, place at, place end) {
    static const uint8_t with_digit[] = {
        [MINUS] = DIGITS,   [DIGITS] = DIGITS, [POINT] = FRACTION, [FRACTION] = FRACTION,
        [EXPONENT] = POWER, [SIGN] = POWER,    [POWER] = POWER};
    uint8_t state = check->state;
    if (state != ZERO && *at >= '0' && *at <= '9') {
        check->state = state == MINUS && *at == '0' ? ZERO : with_digit[state];
        do at++;
        while (check->state != ZERO && at < end && *at >= '0' && *at <= '9');
        return at;
    }
    bool integer = state == ZERO || state == DIGITS;
    bool complete = integer || state == FRACTION || state == POWER;
    if (integer && *at == '.')
        check->state = POINT;
    else if (complete && state != POWER && (*at | 0x20) == 'e')
        check->state = EXPONENT;
    else if (state == EXPONENT && (*at == '+' || *at == '-'))
        check->state = SIGN;
    else if (!complete)
        return fail(check, at, "a digit was expected");
    else {
        check->state = AFTER;
        return at;
    }
    return at + 1;
}

static place step(struct json_check *check, place at, place end) {
    switch (check->state) {
    case STRING:
        return in_string(check, at, end);
    case ESCAPE:
        return in_escape(check, at);
    case HEX:
        return in_hex(check, at);
    case UTF8:
        return in_utf8(check, at);
    case LITERAL:
        return in_literal(check, at);
    default:
        return check->state >= MINUS ? in_number(check, at, end) : structure(check, at, end);
    }
}

void json_check_init(struct json_check *check) {
    *check = (struct json_check){.state = VALUE};
}

bool json_check_add(struct json_check *check, const void *bytes, size_t size) {
    place at = bytes, end = at + size;
    while (at < end && check->problem == NULL) at = step(check, at, end);
    check->offset += (uint64_t)(at - (place)bytes);
    return check->problem == NULL;
}

bool json_check_end(struct json_check *check) {
    if (check->problem != NULL) return false;
    uint8_t state = check->state;
    bool number = state == ZERO || state == DIGITS || state == FRACTION || state == POWER;
    if ((number || state == AFTER) && check->depth == 0) return true;
    bool nothing = state == VALUE && check->depth == 0;
    check->problem = nothing ? "empty" : "the text ends before the value does";
    return false;
}

bool json_valid(const void *bytes, size_t size, const char **problem, uint64_t *offset) {
    struct json_check check;
    json_check_init(&check);
    if (json_check_add(&check, bytes, size) && json_check_end(&check)) return true;
    if (problem != NULL) *problem = check.problem;
    if (offset != NULL) *offset = check.offset;
    return false;
}
