/* Whole files that people hand to a program. Any thread. */
#ifndef PK_BASE_FILE_H
#define PK_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Reads a regular file of up to out->cap bytes into `out` and tells its change time (ns since 1970;
 * NULL: not wanted). A directory, a pipe or a device is refused and never waited for. No file is
 * ERR_NOT_FOUND. */
bool file_read(const char *path, struct buf *out, uint64_t *modified, struct err *err);
/* Opens a regular file for reading; -1: `err` tells. */
int file_open(const char *path, uint64_t *modified, struct err *err);

#endif
