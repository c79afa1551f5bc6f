/* Request bodies over real sockets: chunked, large, slow, lying, refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

#define POST                                                                                       \
    "POST /v1/skills/dev/echo/run HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

enum { LIMIT = 1 << 20, MEMORY = 4 << 20 };

static void small_limits(struct shell_settings *settings) {
    settings->body_limit = LIMIT;
    settings->body_memory = MEMORY;
}

static void little_patience(struct shell_settings *settings) {
    settings->idle_timeout = settings->header_timeout = settings->transfer_period = CLOCK_S;
}

static void expect(struct client *client, int status, const char *part) {
    struct answer answer = client_answer(client, false);
    if (answer.status != status || !strstr(answer.body, part))
        fail_msg("%d, not %d with \"%s\": %.300s", answer.status, status, part, answer.body);
    answer_free(&answer);
}

/* The connection goes on. */
static void expect_alive(struct client *client) {
    client_text(client, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(client, 200, "ok");
}

/* `size` bytes of JSON: a string of the letter a. */
static char *json_text(size_t size) {
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'a', size);
    text[0] = text[size - 1] = '"';
    text[size] = '\0';
    return text;
}

static void send_length(struct client *client, size_t size) {
    char headers[200];
    snprintf(headers, sizeof headers, POST "Content-Length: %zu\r\n\r\n", size);
    client_text(client, headers);
}

static void send_chunk(struct client *client, const char *bytes, size_t size) {
    char line[40];
    snprintf(line, sizeof line, "%zx\r\n", size);
    client_text(client, line);
    client_send(client, bytes, size);
    client_text(client, "\r\n");
}

static void comes_back_unchanged(void **state) {
    (void)state;
    server_start(small_limits);
    struct client client = client_open(address);
    static const size_t sizes[] = {2, 1000, 16384, 16385, 70000, LIMIT - 1, LIMIT};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = json_text(sizes[i]);
        send_length(&client, sizes[i]);
        client_send(&client, text, sizes[i]);
        struct answer answer = client_answer(&client, false);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.size, sizes[i]);
        assert_memory_equal(answer.body, text, sizes[i]);
        answer_free(&answer);
        free(text);
    }
    client_close(&client);
    server_stop();
}

static void chunks_of_any_size(void **state) {
    (void)state;
    server_start(small_limits);
    struct client client = client_open(address);
    char *text = json_text(100000);
    for (size_t size = 1; size <= 100000; size = size * 7 + 3) {
        client_text(&client, POST "Transfer-Encoding: chunked\r\n\r\n");
        size_t total = size < 10 ? 1000 : 100000;
        text[total - 1] = '"';
        for (size_t at = 0; at < total; at += size)
            send_chunk(&client, text + at, total - at < size ? total - at : size);
        text[total - 1] = total == 100000 ? '"' : 'a';
        client_text(&client, "0\r\nTrailer: x\r\n\r\n");
        struct answer answer = client_answer(&client, false);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.size, total);
        answer_free(&answer);
    }
    free(text);
    client_close(&client);
    server_stop();
}

/* Told by Content-Length: refused before a byte of it was read, and the answer arrives although the
 * client goes on sending. */
static void too_large_is_said_at_once(void **state) {
    (void)state;
    server_start(small_limits);
    struct client client = client_open(address);
    send_length(&client, 3 * LIMIT);
    expect(&client, 413, "larger than this kernel takes");
    client_close(&client);
    char *text = json_text(3 * LIMIT);
    for (int round = 0; round < 20; round++) {
        client = client_open(address);
        send_length(&client, 3 * LIMIT);
        client_send(&client, text,
                    3 * LIMIT); /* all of it goes out: no reset may overtake the answer */
        expect(&client, 413, "larger than this kernel takes");
        assert_true(client_closed(&client, 60000));
        client_close(&client);
    }
    free(text);
    server_stop();
}

static void too_large_by_a_byte(void **state) {
    (void)state;
    server_start(small_limits);
    char *text = json_text(LIMIT + 1);
    struct client client = client_open(address);
    client_text(&client, POST "Transfer-Encoding: chunked\r\n\r\n");
    send_chunk(&client, text, LIMIT + 1);
    client_text(&client, "0\r\n\r\n");
    expect(&client, 413, "larger than this kernel takes"); /* the little that was left was read */
    expect_alive(&client);
    client_close(&client);
    free(text);
    server_stop();
}

/* Chunks without an end: answered in their middle, then closed. */
static void endless_chunks(void **state) {
    (void)state;
    server_start(small_limits);
    char *text = json_text(65536);
    text[65535] = 'a';
    struct client client = client_open(address);
    client_text(&client, POST "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        char line[] = "10000\r\n";
        if (client_try_send(&client, line, 7) < 7 || client_try_send(&client, text, 65536) < 65536)
            break;
        client_try_send(&client, "\r\n", 2);
        text[0] = 'a'; /* only the first has the quote */
    }
    expect(&client, 413, "larger than this kernel takes");
    assert_true(client_closed(&client, 60000));
    client_close(&client);
    free(text);
    server_stop();
}

static void waits_for_100_continue(void **state) {
    (void)state;
    server_start(small_limits);
    struct client client = client_open(address);
    client_text(&client, POST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    usleep(20000);
    client_text(&client, "[1]");
    expect(&client, 200, "[1]");
    expect_alive(&client);
    client_close(&client);
    client = client_open(address);
    client_text(&client, "POST /v1/skills/dev/echo/run HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                         "Expect: 100-continue\r\n\r\n");
    expect(&client, 415, "application/json"); /* without asking for the body */
    client_close(&client);
    server_stop();
}

static void bad_json_is_read_to_its_end(void **state) {
    (void)state;
    server_start(small_limits);
    struct client client = client_open(address);
    for (int round = 0; round < 3; round++) {
        send_length(&client, 100000);
        char *text = json_text(100000);
        text[0] = 'x';
        client_send(&client, text, 100000);
        free(text);
        expect(&client, 400, "not valid JSON: a value was expected at byte 0");
        expect_alive(&client);
    }
    client_close(&client);
    server_stop();
}

static uint64_t body_bytes(void) {
    struct shell_stats stats;
    shell_get_stats(shell, &stats);
    return stats.body_bytes;
}

/* Memory follows what arrives, not what is announced. */
static void announced_bytes_cost_nothing(void **state) {
    (void)state;
    server_start(small_limits);
    struct client clients[20];
    for (int i = 0; i < 20; i++) {
        clients[i] = client_open(address);
        send_length(&clients[i], LIMIT);
        client_text(&clients[i], "\"a");
    }
    usleep(100000);
    assert_true(body_bytes() < 20 * 1024);
    for (int i = 0; i < 20; i++) client_close(&clients[i]);
    server_stop();
}

static void all_bodies_have_a_limit(void **state) {
    (void)state;
    server_start(small_limits);
    char *text = json_text(LIMIT);
    struct client clients[8];
    for (int i = 0; i < 8; i++) {
        clients[i] = client_open(address);
        send_length(&clients[i], LIMIT);
        client_send(&clients[i], text, LIMIT - 1000);
    }
    usleep(100000);
    assert_true(body_bytes() <= MEMORY);
    struct client small = client_open(address); /* is not shut out */
    send_length(&small, 3);
    client_text(&small, "[1]");
    expect(&small, 200, "[1]");
    client_close(&small);
    int answered = 0, refused = 0;
    for (int i = 0; i < 8; i++) {
        client_try_send(&clients[i], text + LIMIT - 1000, 1000);
        struct answer answer = client_answer(&clients[i], false);
        answered += answer.status == 200;
        refused += answer.status == 503;
        answer_free(&answer);
        client_close(&clients[i]);
    }
    assert_true(answered > 0 && refused > 0);
    assert_int_equal(answered + refused, 8);
    struct client client = client_open(address); /* and when they are gone there is room */
    send_length(&client, LIMIT);
    client_send(&client, text, LIMIT);
    struct answer answer = client_answer(&client, false);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    client_close(&client);
    free(text);
    server_stop();
}

static void less_than_announced(void **state) {
    (void)state;
    server_start(little_patience);
    struct client client = client_open(address);
    send_length(&client, 10);
    client_text(&client, "[1]");
    expect(&client, 408, "TRANSFER_RATE");
    assert_true(client_closed(&client, 60000));
    client_close(&client);
    client = client_open(address);
    send_length(&client, 10);
    client_text(&client, "[1]");
    client_close(&client);
    server_stop();
}

static void idle_clients_are_closed_but_not_waiting_ones(void **state) {
    (void)state;
    server_start(little_patience);
    struct client idle = client_open(address), headers = client_open(address);
    struct client waiting = client_open(address);
    client_text(&headers, "GET /health HTTP/1.1\r\nHo");
    client_text(&waiting, "POST /v1/skills/dev/slow-3000/run HTTP/1.1\r\nHost: x\r\n"
                          "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n1");
    assert_true(client_closed(&idle, 60000));
    expect(&headers, 408, "HEADER_TIMEOUT");
    assert_true(client_closed(&headers, 60000));
    expect(&waiting, 200, "1");
    client_close(&idle);
    client_close(&headers);
    client_close(&waiting);
    server_stop();
}

static void byte_by_byte(void **state) {
    (void)state;
    server_start(NULL);
    struct client client = client_open(address);
    static const char request[] =
        POST "Transfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n";
    for (size_t i = 0; i < sizeof request - 1; i++) client_send(&client, request + i, 1);
    expect(&client, 200, "[1,2]");
    client_close(&client);
    server_stop();
}

static void headers_without_end(void **state) {
    (void)state;
    server_start(NULL);
    struct client client = client_open(address);
    client_text(&client, "GET /health HTTP/1.1\r\nHost: x\r\n");
    char line[1000];
    for (int i = 0; i < 1000; i++) {
        int size = snprintf(line, sizeof line, "X-%d: %0900d\r\n", i, i);
        if (client_try_send(&client, line, (size_t)size) < (size_t)size) break;
    }
    if (!client_closed(&client, 60000)) { /* it says why first */
        struct answer answer = client_answer(&client, false);
        assert_true(answer.status >= 400);
        answer_free(&answer);
    }
    client_close(&client);
    client = client_open(address);
    expect_alive(&client);
    client_close(&client);
    server_stop();
}

static void get_with_a_body(void **state) {
    (void)state;
    server_start(NULL);
    struct client client = client_open(address);
    client_text(&client, "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    expect(&client, 200, "ok");
    expect_alive(&client);
    client_close(&client);
    server_stop();
}

int main(void) {
    log_start(2, &(struct log_settings){.levels = log_levels_all(LOG_ERROR)}, &(struct err){0});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_unchanged),
        cmocka_unit_test(chunks_of_any_size),
        cmocka_unit_test(too_large_is_said_at_once),
        cmocka_unit_test(too_large_by_a_byte),
        cmocka_unit_test(endless_chunks),
        cmocka_unit_test(waits_for_100_continue),
        cmocka_unit_test(bad_json_is_read_to_its_end),
        cmocka_unit_test(announced_bytes_cost_nothing),
        cmocka_unit_test(all_bodies_have_a_limit),
        cmocka_unit_test(less_than_announced),
        cmocka_unit_test(idle_clients_are_closed_but_not_waiting_ones),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(headers_without_end),
        cmocka_unit_test(get_with_a_body),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    log_stop(1000);
    return failed;
}
