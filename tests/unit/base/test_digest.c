#include "base/digest.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* FIPS 180-4's examples. */
static void test_vectors(void **state) {
    (void)state;
    static const struct {
        const char *text, *hex;
    } vectors[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct digest digest = digest_of(vectors[i].text, strlen(vectors[i].text));
        char hex[DIGEST_HEX];
        digest_hex(&digest, hex);
        assert_string_equal(hex, vectors[i].hex);
    }
}

static void test_pieces(void **state) {
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7);
    struct digest whole = digest_of(bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        struct digest_state *pieces = digest_begin();
        digest_add(pieces, bytes, cut);
        digest_add(pieces, NULL, 0);
        digest_add(pieces, bytes + cut, sizeof bytes - cut);
        struct digest digest = digest_end(pieces);
        assert_memory_equal(digest.bytes, whole.bytes, DIGEST_SIZE);
    }
}

/* Known values of XXH3 (64 bits, seed 0), from the sanity checks of its repository. */
static void test_checksum(void **state) {
    (void)state;
    assert_int_equal(checksum_of("", 0), 0x2d06800538d394c2);
    assert_int_equal(checksum_of(NULL, 0), 0x2d06800538d394c2);
    assert_int_not_equal(checksum_of("a", 1), checksum_of("b", 1));
}

static void *thread_random(void *out) {
    random_bytes(out, 32);
    return NULL;
}

static void test_random(void **state) {
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0}, c[32] = {0}, zero[32] = {0};
    pthread_t thread;
    random_bytes(NULL, 0);
    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    assert_int_equal(pthread_create(&thread, NULL, thread_random, c), 0);
    pthread_join(thread, NULL);
    assert_memory_not_equal(a, zero, sizeof a);
    assert_memory_not_equal(c, zero, sizeof c);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
