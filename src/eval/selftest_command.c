/* resource-eval selftest: what the client itself can do, against a server that does nothing. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/options.h"
#include "eval/client.h"
#include "eval/command.h"
#include "eval/commands.h"
#include "eval/noop_server.h"
#include "eval/statistics.h"

static const char usage[] = EVAL_NAME
    " selftest [OPTION…]\n"
    "\n"
    "Measures the client that runs use against a server that does nothing, on this machine, and "
    "says\n"
    "whether it is fast enough for what runs show to be the kernel's doing.\n"
    "\n";

static const struct option_row rows[] = {
    {'r', "rounds", "N", "medians of so many rounds of every case, 1 to 1000 (default 5)"},
    {'h', "help", NULL, "this"},
};

enum {
    ROUNDS = 5,
    ROUNDS_MAX = 1000,
    TARGET = 50000, /* calls/s; a client below it may be what a run's figures show */
};

struct selftest {
    bool help;
    size_t rounds;
    struct client_settings client;
    struct str request;
};

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
                      size_t parallel, struct err *err) {
    size_t count = cases[which].calls;
    uint64_t begin = clock_monotonic();
    if (!client_run(client, calls, count, parallel, err)) return 0;
    double seconds = (double)(clock_monotonic() - begin) / 1e9;
    for (size_t i = 0; i < count; i++)
        if (calls[i].status != 200) {
            err_set(err, ERR_IO, "%s: call %zu: %s", cases[which].text, i,
                    calls[i].failure ? calls[i].failure : "not 200");
            return 0;
        }
    return (double)count / seconds;
}

static void print_case(size_t which, size_t parallel, const double *rates, size_t rounds,
                       const uint32_t *took) {
    size_t count = cases[which].calls;
    printf("%-40s %9.0f (%.0f–%.0f) %9u %9u   %s\n", cases[which].text, rates[rounds / 2], rates[0],
           rates[rounds - 1], statistics_percentile_u32(took, count, 500),
           statistics_percentile_u32(took, count, 990), cases[which].has_target ? "50000" : "-");
    if (parallel < cases[which].parallel)
        printf("    with %zu at once: the system allows no more open files (ulimit -n)\n",
               parallel);
    fflush(stdout);
}

/* `rates`: of each round, sorted in the end. */
static bool run_rounds(const struct selftest *options, size_t which, size_t most, double *rates,
                       struct client_call *calls, struct err *err) {
    struct client *client;
    size_t count = cases[which].calls, wanted = cases[which].parallel;
    if (!client_new(&options->client, &client, err)) return false;
    bool good = true;
    for (size_t round = 0; good && round < options->rounds; round++) {
        for (size_t i = 0; i < count; i++)
            calls[i] = (struct client_call){.request = options->request};
        if (wanted == count) client_close_idle(client);
        rates[round] = measure(client, calls, which, wanted < most ? wanted : most, err);
        good = rates[round] > 0;
    }
    qsort(rates, options->rounds, sizeof *rates, by_value);
    client_free(client);
    return good;
}

/* *out_rate: the median of calls per second. */
static bool run_case(const struct selftest *options, size_t which, size_t most, double *out_rate,
                     struct err *err) {
    double rates[ROUNDS_MAX];
    size_t count = cases[which].calls, wanted = cases[which].parallel;
    struct client_call *calls = calloc(count, sizeof *calls);
    uint32_t *took = calloc(count, sizeof *took);
    bool good = calls && took;
    if (!good) err_set(err, ERR_MEMORY, "no memory for %zu calls", count);
    good = good && run_rounds(options, which, most, rates, calls, err);
    if (good) {
        for (size_t i = 0; i < count; i++) took[i] = calls[i].took;
        statistics_sort_u32(took, count);
        print_case(which, wanted < most ? wanted : most, rates, options->rounds, took);
        *out_rate = rates[options->rounds / 2];
    }
    free(calls);
    free(took);
    return good;
}

static void judge(size_t below) {
    if (below == 0)
        puts("on target: the client is not what limits a run");
    else
        printf("below target in %zu of the cases: what a run measures near these figures is the "
               "client's limit, not the kernel's; is something else using the cores?\n",
               below);
}

static bool measure_all(const struct selftest *options, struct err *err) {
    uint32_t most = client_connections_max();
    size_t below = 0;
    printf("connections that the system allows (open files): %u\n", most);
    printf("%-40s %24s %9s %9s   %s\n", "calls to a server that does nothing",
           options->rounds == ROUNDS ? "calls/s, median of 5" : "calls/s, median", "p50 µs",
           "p99 µs", "target/s");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double rate;
        if (!run_case(options, i, most, &rate, err)) return false;
        below += cases[i].has_target && rate < TARGET;
    }
    judge(below);
    return true;
}

static bool selftest(struct selftest *options, struct err *err) {
    pid_t server;
    struct buf request;
    options->client.timeout = 60 * CLOCK_S;
    client_connections_max(); /* the server inherits the raised limit */
    if (!noop_server_start("/proc/self/exe", &server, &options->client.server, err)) return false;
    buf_init(&request, 1 << 12);
    client_request(&request, "127.0.0.1", "GET", "/", NULL, false);
    options->request = (struct str){(const char *)request.data, request.size};
    bool good = measure_all(options, err);
    buf_free(&request);
    noop_server_stop(server);
    return good;
}

static bool parse_rounds(const char *text, size_t *rounds) {
    char *end;
    *rounds = strtoul(text, &end, 10);
    return *end == '\0' && text[0] != '-' && *rounds > 0 && *rounds <= ROUNDS_MAX;
}

static bool parse(int argc, char **argv, struct selftest *out, struct err *err) {
    struct options options;
    const char *value;
    int letter, count;
    *out = (struct selftest){.rounds = ROUNDS};
    options_begin(&options, OPTION_TABLE(rows), argc, argv);
    while ((letter = options_next(&options, &value, err)) != OPTIONS_END) {
        if (letter == OPTIONS_WRONG) return false;
        out->help |= letter == 'h';
        if (letter == 'r' && !parse_rounds(value, &out->rounds))
            return err_set(err, ERR_INVALID, "--rounds N: N is a number from 1 to %d", ROUNDS_MAX);
    }
    options_words(&options, &count);
    return count == 0 || err_set(err, ERR_INVALID, "it takes no arguments but --rounds N");
}

static int help(void) {
    struct buf text;
    buf_init(&text, 1 << 16);
    buf_text(&text, usage);
    options_help(OPTION_TABLE(rows), 2, &text);
    return command_print(&text);
}

int command_selftest(int argc, char **argv) {
    struct err err;
    struct selftest options;
    if (!parse(argc, argv, &options, &err)) return command_wrong("selftest", "%s", err.text);
    if (options.help) return help();
    if (selftest(&options, &err)) return EXIT_GOOD;
    fprintf(stderr, EVAL_NAME " selftest: %s\n", err.text);
    return EXIT_FAILED;
}
