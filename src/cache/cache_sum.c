#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache_internal.h"

enum { PIECE = 64 * 1024, READ_SIZE = 16 * PIECE };

struct sum {
    uint64_t xxh3;
    struct digest_state *sha256;
    bool sparse;
};

static bool is_zero(const uint8_t *bytes, size_t size) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static void sum_number(struct sum *sum, uint64_t number) {
    uint8_t le[8];
    for (int i = 0; i < 8; i++) le[i] = (uint8_t)(number >> 8 * i);
    digest_add(sum->sha256, le, sizeof le);
}

/* Fold a piece in. All three words go into the checksum, so moved or missing pieces show. */
static void sum_piece(struct sum *sum, uint64_t index, const uint8_t *bytes, size_t size) {
    bool zero = is_zero(bytes, size);
    if (!zero) {
        uint64_t words[3] = {sum->xxh3, index, checksum_of(bytes, size)};
        sum->xxh3 = checksum_of(words, sizeof words);
    }
    if (sum->sha256 == NULL || (sum->sparse && zero)) return;
    if (sum->sparse) sum_number(sum, index);
    digest_add(sum->sha256, bytes, size);
}

/* Read exactly `size` bytes; a file that ends before is an error. */
static bool read_exactly(int fd, uint8_t *bytes, size_t size, uint64_t offset) {
    while (size > 0) {
        ssize_t got = pread(fd, bytes, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) errno = EIO;
        if (got <= 0) return false;
        bytes += got, size -= (size_t)got, offset += (uint64_t)got;
    }
    return true;
}

static bool sum_range(struct sum *sum, int fd, uint8_t *buffer, uint64_t from, uint64_t to) {
    while (from < to) {
        size_t size = to - from < READ_SIZE ? (size_t)(to - from) : READ_SIZE;
        if (!read_exactly(fd, buffer, size, from)) return false;
        for (size_t at = 0; at < size; at += PIECE)
            sum_piece(sum, (from + at) / PIECE, buffer + at, size - at < PIECE ? size - at : PIECE);
        from += size;
    }
    return true;
}

/* The next range that may hold data, in whole pieces. False: none, or an error (errno is then not
 * 0). */
static bool next_data(int fd, uint64_t size, uint64_t *from, uint64_t *to) {
    errno = 0;
    off_t data = lseek(fd, (off_t)*from, SEEK_DATA);
    if (data < 0) {
        if (errno == ENXIO) errno = 0; /* only a hole is left */
        return false;
    }
    off_t hole = lseek(fd, data, SEEK_HOLE);
    if (hole < 0) return false;
    if ((uint64_t)data / PIECE * PIECE > *from) *from = (uint64_t)data / PIECE * PIECE;
    *to = ((uint64_t)hole + PIECE - 1) / PIECE * PIECE;
    if (*to > size) *to = size;
    return *from < *to;
}

static bool sum_sparse(struct sum *sum, int fd, uint8_t *buffer, uint64_t size) {
    uint64_t from = 0, to = 0;
    while (from < size && next_data(fd, size, &from, &to)) {
        if (!sum_range(sum, fd, buffer, from, to)) return false;
        from = to;
        errno = 0;
    }
    return from >= size || errno == 0;
}

bool cache_sum(int fd, uint64_t size, bool sparse, uint64_t *xxh3, struct digest *sha256) {
    struct sum sum = {.xxh3 = size, .sparse = sparse};
    uint8_t *buffer = malloc(READ_SIZE);
    if (buffer == NULL) return false;
    if (sha256 != NULL) sum.sha256 = digest_begin();
    if (sha256 != NULL && sparse)
        sum_number(&sum,
                   size); /* files that differ in zeros at their end have names of their own */
    bool good = sparse ? sum_sparse(&sum, fd, buffer, size) : sum_range(&sum, fd, buffer, 0, size);
    int problem = errno;
    *xxh3 = sum.xxh3;
    if (sha256 != NULL) *sha256 = digest_end(sum.sha256);
    free(buffer);
    errno = problem;
    return good;
}
