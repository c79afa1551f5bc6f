/* Texts of others made safe to print: names in components, what guests and clients say. A terminal
 * or a log viewer obeys control characters, and format characters (Unicode's category Cf, such as
 * U+202E) reorder or hide what stands beside them. Such characters, and bytes that are not UTF-8,
 * are shown as \n, \t or \xNN per byte; a backslash stays as it is, so escaping twice changes
 * nothing. Any thread. */
#ifndef PK_BASE_ESCAPE_H
#define PK_BASE_ESCAPE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum { ESCAPE_MAX = 4 }; /* bytes of one step's output */

/* Writes what the first character or byte is shown as, *out_size bytes without a NUL, and returns
 * how many bytes of the text that were. `size` must not be 0. */
size_t escape_next(const void *bytes, size_t size, char out[ESCAPE_MAX], size_t *out_size);
bool escape_add(struct buf *buf, struct str text);

#endif
