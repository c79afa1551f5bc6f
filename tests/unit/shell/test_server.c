/* The whole shell over real sockets, with a store and a runtime of the test's own. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

#define RUN(name) "/v1/skills/dev/" name "/run"
#define TOKEN     "Authorization: Bearer x\r\n"

static void expect(const char *method, const char *path, const char *headers, const char *body,
                   int status, const char *part) {
    struct answer answer = client_once(address, method, path, headers, body);
    if (answer.status != status)
        fail_msg("%s %s: %d, not %d: %s", method, path, answer.status, status, answer.body);
    if (!strstr(answer.body, part))
        fail_msg("%s %s: \"%s\" is not in: %s", method, path, part, answer.body);
    answer_free(&answer);
}

static void is_exactly(const char *method, const char *path, const char *headers, const char *body,
                       const char *type, const char *text) {
    struct answer answer = client_once(address, method, path, headers, body);
    char value[100];
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, text);
    assert_true(answer_header(&answer, "Content-Type", value, sizeof value));
    if (strncmp(value, type, strlen(type)) != 0) fail_msg("%s: type %s", path, value);
    answer_free(&answer);
}

static void simple_routes(void **state) {
    (void)state;
    server_start(NULL);
    is_exactly("GET", "/health", NULL, NULL, "text/plain", "ok");
    is_exactly("GET", "/healthcheck", NULL, NULL, "text/plain", "ok");
    is_exactly("GET", "/ready?probe=1", NULL, NULL, "text/plain", "ok");
    is_exactly("GET", "http://somewhere/health", NULL, NULL, "text/plain", "ok");
    is_exactly("GET", "/skills", NULL, NULL, "application/json", "[\"dev/echo\",\"dev/user\"]");
    is_exactly("GET", "/v1/skills", NULL, NULL, "application/json", "[\"dev/echo\",\"dev/user\"]");
    is_exactly("GET", "/cached_skills", TOKEN, NULL, "application/json", "[\"dev/echo\"]");
    is_exactly("DELETE", "/cached_skills/dev/echo", NULL, NULL, "application/json",
               "\"Skill removed from cache\"");
    is_exactly("DELETE", "/cached_skills/dev/a%2Fb", NULL, NULL, "application/json",
               "\"Skill removed from cache\"");
    is_exactly("DELETE", "/cached_skills/dev%2Fecho", NULL, NULL, "application/json",
               "\"Skill removed from cache\"");
    expect("DELETE", "/cached_skills/dev%2fa/b", NULL, NULL, 400, "Invalid namespace");
    server_stop();
}

static void runs(void **state) {
    (void)state;
    server_start(NULL);
    is_exactly("POST", RUN("echo"), NULL, "{\"b\":0.10, \"a\":\"\\u00e4\"}", "application/json",
               "{\"b\":0.10, \"a\":\"\\u00e4\"}");
    is_exactly("POST", RUN("echo-pending"), NULL, "[1]", "application/json", "[1]");
    is_exactly("POST", RUN("slow-20"), TOKEN, "null", "application/json", "null");
    is_exactly("POST", "/execute_skill", TOKEN, "{\"skill\":\"dev/echo\",\"input\": [1, 2] }",
               "application/json", "[1, 2]");
    is_exactly("POST", "/execute_skill", TOKEN, "{\"skill\":\"dev\\/a\\/b\",\"input\":\"x\"}",
               "application/json", "\"x\"");
    server_stop();
}

static void failures(void **state) {
    (void)state;
    server_start(NULL);
    expect("POST", RUN("nope"), NULL, "1", 400, "could not find the skill \"dev/nope\"");
    expect("POST", "/v1/skills/other/echo/run", NULL, "1", 400,
           "could not find the skill \"other/echo\"");
    expect("POST", "/v1/skills/-x/echo/run", NULL, "1", 400, "Invalid namespace \"-x\"");
    expect("POST", "/v1/skills/D%20V/echo/run", NULL, "1", 400, "Invalid namespace \"D V\"");
    expect("POST", "/v1/skills/broken/echo/run", NULL, "1", 500, "\"broken\"");
    expect("POST", RUN("user"), NULL, "1", 400, "responded with an error");
    expect("POST", RUN("input"), NULL, "1", 400, "had trouble interpreting the input");
    expect("POST", RUN("output"), NULL, "1", 500, "could not interpret");
    expect("POST", RUN("trap"), NULL, "1", 503, "in our runtime");
    expect("POST", RUN("trap"), NULL, "1", 503, "Original error:\n\nthe cause");
    expect("POST", RUN("timeout"), NULL, "1", 503, "in our runtime");
    expect("POST", RUN("refused"), NULL, "1", 503, "in our runtime");
    expect("POST", RUN("load-fail"), NULL, "1", 503,
           "Error loading skill: \"dev/load-fail\": the cause");
    expect("POST", RUN("stream"), NULL, "1", 400, "/message-stream");
    expect("POST", RUN("%ff"), NULL, "1", 400, "Invalid URL");
    expect("POST", RUN("%zz"), NULL, "1", 400, "Invalid URL");
    server_stop();
}

static void failures_of_2024(void **state) {
    (void)state;
    server_start(NULL);
    expect("POST", "/execute_skill", NULL, "{\"skill\":\"dev/echo\",\"input\":1}", 400,
           "`authorization` was missing");
    expect("POST", "/execute_skill", "Authorization: Basic x\r\n",
           "{\"skill\":\"dev/echo\",\"input\":1}", 400, "invalid HTTP header");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\"\",\"input\":1}", 400, "\"");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\" \",\"input\":1}", 400, "empty");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\"dev/\",\"input\":1}", 400, "empty");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\"echo\",\"input\":1}", 400,
           "missing namespace");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\"dev/nope\",\"input\":1}", 400,
           "\"Sorry, we could not find");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\"dev/user\",\"input\":1}", 500,
           "\"The skill \\\"dev/user\\\"");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\"dev/trap\",\"input\":1}", 500,
           "Original error:\\n\\nthe cause\"");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\"dev/load-fail\",\"input\":1}", 500,
           "Error loading skill: ");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":\"dev/echo\"}", 422, "input");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":7,\"input\":1}", 422, "skill");
    expect("POST", "/execute_skill", TOKEN, "[1]", 422, "object");
    expect("POST", "/execute_skill", TOKEN, "{\"skill\":", 400, "not valid JSON");
    expect("DELETE", "/cached_skills/echo", NULL, NULL, 400, "missing namespace");
    server_stop();
}

static void metadata(void **state) {
    (void)state;
    server_start(NULL);
    is_exactly(
        "GET", "/v1/skills/dev/echo/metadata", NULL, NULL, "application/json",
        "{\"description\":\"a \\\"fake\\\"\",\"version\":\"0.3\",\"skill_type\":\"function\","
        "\"input_schema\":{\"type\":\"object\"},\"output_schema\":true}");
    static const char none[] =
        "{\"description\":null,\"version\":null,\"skill_type\":\"function\",\"input_schema\":null,"
        "\"output_schema\":null}";
    is_exactly("GET", "/v1/skills/dev/old/metadata", NULL, NULL, "application/json", none);
    is_exactly("GET", "/v1/skills/dev/stream/metadata", NULL, NULL, "application/json", none);
    expect("GET", "/v1/skills/dev/meta-bad/metadata", NULL, NULL, 400, "is not a JSON Schema: 7 ");
    expect("GET", "/v1/skills/dev/meta-json/metadata", NULL, NULL, 400, "not JSON");
    expect("GET", "/v1/skills/dev/trap/metadata", NULL, NULL, 503, "in our runtime");
    expect("GET", "/v1/skills/dev/nope/metadata", NULL, NULL, 400, "could not find the skill");
    expect("GET", "/v1/skills/dev/load-fail/metadata", NULL, NULL, 503, "Error loading skill: ");
    server_stop();
}

static void wrong_requests(void **state) {
    (void)state;
    server_start(NULL);
    struct answer answer = client_once(address, "GET", "/nowhere", NULL, NULL);
    assert_int_equal(answer.status, 404);
    assert_int_equal(answer.size, 0);
    answer_free(&answer);
    char value[100];
    answer = client_once(address, "PUT", "/cached_skills/dev/echo", NULL, NULL);
    assert_int_equal(answer.status, 405);
    assert_true(answer_header(&answer, "Allow", value, sizeof value));
    assert_string_equal(value, "DELETE");
    answer_free(&answer);
    expect("POST", RUN("echo"), "Content-Type: text/plain\r\nContent-Length: 0\r\n", NULL, 415,
           "application/json");
    expect("POST", RUN("echo"), "Content-Length: 0\r\n", NULL, 415, "application/json");
    expect("POST", RUN("echo"), NULL, "", 400, "not valid JSON");
    expect("POST", RUN("echo"), NULL, "{\"a\":1", 400, "not valid JSON");
    expect("POST", RUN("echo"), NULL, "nul", 400, "not valid JSON");
    expect("POST", RUN("echo"), NULL, "\"\xff\"", 400, "not valid JSON");
    expect("POST", RUN("echo"), "Authorization: Basic x\r\n", "1", 400, "invalid HTTP header");
    expect("GET", "/v1/skills", "Authorization: x\r\n", NULL, 400, "invalid HTTP header");
    server_stop();
}

static void head_has_no_body(void **state) {
    (void)state;
    server_start(NULL);
    struct client client = client_open(address);
    char value[100];
    client_text(&client, "HEAD /skills HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer answer = client_answer(&client, true);
    assert_int_equal(answer.status, 200);
    assert_true(answer_header(&answer, "Content-Length", value, sizeof value));
    assert_string_equal(value, "23");
    answer_free(&answer);
    client_text(&client,
                "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"); /* nothing of a body is in between */
    answer = client_answer(&client, false);
    assert_string_equal(answer.body, "ok");
    answer_free(&answer);
    client_close(&client);
    server_stop();
}

static void cross_origin(void **state) {
    (void)state;
    server_start(NULL);
    char value[200];
    struct answer answer =
        client_once(address, "OPTIONS", RUN("echo"),
                    "Origin: http://a.example\r\n"
                    "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "
                    "authorization,x\r\n",
                    NULL);
    assert_int_equal(answer.status, 200);
    assert_true(answer_header(&answer, "Access-Control-Allow-Origin", value, sizeof value));
    assert_string_equal(value, "http://a.example");
    assert_true(answer_header(&answer, "Access-Control-Allow-Headers", value, sizeof value));
    assert_string_equal(value, "authorization,x");
    assert_true(answer_header(&answer, "Access-Control-Allow-Methods", value, sizeof value));
    assert_string_equal(value, "POST");
    answer_free(&answer);
    answer = client_once(address, "POST", RUN("slow-5"), "Origin: null\r\n", "1");
    assert_true(answer_header(&answer, "Access-Control-Allow-Origin", value, sizeof value));
    assert_string_equal(value, "null");
    answer_free(&answer);
    answer = client_once(address, "GET", "/health", NULL, NULL);
    assert_false(answer_header(&answer, "Access-Control-Allow-Origin", value, sizeof value));
    answer_free(&answer);
    server_stop();
}

static void keeps_connections_and_answers_in_order(void **state) {
    (void)state;
    server_start(NULL);
    struct client client = client_open(address);
    for (int round = 0; round < 200;
         round++) { /* three at once: the second is suspended, the third waits for it */
        client_text(&client,
                    "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
                    "POST " RUN("echo-pending") " HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                                "application/json\r\nContent-Length: 3\r\n\r\n[7]"
                                                "GET /skills HTTP/1.1\r\nHost: x\r\n\r\n");
        static const char *const bodies[] = {"ok", "[7]", "[\"dev/echo\",\"dev/user\"]"};
        for (int i = 0; i < 3; i++) {
            struct answer answer = client_answer(&client, false);
            assert_int_equal(answer.status, 200);
            assert_string_equal(answer.body, bodies[i]);
            answer_free(&answer);
        }
    }
    client_close(&client);
    server_stop();
}

static void http_1_0_and_close(void **state) {
    (void)state;
    server_start(NULL);
    struct client client = client_open(address);
    client_text(&client, "GET /health HTTP/1.0\r\n\r\n");
    struct answer answer = client_answer(&client, false);
    assert_string_equal(answer.body, "ok");
    answer_free(&answer);
    assert_true(client_closed(&client, 5000));
    client_close(&client);
    client = client_open(address);
    client_text(&client, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    answer = client_answer(&client, false);
    answer_free(&answer);
    assert_true(client_closed(&client, 5000));
    client_close(&client);
    server_stop();
}

static void two_threads(struct shell_settings *settings) {
    settings->threads = 3;
}

static void several_loops(void **state) {
    (void)state;
    server_start(two_threads);
    for (int i = 0; i < 300; i++)
        is_exactly("POST", i % 2 ? RUN("echo") : RUN("echo-pending"), NULL, "[1]",
                   "application/json", "[1]");
    server_stop();
}

static void stops_with_answers(void **state) {
    (void)state;
    server_start(NULL);
    struct client running = client_open(address), idle = client_open(address);
    client_text(&idle, "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer answer = client_answer(&idle, false);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    client_text(&running, "POST " RUN("held") " HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                              "application/json\r\nContent-Length: 1\r\n\r\n1");
    server_await_work(1);
    shell_stop_accepting(shell);
    client_text(&idle, "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
    answer = client_answer(&idle, false);
    assert_int_equal(answer.status, 503);
    assert_true(answer.closes);
    answer_free(&answer);
    fake_let_go();
    answer = client_answer(&running, false);
    assert_int_equal(answer.status, 200);
    assert_true(answer.closes);
    answer_free(&answer);
    client_close(&running);
    client_close(&idle);
    server_stop();
}

static void stops_while_requests_hang(void **state) {
    (void)state;
    server_start(NULL);
    struct client clients[50];
    for (int i = 0; i < 50; i++) {
        clients[i] = client_open(address);
        client_text(&clients[i],
                    i % 2 ? "POST " RUN("hang") " HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                                "application/json\r\nContent-Length: 1\r\n\r\n1"
                          : "POST " RUN("hang") " HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                                "application/json\r\nContent-Length: 9\r\n\r\n1");
    }
    usleep(50000);
    shell_stop_accepting(shell);
    shell_stop(shell, 50 * CLOCK_MS); /* the runtime has not answered: abandoned */
    fake_stop();
    struct shell_stats stats;
    shell_get_stats(shell, &stats);
    assert_int_equal(stats.active, 0);
    shell_free(shell);
    for (int i = 0; i < 50; i++) client_close(&clients[i]);
}

int main(void) {
    log_start(2, &(struct log_settings){.levels = log_levels_all(LOG_ERROR)}, &(struct err){0});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_routes),
        cmocka_unit_test(runs),
        cmocka_unit_test(failures),
        cmocka_unit_test(failures_of_2024),
        cmocka_unit_test(metadata),
        cmocka_unit_test(wrong_requests),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(cross_origin),
        cmocka_unit_test(keeps_connections_and_answers_in_order),
        cmocka_unit_test(http_1_0_and_close),
        cmocka_unit_test(several_loops),
        cmocka_unit_test(stops_with_answers),
        cmocka_unit_test(stops_while_requests_hang),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    log_stop(1000);
    return failed;
}
