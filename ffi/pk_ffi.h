/* Rust libraries that we use as they are: toml, jsonschema. Thread-safe; nothing of it keeps state
 * that depends on what was given to it.
 *
 * `problem` gets a text for people when a function fails (cut to `problem_size`, with its NUL; it may
 * be NULL when that is 0) and is left alone otherwise. A text may quote the input. */
#ifndef PK_FFI_H
#define PK_FFI_H

#include <stdbool.h>
#include <stddef.h>

/* A TOML 1.0 document as a JSON object, for pk_text_free; NULL and "line N: reason" when it is none.
 * Dates and times become strings. Nested deeper than 80 levels, inf and nan are refused. */
char *pk_toml_to_json(const char *text, size_t size, char *problem, size_t problem_size);
/* Is this JSON text a JSON Schema: an object or a boolean, valid by the meta-schema that its
 * "$schema" names (draft 4, 6, 7, 2019-09 or 2020-12, which is the default)? References are not
 * followed; nothing is read from files or the network. Nested deeper than 127 levels is refused. */
bool pk_schema_check(const char *json, size_t size, char *problem, size_t problem_size);
/* NULL is allowed. */
void pk_text_free(char *text);

#endif
