#include "shell/route.h"

#include "test.h"

static void nothing(struct shell_request *request) {
    (void)request;
}

static const struct route table[] = {
    {"GET", "/skills", 0, nothing},
    {"POST", "/skills/{namespace}/{name}/run", 0, nothing},
    {"DELETE", "/cached/{namespace}/{name}", 0, nothing},
    {"DELETE", "/cached/{skill}", 0, nothing},
    {"GET", "/cached/{skill}", 0, nothing},
    {0},
};

struct found {
    enum route_match match;
    const struct route *route;
    struct buf names, allow;
    struct str params[2];
};

static void find(struct found *found, const char *method, const char *url) {
    *found = (struct found){0};
    buf_init(&found->names, 1000);
    buf_init(&found->allow, 200);
    found->match = route_find(table, str_of(method), str_of(url), &found->route, &found->names,
                              found->params, &found->allow);
}

static void done(struct found *found) {
    buf_free(&found->names);
    buf_free(&found->allow);
}

static void finds_and_decodes(void **state) {
    (void)state;
    struct found found;
    find(&found, "POST", "/skills/d%65v/a%2Fb/run");
    assert_int_equal(found.match, ROUTE_FOUND);
    assert_ptr_equal(found.route, &table[1]);
    assert_true(str_is(found.params[0], "dev"));
    assert_true(str_is(found.params[1], "a/b"));
    done(&found);
    find(&found, "DELETE", "/cached/dev%2FNAME");
    assert_ptr_equal(found.route, &table[3]);
    assert_true(str_is(found.params[0], "dev/NAME"));
    done(&found);
    find(&found, "DELETE", "/cached/dev/NAME");
    assert_ptr_equal(found.route, &table[2]);
    done(&found);
}

static void head_is_get(void **state) {
    (void)state;
    struct found found;
    find(&found, "HEAD", "/skills");
    assert_int_equal(found.match, ROUTE_FOUND);
    done(&found);
    find(&found, "HEAD", "/skills/dev/a/run");
    assert_int_equal(found.match, ROUTE_NO_METHOD);
    assert_string_equal(buf_cstr(&found.allow), "POST");
    done(&found);
}

static void names_what_is_allowed(void **state) {
    (void)state;
    struct found found;
    find(&found, "PUT", "/cached/x");
    assert_int_equal(found.match, ROUTE_NO_METHOD);
    assert_string_equal(buf_cstr(&found.allow), "DELETE, GET, HEAD");
    done(&found);
    find(&found, "get", "/skills"); /* methods have a case */
    assert_int_equal(found.match, ROUTE_NO_METHOD);
    done(&found);
    find(&found, "OPTIONS", "/skills");
    assert_int_equal(found.match, ROUTE_OPTIONS);
    assert_string_equal(buf_cstr(&found.allow), "GET, HEAD");
    done(&found);
}

static void knows_no_other_paths(void **state) {
    (void)state;
    static const char *const urls[] = {
        "/",         "/skills/", "/Skills", "/skills/dev/run",     "/skills//a/run", "/cached/",
        "/cached//", "*",        "",        "/skills/dev/a/b/run", "/{namespace}",   "skills",
        "/%73kills"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct found found;
        find(&found, "GET", urls[i]);
        assert_int_equal(found.match, ROUTE_NO_PATH);
        done(&found);
    }
}

static void tells_broken_percents(void **state) {
    (void)state;
    struct found found;
    find(&found, "POST", "/skills/dev/%zz/run");
    assert_int_equal(found.match, ROUTE_BAD_PATH);
    done(&found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_decodes),     cmocka_unit_test(head_is_get),
        cmocka_unit_test(names_what_is_allowed), cmocka_unit_test(knows_no_other_paths),
        cmocka_unit_test(tells_broken_percents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
