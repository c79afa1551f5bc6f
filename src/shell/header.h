/* Values of request headers. Thread: any. */
#ifndef PK_SHELL_HEADER_H
#define PK_SHELL_HEADER_H

#include <stdbool.h>

#include "base/str.h"

/* "application/json", "application/x+json", any case, with parameters. data NULL: false. */
bool header_is_json(struct str content_type);
/* "Bearer TOKEN", any case of the scheme, a token that is not empty. */
bool header_is_bearer(struct str authorization);

#endif
