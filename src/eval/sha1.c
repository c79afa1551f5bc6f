#include "eval/sha1.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <unistd.h>

#include "base/file.h"
#include "base/must.h"

enum { SHA1_SIZE = (SHA1_HEX - 1) / 2 };

static void write_hex(const uint8_t bytes[SHA1_SIZE], char out[SHA1_HEX]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA1_SIZE; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[SHA1_HEX - 1] = '\0';
}

void sha1_of(const void *bytes, size_t size, char out[SHA1_HEX]) {
    uint8_t digest[SHA1_SIZE];
    must(EVP_Digest(bytes, size, digest, NULL, EVP_sha1(), NULL) == 1);
    write_hex(digest, out);
}

static bool add_file(EVP_MD_CTX *context, int fd) {
    uint8_t piece[64 << 10];
    for (;;) {
        ssize_t count = read(fd, piece, sizeof piece);
        if (count == 0) return true;
        if (count > 0) must(EVP_DigestUpdate(context, piece, (size_t)count) == 1);
        if (count < 0 && errno != EINTR) return false;
    }
}

bool sha1_of_file(const char *path, char out[SHA1_HEX], struct err *err) {
    uint8_t digest[SHA1_SIZE];
    int fd = file_open(path, NULL, err);
    if (fd < 0) return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(context && EVP_DigestInit_ex2(context, EVP_sha1(), NULL) == 1);
    bool good = add_file(context, fd);
    if (!good) err_errno(err, errno, "cannot read %s", path);
    close(fd);
    must(EVP_DigestFinal_ex(context, digest, NULL) == 1);
    EVP_MD_CTX_free(context);
    write_hex(digest, out);
    return good;
}
