/* Rust crates exposed to C (ffi/src/lib.rs). Any thread; nothing is shared between calls; no panic crosses. */
#ifndef PK_FFI_H
#define PK_FFI_H

#include <stdbool.h>
#include <stddef.h>

/* A TOML document as JSON text, or NULL with a problem text that names the line. The caller frees it with pk_text_free. */
char *pk_toml_to_json(const char *text, size_t size, char *problem, size_t problem_size);
/* Is this JSON text a valid JSON Schema (of the draft that its $schema names, else 2020-12)? Nothing is fetched. Slow for large or
 * hostile schemas: not on an event loop's thread. */
bool pk_schema_check(const char *json, size_t size, char *problem, size_t problem_size);
void pk_text_free(char *text);

#endif
