/* Clients that leave while their request is worked on: it is cancelled, ends once, and nothing is
 * mixed up although descriptors are used again. */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

static void send_run(struct client *client, const char *name, unsigned number) {
    char request[300];
    int size = snprintf(request, sizeof request,
                        "POST /v1/skills/dev/%s/run HTTP/1.1\r\nHost: x\r\n"
                        "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n%10u",
                        name, number);
    client_send(client, request, (size_t)size);
}

/* All requests ended within `ms`. */
static bool ends_within(int ms) {
    struct shell_stats stats;
    for (int i = 0; i <= ms; i++) {
        shell_get_stats(shell, &stats);
        if (stats.active == 0) return true;
        usleep(1000);
    }
    return false;
}

static unsigned descriptors(void) {
    unsigned count = 0;
    DIR *listing = opendir("/proc/self/fd");
    assert_non_null(listing);
    while (readdir(listing)) count++;
    closedir(listing);
    return count;
}

static void leaves(const char *name, void (*how)(struct client *client), bool cancels) {
    server_start(NULL);
    struct client clients[100];
    unsigned before = descriptors();
    for (unsigned i = 0; i < 100; i++) {
        clients[i] = client_open(address);
        send_run(&clients[i], name, i);
    }
    server_await_work(100);
    for (int i = 0; i < 100; i++) how(&clients[i]);
    for (int i = 0; i < 20000 && descriptors() > before; i++) usleep(1000);
    assert_true(descriptors() <= before);
    fake_let_go();
    assert_true(ends_within(20000));
    struct shell_stats stats;
    shell_get_stats(shell, &stats);
    assert_int_equal(stats.left, 100);
    assert_int_equal(fake_counts().cancelled, cancels ? 100 : 0);
    server_stop();
}

static void is_cancelled_when_it_closes(void **state) {
    (void)state;
    leaves("hang", client_close, true);
}

static void is_cancelled_when_it_resets(void **state) {
    (void)state;
    leaves("hang", client_reset, true);
}

/* The load goes on, for others want the skill too; the connection ends at once. */
static void leaves_while_the_skill_loads(void **state) {
    (void)state;
    leaves("load-held", client_close, false);
}

static void a_request_behind_it_in_the_pipe_changes_nothing(void **state) {
    (void)state;
    server_start(NULL);
    struct client client = client_open(address);
    send_run(&client, "hang", 1);
    send_run(&client, "echo", 2);
    server_await_work(1);
    client_close(&client);
    assert_true(ends_within(20000));
    assert_int_equal(fake_counts().cancelled, 1);
    server_stop();
}

/* ---- at the limit of connections */

static void two_connections(struct shell_settings *settings) {
    settings->connections = 2;
}

static void is_healthy(struct client *client) {
    client_text(client, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer answer = client_answer(client, false);
    assert_string_equal(answer.body, "ok");
    answer_free(&answer);
}

/* Calls run on both: who comes waits, and has its turn when one of them leaves. */
static void leaves_its_place_to_the_next(void (*how)(struct client *client)) {
    server_start(two_connections);
    struct client calls[2];
    for (unsigned i = 0; i < 2; i++) {
        calls[i] = client_open(address);
        send_run(&calls[i], "hang", i);
    }
    server_await_work(2);
    struct client client = client_open(address);
    client_text(&client, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_false(client_closed(&client, 300)); /* and no answer either */
    how(&calls[0]);
    struct answer answer = client_answer(&client, false);
    assert_string_equal(answer.body, "ok");
    answer_free(&answer);
    client_close(&client);
    client_close(&calls[1]);
    server_stop();
}

static void closing_leaves_its_place(void **state) {
    (void)state;
    leaves_its_place_to_the_next(client_close);
}

static void resetting_leaves_its_place(void **state) {
    (void)state;
    leaves_its_place_to_the_next(client_reset);
}

/* The idlest goes first, then the slowest; a call that runs stays. */
static void idle_and_slow_ones_make_room(void **state) {
    (void)state;
    server_start(two_connections);
    struct client call = client_open(address), idle = client_open(address);
    send_run(&call, "held", 7);
    server_await_work(1);
    is_healthy(&idle);
    struct client slow = client_open(address);
    client_text(&slow, "GET /health HTTP/1.1\r\n");
    assert_true(client_closed(&idle, 60000));
    struct client good = client_open(address);
    is_healthy(&good);
    struct answer answer = client_answer(&slow, false);
    assert_int_equal(answer.status, 503);
    answer_free(&answer);
    fake_let_go();
    answer = client_answer(&call, false);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    client_close(&call);
    client_close(&idle);
    client_close(&slow);
    client_close(&good);
    server_stop();
}

/* ---- the race: answers, departures and descriptors used again, all at once */

enum { THREADS = 8, ROUNDS = 1000 };

static atomic_uint wrong, answered;

static void race_once(unsigned *seed, unsigned number) {
    static const char *const names[] = {"echo",         "slow-1", "slow-2", "slow-3",
                                        "echo-pending", "hang",   "slow-4", "load-fail"};
    const char *name = names[(unsigned)rand_r(seed) % 8];
    struct client client = client_open(address);
    send_run(&client, name, number);
    bool stays = strcmp(name, "hang") != 0 && rand_r(seed) % 3 == 0;
    if (stays) {
        struct answer answer = client_answer(&client, false);
        bool own = strtoul(answer.body, NULL, 10) == number;
        if (strcmp(name, "load-fail") == 0 ? answer.status != 503 : !own)
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(&answered, 1);
        answer_free(&answer);
    } else {
        usleep((unsigned)rand_r(seed) % 5000);
    }
    (rand_r(seed) % 2 ? client_reset : client_close)(&client);
}

static void *race(void *argument) {
    unsigned seed = (unsigned)(uintptr_t)argument;
    for (unsigned i = 0; i < ROUNDS; i++) race_once(&seed, (seed & 0xff) << 20 | i);
    return NULL;
}

static void race_with(void (*change)(struct shell_settings *settings)) {
    server_start(change);
    pthread_t threads[THREADS];
    wrong = answered = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, race, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_true(ends_within(60000));
    assert_int_equal(wrong, 0);
    assert_true(answered > 100);
    struct shell_stats stats;
    shell_get_stats(shell, &stats);
    assert_true(stats.requests <= THREADS * ROUNDS);
    assert_true(stats.left > 100 && stats.left <= stats.requests);
    server_stop();
}

static void race_on_one_loop(void **state) {
    (void)state;
    race_with(NULL);
}

static void three_threads(struct shell_settings *settings) {
    settings->threads = 3;
}

static void race_on_three_loops(void **state) {
    (void)state;
    race_with(three_threads);
}

/* The server stops in the middle of it. */
static void *leave_until_refused(void *argument) {
    atomic_bool *stop = argument;
    unsigned seed = 1;
    while (!atomic_load(stop)) {
        struct client client = client_open(address);
        char request[] = "POST /v1/skills/dev/slow-2/run HTTP/1.1\r\nHost: x\r\n"
                         "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n1";
        client_try_send(&client, request, sizeof request - 1);
        usleep((unsigned)rand_r(&seed) % 3000);
        client_reset(&client);
    }
    return NULL;
}

static void stops_in_the_middle(void **state) {
    (void)state;
    for (int round = 0; round < 5; round++) {
        atomic_bool stop = false;
        pthread_t thread;
        server_start(NULL);
        pthread_create(&thread, NULL, leave_until_refused, &stop);
        struct client clients[40];
        for (unsigned i = 0; i < 40; i++) {
            clients[i] = client_open(address);
            send_run(&clients[i], i % 2 ? "slow-30" : "load-slow", i);
        }
        usleep(30000);
        atomic_store(&stop, true);
        pthread_join(thread, NULL);
        server_stop();
        for (int i = 0; i < 40; i++) client_close(&clients[i]);
    }
}

int main(void) {
    log_start(2, &(struct log_settings){.levels = log_levels_all(LOG_ERROR)}, &(struct err){0});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_cancelled_when_it_closes),
        cmocka_unit_test(is_cancelled_when_it_resets),
        cmocka_unit_test(leaves_while_the_skill_loads),
        cmocka_unit_test(a_request_behind_it_in_the_pipe_changes_nothing),
        cmocka_unit_test(closing_leaves_its_place),
        cmocka_unit_test(resetting_leaves_its_place),
        cmocka_unit_test(idle_and_slow_ones_make_room),
        cmocka_unit_test(race_on_one_loop),
        cmocka_unit_test(race_on_three_loops),
        cmocka_unit_test(stops_in_the_middle),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    log_stop(1000);
    return failed;
}
