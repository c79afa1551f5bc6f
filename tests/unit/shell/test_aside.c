/* What is done beside the loops: schemas are checked once, skills take turns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/aside.h"
#include "shell/loop.h"
#include "shell/schema.h"
#include "test.h"

static bool check(struct schema_cache *cache, const char *schema, struct err *err) {
    err->kind = ERR_NONE;
    return schema_check(cache, "input", (const uint8_t *)schema, strlen(schema), err);
}

static void a_schema_is_checked_once(void **state) {
    (void)state;
    struct schema_cache *cache = calloc(1, sizeof *cache);
    struct err err;
    for (int i = 0; i < 10; i++) {
        assert_true(check(cache, "{\"type\":\"object\"}", &err));
        assert_false(check(cache, "{\"type\":7}", &err));
        assert_non_null(strstr(err.text, "the input schema is not a JSON Schema: 7 "));
        assert_false(check(cache, "{", &err));
        assert_non_null(strstr(err.text, "the input schema is not JSON: "));
    }
    assert_int_equal(cache->checks, 3);
    free(cache);
}

/* More schemas than there is room for: each gets its own verdict all the same. */
static void many_schemas_keep_their_own_verdicts(void **state) {
    (void)state;
    struct schema_cache *cache = calloc(1, sizeof *cache);
    struct err err;
    char schema[100];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 4 * SCHEMA_CACHE; i++) {
            snprintf(schema, sizeof schema, "{\"type\":%s,\"title\":\"%d\"}",
                     i % 2 ? "\"object\"" : "7", i);
            assert_int_equal(check(cache, schema, &err), i % 2);
        }
    free(cache);
}

static void take_a_while(struct shell_request *request) {
    (void)request;
    usleep(2000);
}

enum { REQUESTS = 40 };

/* Many of two skills came first, by turns; that of a third is among the first, or at the latest
 * behind what was begun before it came. */
static void skills_take_turns(void **state) {
    (void)state;
    static struct shell_loop loop;
    static struct shell_request requests[REQUESTS];
    struct aside *aside;
    struct err err;
    assert_true(mailbox_init(&loop.mail));
    assert_true(aside_new(&aside, &err));
    for (int i = 0; i < REQUESTS; i++) {
        bool other = i == REQUESTS - 1;
        requests[i].loop = &loop;
        requests[i].skill_namespace = str_of("dev");
        requests[i].skill_name = str_of(other ? "modest" : i % 2 ? "greedy" : "hungry");
        requests[i].aside = take_a_while;
        aside_send(aside, &requests[i]);
    }
    int came = 0, place = -1;
    while (came < REQUESTS) {
        mailbox_wait(&loop.mail, UINT64_MAX);
        for (struct mail *mail = mailbox_take(&loop.mail); mail; mail = mail->next, came++)
            if ((struct shell_request *)mail == &requests[REQUESTS - 1]) place = came;
    }
    assert_true(place >= 0 && place < REQUESTS / 2);
    aside_free(aside);
    mailbox_free(&loop.mail);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_schema_is_checked_once),
                                       cmocka_unit_test(many_schemas_keep_their_own_verdicts),
                                       cmocka_unit_test(skills_take_turns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
