/* Finds members of a JSON object without building anything: the values are passed on as they came.
 * The text was checked by json_check; nothing here is defined for text that is not JSON, but it
 * reads no byte outside of it. Thread: any. */
#ifndef PK_SHELL_SPAN_H
#define PK_SHELL_SPAN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* The spans of the values of these keys (at most 8) in the outermost object, without white space
 * around them; data NULL for keys that are not there. Keys are compared after decoding their
 * escapes; of several members of one key the last counts. False: the text is no object. Linear, no
 * recursion. */
bool span_members(struct str json, const char *const *keys, struct str *values, unsigned count);
/* Decode a JSON string (with its quotes) to the end of `out`, and say where it is. False: no
 * string, or a lone surrogate is in it. */
bool span_string(struct str json, struct buf *out, struct str *text);
/* Nothing but ASCII white space. */
bool span_blank(struct str text);

#endif
