#include "base/digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <xxhash.h>

#include "base/must.h"

/* EVP_sha256() makes OpenSSL 3 look the algorithm up for every digest, under a lock: fetched once,
 * kept for good. */
static EVP_MD *sha256;

static void sha256_fetch(void) {
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    must(sha256 != NULL);
}

static const EVP_MD *sha256_get(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    must(pthread_once(&once, sha256_fetch) == 0);
    return sha256;
}

/* A `struct digest_state` is an EVP_MD_CTX under a name of ours. */
struct digest_state *digest_begin(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(context != NULL);
    must(EVP_DigestInit_ex2(context, sha256_get(), NULL) == 1);
    return (struct digest_state *)context;
}

void digest_add(struct digest_state *state, const void *bytes, size_t size) {
    must(EVP_DigestUpdate((EVP_MD_CTX *)state, bytes, size) == 1);
}

struct digest digest_end(struct digest_state *state) {
    struct digest digest;
    must(EVP_DigestFinal_ex((EVP_MD_CTX *)state, digest.bytes, NULL) == 1);
    EVP_MD_CTX_free((EVP_MD_CTX *)state);
    return digest;
}

struct digest digest_of(const void *bytes, size_t size) {
    struct digest_state *state = digest_begin();
    digest_add(state, bytes, size);
    return digest_end(state);
}

void digest_hex(const struct digest *digest, char out[DIGEST_HEX]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest->bytes[i] >> 4];
        out[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    out[DIGEST_HEX - 1] = '\0';
}

uint64_t checksum_of(const void *bytes, size_t size) {
    return XXH3_64bits(bytes, size);
}

void random_bytes(void *out, size_t size) {
    uint8_t *at = out;
    while (size > 0) {
        int part = size < INT_MAX ? (int)size : INT_MAX;
        must(RAND_bytes(at, part) == 1);
        at += part, size -= (size_t)part;
    }
}
