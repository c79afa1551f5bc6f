/* Descriptors: writing, and what an error of theirs means. Any thread. */
#ifndef PK_BASE_IO_H
#define PK_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>

/* All bytes, in as many write(2) as it takes; false with errno set. */
bool io_write_all(int fd, const void *bytes, size_t size);
/* Is it an errno that says nothing about the file itself: no descriptor, no memory, an error of the
 * disk? */
bool io_is_passing(int problem);

#endif
