/* Paths of request lines. Thread: any. */
#ifndef PK_SHELL_PATH_H
#define PK_SHELL_PATH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum { PATH_MAX_SEGMENTS = 8 };

/* "/a/b%2Fc" -> "a", "b%2Fc", still encoded. Takes the absolute form "http://host/a" too. Returns
 * the number of segments, or -1 when there are more than PATH_MAX_SEGMENTS or it is not a path. "/"
 * has one empty segment. */
int path_split(struct str url, struct str segments[PATH_MAX_SEGMENTS]);
/* Append the decoded segment. False: a '%' without two hex digits behind it, or not UTF-8 (then
 * `out` has what came before). */
bool path_decode(struct str segment, struct buf *out);

#endif
