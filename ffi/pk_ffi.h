/* Rust crates exposed to C (ffi/src/lib.rs). Any thread; nothing is shared between calls; no panic
 * crosses.
 *
 * `problem` gets a text of one line when a function fails (cut to `problem_size`, with its NUL; it
 * may be NULL when that is 0) and is left alone otherwise. A text may quote the input. */
#ifndef PK_FFI_H
#define PK_FFI_H

#include <stdbool.h>
#include <stddef.h>

/* A TOML document as the text of a JSON object, for pk_text_free; NULL and "line N: reason" when it
 * is none. Dates and times become strings; inf and nan, and nesting deeper than 80, are refused. */
char *pk_toml_to_json(const char *text, size_t size, char *problem, size_t problem_size);
/* Is this JSON text a JSON Schema: an object or a boolean, valid by the meta-schema that its
 * "$schema" names (draft 4, 6, 7, 2019-09 or 2020-12, which is the default)? References are not
 * followed, nothing is fetched; nesting deeper than 127 is refused. Slow for large or hostile
 * schemas: not on an event loop's thread. */
bool pk_schema_check(const char *json, size_t size, char *problem, size_t problem_size);
/* NULL is allowed. */
void pk_text_free(char *text);

#endif
