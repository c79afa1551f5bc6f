/* The client against servers of all manners, each a child process of the test's. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "eval/client.h"
#include "eval/noop_server.h"

static pid_t server;
static atomic_uint *ends; /* of what the server has to do for a connection; shared with it */
static struct client_settings settings;
static struct client *client;
static struct buf request;

static int setup(void **state) {
    (void)state;
    server = 0;
    client = NULL;
    ends = mmap(NULL, sizeof *ends, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ends == MAP_FAILED) return 1;
    settings = (struct client_settings){.timeout = 20 * CLOCK_S};
    buf_init(&request, 4 << 20);
    return !client_request(&request, "h", "POST", "/x", "{}", false);
}

static int teardown(void **state) {
    (void)state;
    client_free(client);
    buf_free(&request);
    if (server) noop_server_stop(server);
    munmap(ends, sizeof *ends);
    return 0;
}

/* ---- servers: each serves one connection after the other */

static int listen_on_loopback(void) {
    socklen_t size = sizeof settings.server;
    settings.server =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&settings.server, size), 0);
    assert_int_equal(listen(fd, 100), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&settings.server, &size), 0);
    return fd;
}

static void start(void (*serve)(int fd)) {
    struct err err;
    int listener = listen_on_loopback();
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int fd = accept(listener, NULL, NULL), on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            serve(fd);
            close(fd);
            atomic_fetch_add(ends, 1);
        }
    }
    close(listener);
    assert_true(client_new(&settings, &client, &err));
}

static void start_noop(void) {
    struct err err;
    client_connections_max(); /* the server inherits the limit */
    assert_true(noop_server_start(PROGRAM, &server, &settings.server, &err));
    assert_true(client_new(&settings, &client, &err));
}

static bool got_request(int fd) {
    char bytes[4096];
    return recv(fd, bytes, sizeof bytes, 0) > 0;
}

static void put(int fd, const char *text) {
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

#define GOOD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void answers(int fd) {
    while (got_request(fd)) put(fd, GOOD);
}

static void answers_once(int fd) {
    if (got_request(fd)) put(fd, GOOD);
}

static void says_close(int fd) {
    if (got_request(fd))
        put(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
}

static void until_end(int fd) {
    if (got_request(fd)) put(fd, "HTTP/1.1 200 OK\r\n\r\nok");
}

static void byte_by_byte(int fd) {
    while (got_request(fd))
        for (const char *at = GOOD; *at; at++) {
            (void)!send(fd, at, 1, MSG_NOSIGNAL);
            usleep(100);
        }
}

static void one_byte_too_many(int fd) {
    if (got_request(fd)) put(fd, GOOD "x");
    while (got_request(fd)) put(fd, "HTTP/1.1 500 not that\r\nContent-Length: 0\r\n\r\n");
}

static void garbage(int fd) {
    if (got_request(fd)) put(fd, "SSH-2.0-OpenSSH_9.2\r\n");
    got_request(fd);
}

static void cut(int fd) {
    if (got_request(fd)) put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok");
}

static void resets(int fd) {
    if (!got_request(fd)) return;
    put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok");
    struct linger none = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

static void hangs(int fd) {
    while (got_request(fd)) put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok");
}

static void long_error(int fd) {
    while (got_request(fd)) {
        put(fd, "HTTP/1.1 500 no\r\nContent-Length: 3000\r\n\r\nwhat failed");
        for (int i = 0; i < 2989; i++) put(fd, ".");
    }
}

enum { LARGE = 3 << 20 };

/* A body of three megabytes that ends at a boundary of the client's reads, and more behind it. */
static void large_and_more(int fd) {
    static char bytes[LARGE + 100];
    memset(bytes, 'x', sizeof bytes);
    int head =
        snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE);
    bytes[head] = 'x';
    if (!got_request(fd)) return;
    for (size_t at = 0; at < (size_t)head + LARGE;) {
        ssize_t sent = send(fd, bytes + at, (size_t)head + LARGE - at, MSG_NOSIGNAL);
        if (sent < 0) return;
        at += (size_t)sent;
    }
    put(fd, GOOD);
    atomic_fetch_add(ends, 1);
    while (got_request(fd)) put(fd, GOOD);
}

/* Takes a megabyte slowly, then answers. */
static void reads_slowly(int fd) {
    static char bytes[64 << 10];
    for (size_t got = 0; got < request.size;) {
        usleep(2000);
        ssize_t size = recv(fd, bytes, sizeof bytes, 0);
        if (size <= 0) return;
        got += (size_t)size;
    }
    put(fd, GOOD);
}

/* ---- tests */

static struct client_call one(void) {
    struct err err;
    struct client_call call = {.request = {(const char *)request.data, request.size}};
    assert_true(client_run(client, &call, 1, 1, &err));
    return call;
}

static void good(void) {
    struct client_call call = one();
    if (call.failure) print_error("%s\n", call.failure);
    assert_int_equal(call.status, 200);
    assert_null(call.failure);
    assert_null(call.text);
    assert_true(call.took > 0);
}

static void fails(const char *why, bool disconnected) {
    struct client_call call = one();
    assert_int_equal(call.status, 0);
    assert_non_null(call.failure);
    assert_non_null(strstr(call.failure, why));
    assert_int_equal(call.disconnected, disconnected);
}

/* What the server does behind its answer is seen when the connection is wanted again. */
static void await_ends(unsigned count) {
    for (int i = 0; i < 20000 && atomic_load(ends) < count; i++) usleep(1000);
    assert_true(atomic_load(ends) >= count);
}

/* `count` calls, all good. */
static void all_good(size_t count, size_t parallel) {
    struct err err;
    struct client_call *calls = calloc(count, sizeof *calls);
    assert_non_null(calls);
    for (size_t i = 0; i < count; i++)
        calls[i].request = (struct str){(const char *)request.data, request.size};
    bool done = client_run(client, calls, count, parallel, &err);
    if (!done) print_error("%s\n", err.text);
    assert_true(done);
    for (size_t i = 0; i < count; i++) {
        if (calls[i].failure) print_error("%zu: %s\n", i, calls[i].failure);
        assert_int_equal(calls[i].status, 200);
    }
    free(calls);
}

static void a_request(void **state) {
    (void)state;
    assert_string_equal(buf_cstr(&request),
                        "POST /x HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                        "Content-Length: 2\r\n\r\n{}");
    buf_clear(&request);
    assert_true(client_request(&request, "h:1", "GET", "/", NULL, true));
    assert_string_equal(
        buf_cstr(&request),
        "GET / HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer resource-eval\r\n\r\n");
}

static void keeps_its_connection(void **state) {
    (void)state;
    start(answers); /* one connection after the other: a second one would wait for ever */
    for (int i = 0; i < 20; i++) good();
    all_good(500, 1);
    client_close_idle(client);
    good();
}

static void refused(void **state) {
    (void)state;
    struct err err;
    close(listen_on_loopback());
    assert_true(client_new(&settings, &client, &err));
    fails("refused", true);
    struct client_call calls[300];
    for (int i = 0; i < 300; i++)
        calls[i] = (struct client_call){.request = {(const char *)request.data, request.size}};
    assert_true(client_run(client, calls, 300, 100, &err));
    for (int i = 0; i < 300; i++) assert_true(calls[i].disconnected);
}

static void closed_each_time(void **state) {
    (void)state;
    start(says_close);
    all_good(100, 1);
    all_good(100, 20);
}

static void closed_without_a_word(void **state) {
    (void)state;
    start(answers_once);
    for (unsigned i = 0; i < 5; i++) {
        good();
        await_ends(i + 1);
    }
}

static void ended_by_the_end(void **state) {
    (void)state;
    start(until_end);
    all_good(100, 10);
    assert_false(one().disconnected);
}

static void in_bytes(void **state) {
    (void)state;
    start(byte_by_byte);
    all_good(5, 1);
}

static void more_than_asked(void **state) {
    (void)state;
    start(one_byte_too_many);
    for (int i = 0; i < 5; i++) good(); /* each on a new connection */
    all_good(20, 3);
}

static void not_http(void **state) {
    (void)state;
    start(garbage);
    fails("status line", false);
}

static void broken(void **state) {
    (void)state;
    start(cut);
    fails("before the answer was complete", true);
    fails("before the answer was complete", true);
}

static void reset(void **state) {
    (void)state;
    start(resets);
    fails("before the answer was complete", true);
}

static void timed_out(void **state) {
    (void)state;
    settings.timeout = 200 * CLOCK_MS;
    start(hangs);
    uint64_t begin = clock_monotonic();
    fails("--timeout", false);
    uint64_t took = clock_monotonic() - begin;
    assert_true(took >= 200 * CLOCK_MS && took < 10 * CLOCK_S);
    fails("--timeout", false); /* on another connection */
}

/* Connections that nobody accepts are such calls too. */
static void many_timed_out(void **state) {
    (void)state;
    struct err err;
    struct client_call calls[40];
    settings.timeout = 200 * CLOCK_MS;
    start(hangs);
    for (int i = 0; i < 40; i++)
        calls[i] = (struct client_call){.request = {(const char *)request.data, request.size}};
    assert_true(client_run(client, calls, 40, 20, &err));
    for (int i = 0; i < 40; i++) assert_non_null(strstr(calls[i].failure, "--timeout"));
}

static bool count_ticks(void *context, size_t done, size_t count) {
    assert_int_equal(done, 0);
    assert_int_equal(count, 1);
    return --*(int *)context > 0;
}

static void given_up(void **state) {
    (void)state;
    struct err err;
    int ticks = 3;
    settings.tick = count_ticks;
    settings.context = &ticks;
    start(hangs);
    struct client_call call = {.request = {(const char *)request.data, request.size}};
    assert_false(client_run(client, &call, 1, 1, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_int_equal(ticks, 0);
    assert_int_equal(call.status, 0);
    ticks = 2; /* it is usable still */
    assert_false(client_run(client, &call, 1, 1, &err));
}

static void texts(void **state) {
    (void)state;
    struct err err;
    struct client_call calls[8];
    start(long_error);
    for (int i = 0; i < 8; i++)
        calls[i] = (struct client_call){.request = {(const char *)request.data, request.size}};
    assert_true(client_run(client, calls, 8, 1, &err));
    for (int i = 0; i < 8; i++) {
        assert_int_equal(calls[i].status, 500);
        assert_null(calls[i].failure);
        if (i >= 5) assert_null(calls[i].text);
        if (i >= 5) continue;
        assert_int_equal(strlen(calls[i].text), 2000);
        assert_memory_equal(calls[i].text, "what failed..", 13);
        free(calls[i].text);
    }
}

static void large(void **state) {
    (void)state;
    struct err err;
    struct buf body;
    buf_init(&body, LARGE);
    start(large_and_more);
    for (unsigned i = 0; i < 3; i++) {
        struct client_call call = {.request = {(const char *)request.data, request.size},
                                   .body = &body};
        buf_clear(&body);
        assert_true(client_run(client, &call, 1, 1, &err));
        assert_int_equal(call.status, 200);
        assert_int_equal(body.size, LARGE);
        assert_false(body.failed);
        await_ends(2 * i + 1); /* what comes behind it is out, those before are closed */
    }
    buf_free(&body);
}

static void a_large_request(void **state) {
    (void)state;
    char *body = malloc(LARGE + 1);
    assert_non_null(body);
    memset(body, 'x', LARGE);
    body[LARGE] = '\0';
    buf_clear(&request);
    assert_true(client_request(&request, "h", "POST", "/", body, false));
    free(body);
    start(reads_slowly);
    good();
}

static void two_thousand_at_once(void **state) {
    (void)state;
    start_noop();
    if (client_connections_max() < 2000) {
        print_message("skipped: only %u connections are allowed\n", client_connections_max());
        skip();
    }
    buf_clear(&request);
    client_request(&request, "h", "GET", "/", NULL, false);
    all_good(2000, 2000);
    all_good(20000, 2000);
    all_good(3000, 10000); /* no more connections than calls */
}

/* In a process of its own, whose limit stays low. */
static void few_files(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct err err;
        struct rlimit low = {50, 100};
        struct client_call calls[40] = {0};
        setrlimit(RLIMIT_NOFILE, &low);
        bool right = client_connections_max() == 36; /* raised from 50, 64 are for others */
        right = right && client_new(&settings, &client, &err) &&
                !client_run(client, calls, 40, 40, &err) && err.kind == ERR_LIMIT &&
                strstr(err.text, "40 calls at once") && strstr(err.text, "allows 36") &&
                strstr(err.text, "Remedy");
        _exit(right ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_request),
        TEST(keeps_its_connection),
        TEST(refused),
        TEST(closed_each_time),
        TEST(closed_without_a_word),
        TEST(ended_by_the_end),
        TEST(in_bytes),
        TEST(more_than_asked),
        TEST(not_http),
        TEST(broken),
        TEST(reset),
        TEST(timed_out),
        TEST(many_timed_out),
        TEST(given_up),
        TEST(texts),
        TEST(large),
        TEST(a_large_request),
        TEST(two_thousand_at_once),
        TEST(few_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
