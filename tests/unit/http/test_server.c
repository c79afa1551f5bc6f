/* The server over real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/must.h"
#include "http/server.h"

static struct http_server *server;
static struct sockaddr_in address;

static bool begin(void *context, struct http_request *request, const struct http_head *head) {
    (void)context, (void)request, (void)head;
    return false;
}

static int setup(void **state) {
    (void)state;
    const struct http_settings settings = {.connections = 10,
                                           .idle_timeout = 10 * CLOCK_MS,
                                           .header_timeout = 10 * CLOCK_S,
                                           .transfer_period = 10 * CLOCK_S};
    const struct http_handler handler = {.begin = begin};
    struct err err;
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    must(listener >= 0 && !bind(listener, (struct sockaddr *)&address, size) &&
         !listen(listener, 10) && !getsockname(listener, (struct sockaddr *)&address, &size));
    must(http_server_new(&settings, &handler, &server, &err) &&
         http_server_listen(server, listener, &err));
    return 0;
}

static int teardown(void **state) {
    (void)state;
    http_server_free(server);
    return 0;
}

static int connect_client(void) {
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(client >= 0 && !connect(client, (struct sockaddr *)&address, sizeof address));
    return client;
}

static void poll_until_open(uint32_t count) {
    while (server->open != count) http_server_poll(server, CLOCK_S);
}

/* A process that is being started has our descriptors until it becomes its program, so what we
 * close is not gone: its events must not come for a connection that was freed. */
static void nothing_is_heard_of_what_was_closed_although_a_child_has_it(void **state) {
    (void)state;
    int client = connect_client();
    poll_until_open(1);
    pid_t child = fork();
    if (child == 0)
        for (;;) pause();
    assert_true(child > 0);
    poll_until_open(0);
    assert_int_equal(write(client, "G", 1), 1);
    assert_int_equal(http_server_poll(server, 0), 0);
    assert_true(http_server_stop_listening(server, true));
    int another = connect_client();
    assert_int_equal(http_server_poll(server, 0), 0);
    close(another);
    close(client);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        nothing_is_heard_of_what_was_closed_although_a_child_has_it, setup, teardown)};
    return cmocka_run_group_tests_name("http server", tests, NULL, NULL);
}
