/* Lines that wait for the log's writer: private to log.c, whose lock guards it. Only the writer
 * drops bytes, so it writes from the ring without the lock: callers touch free bytes alone. */
#ifndef PK_BASE_LOG_RING_H
#define PK_BASE_LOG_RING_H

#include <sys/types.h>

#include "base/log_text.h"
#include "base/str.h"

#define LOG_RING_SIZE ((size_t)1 << 20)

/* Bytes [start, start + size), modulo LOG_RING_SIZE. */
struct log_ring {
    size_t start, size;
    char bytes[LOG_RING_SIZE];
};

/* False: there is no room. */
bool log_ring_put(struct log_ring *ring, const struct log_text *line);
/* The oldest bytes, as far as they are in one piece. */
struct str log_ring_oldest(const struct log_ring *ring);
void log_ring_drop(struct log_ring *ring, size_t size);

/* The bytes that went out without waiting, -1 when the descriptor is of no use. */
ssize_t log_write_some(int fd, const char *bytes, size_t size);
size_t log_count_lines(struct str bytes);

#endif
