/* resource-eval selftest: what the client itself can do, against a server that does nothing. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eval/client.h"
#include "eval/commands.h"
#include "eval/noop_server.h"
#include "eval/statistics.h"

enum { ROUNDS = 5 };

static const struct {
    const char *text;
    size_t parallel, calls;
    bool has_target;
} cases[] = {
    {"one connection", 1, 20000, false},
    {"100 connections", 100, 200000, true},
    {"1,000 connections", 1000, 200000, true},
    {"10,000 calls at once, new connections", 10000, 10000, false},
    {"10,000 at once, connections used again", 10000, 100000, true},
};

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Calls per second; 0: see `err`. */
static double measure(struct client *client, struct client_call *calls, size_t which,
                      struct err *err) {
    size_t count = cases[which].calls;
    uint64_t begin = clock_monotonic();
    if (!client_run(client, calls, count, cases[which].parallel, err)) return 0;
    double seconds = (double)(clock_monotonic() - begin) / 1e9;
    for (size_t i = 0; i < count; i++)
        if (calls[i].status != 200) {
            err_set(err, ERR_IO, "%s: call %zu: %s", cases[which].text, i,
                    calls[i].failure ? calls[i].failure : "not 200");
            return 0;
        }
    return (double)count / seconds;
}

static bool run_case(const struct client_settings *settings, struct str request, size_t which,
                     struct err *err) {
    struct client *client = NULL;
    double rates[ROUNDS];
    size_t count = cases[which].calls;
    struct client_call *calls = calloc(count, sizeof *calls);
    uint32_t *took = calloc(count, sizeof *took);
    bool good = calls && took && client_new(settings, &client, err);
    if (!calls || !took) err_set(err, ERR_MEMORY, "no memory for %zu calls", count);
    for (int round = 0; good && round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) calls[i] = (struct client_call){.request = request};
        if (cases[which].parallel == count) client_close_idle(client);
        rates[round] = measure(client, calls, which, err);
        good = rates[round] > 0;
    }
    if (good) {
        qsort(rates, ROUNDS, sizeof *rates, by_value);
        for (size_t i = 0; i < count; i++) took[i] = calls[i].took;
        statistics_sort_u32(took, count);
        printf("%-40s %9.0f (%.0f–%.0f) %9u %9u   %s\n", cases[which].text, rates[ROUNDS / 2],
               rates[0], rates[ROUNDS - 1], statistics_percentile_u32(took, count, 500),
               statistics_percentile_u32(took, count, 990),
               cases[which].has_target ? "50000" : "-");
        fflush(stdout);
    }
    client_free(client);
    free(calls);
    free(took);
    return good;
}

static bool selftest(struct err *err) {
    pid_t server;
    struct client_settings settings = {.timeout = 60 * CLOCK_S};
    struct buf request;
    uint32_t most = client_connections_max(); /* first: the server inherits the raised limit */
    if (!noop_server_start(&server, &settings.server, err)) return false;
    buf_init(&request, 1 << 12);
    client_request(&request, "127.0.0.1", "GET", "/", NULL, false);
    printf("connections that the system allows (open files): %u\n", most);
    printf("%-40s %24s %9s %9s   %s\n", "calls to a server that does nothing",
           "calls/s, median of 5", "p50 µs", "p99 µs", "target/s");
    bool good = true;
    for (size_t i = 0; good && i < sizeof cases / sizeof *cases; i++)
        good = run_case(&settings, (struct str){(const char *)request.data, request.size}, i, err);
    buf_free(&request);
    noop_server_stop(server);
    return good;
}

int command_selftest(int argc, char **argv) {
    (void)argv;
    struct err err;
    if (argc > 1) return command_wrong("selftest", "it takes no arguments");
    if (selftest(&err)) return EXIT_GOOD;
    fprintf(stderr, EVAL_NAME " selftest: %s\n", err.text);
    return EXIT_FAILED;
}
