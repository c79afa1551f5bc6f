// A JSON reader (RFC 8259) as small as this skill needs: one pass, no allocation.
#ifndef SAMPLE_JSON_H
#define SAMPLE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_text {
    char *data;
    size_t size;
};

// Reads a buffer of the caller, which strings are decoded into: a decoded string is never longer.
struct json_reader {
    char *at;
    char *end;
    const char *error; // NULL while all is well; stays at the first error
};

// Each of these reads one thing and returns true, or notes an error and returns false.
bool json_object_begin(struct json_reader *r);
// False at the object's end too, then without an error. *first: true before the first call.
bool json_object_key(struct json_reader *r, bool *first, struct json_text *key);
bool json_string(struct json_reader *r, struct json_text *out);
bool json_integer(struct json_reader *r, int64_t *out);
bool json_skip(struct json_reader *r);
// Nothing but white space may follow.
bool json_end(struct json_reader *r);

// True, and read, if null comes next; no error otherwise.
bool json_null(struct json_reader *r);

// Writes text as a JSON string, quotes included; to must have room for 6 bytes for each byte of
// text, and 2. Returns the end of what was written.
char *json_quote(char *to, struct json_text text);

#endif
