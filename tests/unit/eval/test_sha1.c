/* sha1: the examples of FIPS 180, from memory and from files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "eval/sha1.h"

static void known_texts(void **state) {
    (void)state;
    char hex[SHA1_HEX];
    sha1_of("abc", 3, hex);
    assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    sha1_of("", 0, hex);
    assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void a_million_letters(void **state) {
    (void)state;
    char path[] = "/tmp/test_eval_sha1.XXXXXX", hex[SHA1_HEX], piece[1000];
    struct err err;
    int fd = mkstemp(path);
    memset(piece, 'a', sizeof piece);
    for (int i = 0; i < 1000; i++) assert_int_equal(write(fd, piece, sizeof piece), sizeof piece);
    close(fd);
    assert_true(sha1_of_file(path, hex, &err));
    assert_string_equal(hex, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    unlink(path);
    assert_false(sha1_of_file(path, hex, &err));
    assert_non_null(strstr(err.text, "cannot read /tmp/test_eval_sha1."));
    assert_false(sha1_of_file("/tmp", hex, &err));
    assert_string_equal(err.text, "/tmp is a directory, a file was expected");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts),
        cmocka_unit_test(a_million_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
