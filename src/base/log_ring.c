#include "base/log_ring.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

bool log_ring_put(struct log_ring *ring, const struct log_text *line) {
    if (line->size > LOG_RING_SIZE - ring->size) return false;
    size_t at = (ring->start + ring->size) % LOG_RING_SIZE;
    size_t first = line->size < LOG_RING_SIZE - at ? line->size : LOG_RING_SIZE - at;
    memcpy(ring->bytes + at, line->bytes, first);
    memcpy(ring->bytes, line->bytes + first, line->size - first);
    ring->size += line->size;
    return true;
}

struct str log_ring_oldest(const struct log_ring *ring) {
    size_t to_end = LOG_RING_SIZE - ring->start;
    return (struct str){ring->bytes + ring->start, ring->size < to_end ? ring->size : to_end};
}

void log_ring_drop(struct log_ring *ring, size_t size) {
    ring->size -= size;
    ring->start = (ring->start + size) % LOG_RING_SIZE;
    if (ring->size == 0) ring->start = 0; /* touches fewer pages */
}

/* At most PIPE_BUF bytes: so much goes into a pipe in one piece, and without waiting when poll says
 * that there is room. Ends with a line where it can, so that our lines and another process's on the
 * same pipe do not mix. */
static size_t portion(const char *bytes, size_t size) {
    if (size <= PIPE_BUF) return size;
    const char *newline = memrchr(bytes, '\n', PIPE_BUF);
    return newline == NULL ? PIPE_BUF : (size_t)(newline + 1 - bytes);
}

ssize_t log_write_some(int fd, const char *bytes, size_t size) {
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    if (poll(&out, 1, 0) <= 0) return 0;
    ssize_t written = write(fd, bytes, portion(bytes, size));
    return written < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : written;
}

size_t log_count_lines(struct str bytes) {
    size_t lines = 0;
    for (size_t i = 0; i < bytes.size; i++) lines += bytes.data[i] == '\n';
    return lines;
}
