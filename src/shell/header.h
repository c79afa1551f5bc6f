/* Values of request headers. Thread: any. */
#ifndef PK_SHELL_HEADER_H
#define PK_SHELL_HEADER_H

#include <stdbool.h>
#include <stdint.h>

/* "application/json", "application/x+json", any case, with parameters. NULL allowed: false. */
bool header_is_json(const char *content_type);
/* "Bearer TOKEN", any case of the scheme, a token that is not empty. */
bool header_is_bearer(const char *authorization);
/* Digits only. False (length 0) when NULL or something else; UINT64_MAX when it does not fit. */
bool header_length(const char *content_length, uint64_t *length);

#endif
