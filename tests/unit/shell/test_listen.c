#include "shell/listen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

static void opens(const char *address, bool wanted_public, const char *prefix) {
    int fd;
    char *got;
    bool is_public;
    struct err err;
    if (!listen_open(address, &fd, &got, &is_public, &err)) fail_msg("%s", err.text);
    assert_int_equal(is_public, wanted_public);
    assert_int_equal(strncmp(got, prefix, strlen(prefix)), 0);
    free(got);
    close(fd);
}

static void opens_what_it_should(void **state) {
    (void)state;
    opens("127.0.0.1:0", false, "127.0.0.1:");
    opens("127.9.9.9:0", false, "127.9.9.9:");
    opens("0.0.0.0:0", true, "0.0.0.0:");
}

static void refuses(const char *address, const char *wanted) {
    int fd;
    char *got;
    bool is_public;
    struct err err;
    assert_false(listen_open(address, &fd, &got, &is_public, &err));
    if (!strstr(err.text, wanted)) fail_msg("\"%s\" is not in: %s", wanted, err.text);
}

static void says_what_is_wrong(void **state) {
    (void)state;
    static const char *const forms[] = {"",       "127.0.0.1", "127.0.0.1:", ":80",
                                        "::1:80", "[::1]",     "[::1:80"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) refuses(forms[i], "HOST:PORT");
    refuses("127.0.0.1:http", "127.0.0.1:http");
    refuses("192.0.2.1:18081", "has no such address"); /* of a network for documentation */
}

static void names_address_and_remedy_when_it_is_taken(void **state) {
    (void)state;
    int fd;
    char *got;
    bool is_public;
    struct err err;
    assert_true(listen_open("127.0.0.1:0", &fd, &got, &is_public, &err));
    refuses(got, got);
    refuses(got, "another program has this port: stop it, or set KERNEL_ADDRESS to a free one");
    free(got);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_it_should),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(names_address_and_remedy_when_it_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
