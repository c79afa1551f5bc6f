/* SHA-256 names things (libcrypto), XXH3-64 checks files that are read again (libxxhash). */
#ifndef PK_BASE_DIGEST_H
#define PK_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32
#define DIGEST_HEX  65 /* 64 hex digits and a NUL */

struct digest {
    uint8_t bytes[DIGEST_SIZE];
};

/* A digest made piece by piece. Begin allocates, end frees; begin, any number of adds, end. One
 * thread at a time. */
struct digest_state;
struct digest_state *digest_begin(void); /* aborts only when libcrypto has no memory */
void digest_add(struct digest_state *state, const void *bytes, size_t size);
struct digest digest_end(struct digest_state *state);
struct digest digest_of(const void *bytes, size_t size);
void digest_hex(const struct digest *digest, char out[DIGEST_HEX]);
uint64_t checksum_of(const void *bytes, size_t size);
/* Random bytes from libcrypto's per-thread generator. */
void random_bytes(void *out, size_t size);

#endif
