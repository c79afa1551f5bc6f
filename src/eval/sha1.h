/* SHA-1, which the run logs of 2024 name binaries and scripts by (libcrypto). Thread: any. */
#ifndef PK_EVAL_SHA1_H
#define PK_EVAL_SHA1_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SHA1_HEX 41 /* 40 hex digits and a NUL */

void sha1_of(const void *bytes, size_t size, char out[SHA1_HEX]);
/* Of a regular file's contents, read piece by piece. */
bool sha1_of_file(const char *path, char out[SHA1_HEX], struct err *err);

#endif
