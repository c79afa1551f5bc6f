/* How much of a text fits into columns of a terminal. Texts are UTF-8; a byte that is none counts
 * as a column. Any thread. */
#ifndef PK_EVAL_COLUMNS_H
#define PK_EVAL_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

/* Bytes of the longest start of `text`, in whole characters, that takes at most `most` columns
 * (Chinese characters take two, combining ones none); `columns`: how many it takes. */
size_t columns_fit(const char *text, size_t most, size_t *columns);
/* Prints the text, cut with "…" when it takes more than `most` columns; gives how many it took. */
size_t columns_put(FILE *out, const char *text, size_t most);

#endif
