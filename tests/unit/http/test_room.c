/* Who is shut out when connections are used up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "peer.h"

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

static void is(enum connection_state state) {
    assert_int_equal(peer.connection->state, state);
}

/* The slowest is looked for among the first of the list. */
static void who_moves_goes_behind_the_others(void **state) {
    (void)state;
    static char body[20000];
    struct http_connection *slow = malloc(sizeof *slow);
    peer_text(&peer, "POST /body HTTP/1.1\r\nHost: k\r\nContent-Length: 100000\r\n\r\n");
    connection_init(slow, peer.server, 0);
    connection_feed(slow, "GET", 3);
    assert_ptr_equal(peer.server->slow.last, &slow->link);
    peer_feed(&peer, body, sizeof body);
    peer.server->now += 10 * CLOCK_S;
    connection_expire(peer.connection);
    is(CONNECTION_BODY);
    assert_ptr_equal(peer.server->slow.last, &peer.connection->link);
    connection_move(slow, CONNECTION_CLOSED);
}

/* Connections are used up, and a third client waits: who has sent three bytes in two seconds
 * goes, not who takes a long answer all the time. */
static void who_takes_its_answer_is_not_the_slowest(void **state) {
    (void)state;
    static char body[200000];
    struct http_connection *slow = malloc(sizeof *slow);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_false(bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1));
    assert_false(getsockname(listener, (struct sockaddr *)&address, &size));
    assert_false(connect(client, (struct sockaddr *)&address, size));
    peer_text(&peer, "GET /late HTTP/1.1\r\nHost: k\r\n\r\n");
    peer.room = 100000;
    peer_answer(&peer, body, sizeof body);
    is(CONNECTION_WRITING);
    connection_init(slow, peer.server, 0);
    connection_feed(slow, "GET", 3);
    peer.server->now += 2 * CLOCK_S;
    peer.room = 50000;
    connection_writable(peer.connection);
    peer.server->settings.connections = 2;
    peer.server->listener = listener;
    server_accept(peer.server);
    is(CONNECTION_WRITING);
    assert_int_equal(slow->state, CONNECTION_CLOSED);
    peer.room = SIZE_MAX;
    connection_writable(peer.connection);
    is(CONNECTION_IDLE);
    close(client);
    close(listener);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(who_moves_goes_behind_the_others),
        TEST(who_takes_its_answer_is_not_the_slowest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
