/* The life of a connection, fed with bytes: no socket, no time but the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "peer.h"

#define GET(target)        "GET " target " HTTP/1.1\r\nHost: k\r\n\r\n"
#define POST(target, size) "POST " target " HTTP/1.1\r\nHost: k\r\nContent-Length: " size "\r\n\r\n"

static struct peer peer;

static int begin(void **state) {
    (void)state;
    peer_begin(&peer);
    return 0;
}

static int end(void **state) {
    (void)state;
    peer_end(&peer);
    return 0;
}

/* How often the text is in what the client got. */
static unsigned got(const char *text) {
    unsigned count = 0;
    for (const char *at = buf_cstr(&peer.written); (at = strstr(at, text)); at++) count++;
    return count;
}

static void happened(const char *events) {
    assert_string_equal(buf_cstr(&peer.events), events);
}

static void is(enum connection_state state) {
    assert_int_equal(peer.connection->state, state);
}

/* The deadline passes after `seconds`. */
static void pass(unsigned seconds) {
    peer.server->now += seconds * CLOCK_S;
    assert_true(peer.connection->timer.deadline <= peer.server->now);
    connection_expire(peer.connection);
}

static void answers_at_once(void **state) {
    (void)state;
    peer_text(&peer, GET("/now"));
    happened("GET /now|sent\n");
    assert_int_equal(got("HTTP/1.1 200 OK\r\n"), 1);
    assert_int_equal(got("Content-Length: 3\r\n\r\nnow"), 1);
    assert_int_equal(peer.released, 1);
    is(CONNECTION_IDLE);
    assert_null(peer.connection->input.data); /* idle, it holds no memory but its own */
}

/* Found by the fuzzer: a CR that ends no line was taken for one where it came by itself. */
static void a_lone_cr_is_no_empty_line_in_pieces_either(void **state) {
    (void)state;
    static const char text[] = "\r\r\nGET";
    for (size_t step = 1; step <= sizeof text; step++) {
        for (size_t at = 0; at < sizeof text - 1 && peer.connection->state != CONNECTION_CLOSED;
             at += step)
            peer_feed(&peer, text + at, step < sizeof text - 1 - at ? step : sizeof text - 1 - at);
        assert_int_equal(got("The request does not begin with a method."), 1);
        end(state);
        begin(state);
    }
}

static void requests_in_pieces_are_the_same(void **state) {
    (void)state;
    static const char text[] = "\r\n" GET("/now") POST(
        "/body",
        "5") "hello"
             "POST /body HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n"
             "2\r\nde\r\n0\r\nT: x\r\n\r\n" GET("/body")
                 POST("/piece", "5") "12345" GET("/nothing");
    for (size_t step = 1; step <= sizeof text; step++) {
        for (size_t at = 0; at < sizeof text - 1; at += step)
            peer_feed(&peer, text + at, step < sizeof text - 1 - at ? step : sizeof text - 1 - at);
        happened("GET /now|sent\nPOST /body|hello|end|sent\nPOST /body|abcde|end|sent\n"
                 "GET /body||end|sent\nPOST /piece|sent\nGET /nothing|sent\n");
        is(CONNECTION_IDLE);
        buf_clear(&peer.events);
    }
}

static void late_answers_keep_the_order(void **state) {
    (void)state;
    peer_text(&peer, GET("/late") GET("/now") GET("/late") "GET /n");
    happened("GET /late||end|");
    is(CONNECTION_WAITING);
    peer_answer(&peer, "one", 3);
    happened("GET /late||end|sent\nGET /now|sent\nGET /late||end|");
    is(CONNECTION_WAITING);
    peer_answer(&peer, "two", 3);
    is(CONNECTION_HEAD);
    peer_text(&peer, "ow HTTP/1.1\r\nHost: k\r\n\r\n");
    assert_int_equal(got("one"), 1);
    assert_true(strstr(buf_cstr(&peer.written), "one") < strstr(buf_cstr(&peer.written), "now"));
    assert_true(strstr(buf_cstr(&peer.written), "now") < strstr(buf_cstr(&peer.written), "two"));
    is(CONNECTION_IDLE);
}

static void sends_ahead_only_so_much(void **state) {
    (void)state;
    char junk[CONNECTION_AHEAD_MAX];
    memset(junk, 'x', sizeof junk);
    peer_text(&peer, GET("/late"));
    assert_int_equal(connection_appetite(peer.connection), CONNECTION_AHEAD_MAX);
    peer_feed(&peer, junk, sizeof junk - 1);
    assert_int_equal(connection_appetite(peer.connection), 1);
    peer_feed(&peer, junk, 1);
    assert_int_equal(connection_appetite(peer.connection), 0);
    peer_answer(&peer, "", 0);
    assert_int_equal(got("HTTP/1.1 414"), 1); /* what came is no request */
}

static void an_answer_waits_for_its_client(void **state) {
    (void)state;
    char body[1000];
    memset(body, 'x', sizeof body);
    peer_text(&peer, GET("/late") GET("/now"));
    peer.room = 10;
    peer_answer(&peer, body, sizeof body);
    is(CONNECTION_WRITING);
    assert_int_equal(connection_appetite(peer.connection), 0);
    for (int i = 0; i < 10000 && peer.connection->state == CONNECTION_WRITING; i++) {
        peer.room = 7;
        connection_writable(peer.connection);
    }
    peer.room = SIZE_MAX;
    connection_writable(peer.connection);
    happened("GET /late||end|sent\nGET /now|sent\n");
    assert_int_equal(got("\r\n\r\nnow"), 1);
    is(CONNECTION_IDLE);
}

static void a_client_that_resets_is_left(void **state) {
    (void)state;
    peer_text(&peer, GET("/late") GET("/now"));
    peer.reset = true;
    peer_answer(&peer, "one", 3);
    is(CONNECTION_CLOSED);
    peer_reap(&peer);
    happened("GET /late||end|left\n");
    assert_int_equal(peer.released, 1);
}

static void an_answer_to_a_closed_connection_is_released(void **state) {
    (void)state;
    peer_text(&peer, GET("/late"));
    connection_move(peer.connection, CONNECTION_CLOSED);
    peer_answer(&peer, "one", 3);
    assert_int_equal(peer.written.size, 0);
    peer_reap(&peer);
    assert_int_equal(peer.released, 1);
    assert_int_equal(peer.left, 1);
}

/* ---- the client's end */

static void an_end_behind_a_request_asks_once_whether_somebody_waits(void **state) {
    (void)state;
    peer_text(&peer, GET("/late") GET("/now"));
    connection_half_close(peer.connection, true);
    connection_half_close(peer.connection, true);
    assert_int_equal(got("HTTP/1.1 100 Continue\r\n\r\n"), 1);
    is(CONNECTION_WAITING);
    peer_answer(&peer, "one", 3);
    happened("GET /late||end|sent\nGET /now|sent\n");
    is(CONNECTION_CLOSED);
}

static void an_end_of_http_1_0_is_not_asked_about(void **state) {
    (void)state;
    peer_text(&peer, "GET /late HTTP/1.0\r\n\r\n");
    connection_half_close(peer.connection, true);
    assert_int_equal(peer.written.size, 0);
    peer_answer(&peer, "one", 3);
    assert_int_equal(got("HTTP/1.1 200 OK"), 1);
    is(CONNECTION_CLOSED);
}

static void an_end_within_a_request_is_leaving(void **state) {
    (void)state;
    static const char *const parts[] = {"", "GET", POST("/body", "5") "1234"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        peer_text(&peer, parts[i]);
        connection_half_close(peer.connection, true);
        is(CONNECTION_CLOSED);
        assert_int_equal(peer.written.size, 0);
        peer_end(&peer);
        peer_begin(&peer);
    }
}

/* ---- errors, refused bodies */

static void an_error_is_answered_once_and_the_last(void **state) {
    (void)state;
    peer_text(&peer, GET("/now") "GET /now HTTP/1.1\r\nHost: k\r\n: x\r\n\r\n" GET("/now"));
    peer_text(&peer, GET("/now"));
    happened("GET /now|sent\n");
    assert_int_equal(got("HTTP/1.1 "), 2);
    assert_int_equal(got("HTTP/1.1 400 Bad Request\r\n"), 1);
    assert_true(peer.shut);
    is(CONNECTION_LINGERING);
    pass(2);
    is(CONNECTION_CLOSED);
}

static void bad_chunks_end_their_request(void **state) {
    (void)state;
    peer_text(&peer,
              "POST /body HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc");
    happened("POST /body|left\n");
    assert_int_equal(got("HTTP/1.1 400 "), 1);
    is(CONNECTION_LINGERING);
}

static void a_refused_body_is_read_to_its_end_if_it_is_short(void **state) {
    (void)state;
    peer_text(&peer, POST("/now", "100000"));
    assert_int_equal(got("HTTP/1.1 200 OK"), 1);
    assert_int_equal(got("Connection: close"), 0);
    is(CONNECTION_DISCARDING);
    char *body = calloc(1, 100000);
    peer_feed(&peer, body, 99999);
    is(CONNECTION_DISCARDING);
    peer_feed(&peer, body, 1);
    is(CONNECTION_IDLE);
    free(body);
    peer_text(&peer, POST("/now", "1000000"));
    assert_int_equal(got("Connection: close"), 1);
    is(CONNECTION_LINGERING);
}

static void endless_chunks_are_not_read_to_their_end(void **state) {
    (void)state;
    char piece[1000];
    memset(piece, 'x', sizeof piece);
    peer_text(&peer,
              "POST /now HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n");
    for (int i = 0; i < 300; i++) peer_feed(&peer, piece, sizeof piece);
    is(CONNECTION_LINGERING);
    assert_int_equal(got("HTTP/1.1 "), 1);
}

static void who_waits_to_be_asked_is_asked(void **state) {
    (void)state;
#define EXPECT "Host: k\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    peer_text(&peer, "POST /body HTTP/1.1\r\n" EXPECT);
    assert_int_equal(got("HTTP/1.1 100 Continue\r\n\r\n"), 1);
    peer_text(&peer, "12");
    peer_text(&peer, "POST /body HTTP/1.1\r\n" EXPECT "34"); /* has not waited */
    peer_text(&peer, "POST /body HTTP/1.0\r\nConnection: keep-alive\r\n" EXPECT);
    peer_text(&peer, "56");
    assert_int_equal(got("HTTP/1.1 100 "), 1);
    happened("POST /body|12|end|sent\nPOST /body|34|end|sent\nPOST /body|56|end|sent\n");
    peer_text(&peer, "POST /now HTTP/1.1\r\n" EXPECT); /* is refused: nobody asks */
    assert_int_equal(got("HTTP/1.1 100 "), 1);
    assert_int_equal(got("Connection: close\r\n"), 1);
    is(CONNECTION_LINGERING);
}

static void head_has_no_body(void **state) {
    (void)state;
    peer_text(&peer, "HEAD /now HTTP/1.1\r\nHost: k\r\n\r\n" GET("/nothing"));
    assert_int_equal(got("Content-Length: 3\r\n"), 2);
    assert_int_equal(got("\r\n\r\nHTTP/1.1 200"), 1);
}

static void without_memory_for_a_request_it_closes(void **state) {
    (void)state;
    peer_text(&peer, GET("/none"));
    is(CONNECTION_CLOSED);
    happened("");
}

/* ---- deadlines and eviction */

static void slow_heads_and_bodies_get_408(void **state) {
    (void)state;
    peer_text(&peer, "GET /now HTTP/1.1\r\n");
    peer.server->now += 9 * CLOCK_S;
    peer_text(&peer, "Host: k\r\n"); /* its deadline stays */
    pass(1);
    assert_int_equal(got("HTTP/1.1 408 "), 1);
    is(CONNECTION_LINGERING);
    peer_end(&peer);
    peer_begin(&peer);
    char *body = calloc(1, 20000);
    peer_text(&peer, POST("/body", "40000"));
    peer_feed(&peer, body, 10240);
    pass(10); /* enough came */
    is(CONNECTION_BODY);
    peer_feed(&peer, body, 10239);
    pass(10);
    happened("POST /body|left\n");
    assert_int_equal(got("HTTP/1.1 408 "), 1);
    free(body);
}

static void slow_readers_are_closed(void **state) {
    (void)state;
    char *body = calloc(1, 100000);
    peer_text(&peer, GET("/late"));
    peer.room = 50000;
    peer.untaken = 50000;
    peer_answer(&peer, body, 100000);
    peer.untaken = 50000 - 10240; /* it has taken some of what the system holds */
    pass(10);
    is(CONNECTION_WRITING);
    pass(10);
    is(CONNECTION_CLOSED);
    assert_int_equal(peer.server->counts.slow_readers, 1);
    free(body);
}

static void idle_ones_are_closed_but_not_waiting_ones(void **state) {
    (void)state;
    peer_text(&peer, GET("/late"));
    pass(75);
    is(CONNECTION_WAITING);
    peer_answer(&peer, "", 0);
    pass(75);
    is(CONNECTION_CLOSED);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(answers_at_once),
        TEST(a_lone_cr_is_no_empty_line_in_pieces_either),
        TEST(requests_in_pieces_are_the_same),
        TEST(late_answers_keep_the_order),
        TEST(sends_ahead_only_so_much),
        TEST(an_answer_waits_for_its_client),
        TEST(a_client_that_resets_is_left),
        TEST(an_answer_to_a_closed_connection_is_released),
        TEST(an_end_behind_a_request_asks_once_whether_somebody_waits),
        TEST(an_end_of_http_1_0_is_not_asked_about),
        TEST(an_end_within_a_request_is_leaving),
        TEST(an_error_is_answered_once_and_the_last),
        TEST(bad_chunks_end_their_request),
        TEST(a_refused_body_is_read_to_its_end_if_it_is_short),
        TEST(endless_chunks_are_not_read_to_their_end),
        TEST(who_waits_to_be_asked_is_asked),
        TEST(head_has_no_body),
        TEST(without_memory_for_a_request_it_closes),
        TEST(slow_heads_and_bodies_get_408),
        TEST(slow_readers_are_closed),
        TEST(idle_ones_are_closed_but_not_waiting_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
