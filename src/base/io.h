/* Writing to descriptors. Any thread. */
#ifndef PK_BASE_IO_H
#define PK_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>

/* All bytes, in as many write(2) as it takes; false with errno set. */
bool io_write_all(int fd, const void *bytes, size_t size);

#endif
