/* Environment, exit, clocks, random numbers, the network that is none. */
#include "fixture.h"

static void nothing_of_the_host_is_seen(void **state) {
    static const char *const names[][2] = {{"wasi:cli/environment", "get-environment"},
                                           {"wasi:cli/environment", "get-arguments"},
                                           {"wasi:cli/environment", "initial-cwd"},
                                           {"wasi:cli/terminal-stdin", "get-terminal-stdin"},
                                           {"wasi:cli/terminal-stdout", "get-terminal-stdout"},
                                           {"wasi:cli/terminal-stderr", "get-terminal-stderr"},
                                           {"wasi:filesystem/preopens", "get-directories"}};
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(call_named(&fixture, names[i][0], names[i][1], NULL), HOST_DONE);
        assert_int_equal(fixture.call.result.n, 0);
    }
    fixture_close(&fixture);
}

static void sockets_are_denied(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(CALL(&fixture, "sockets/instance-network", "instance-network", {0}),
                     HOST_DONE);
    assert_int_equal(CALL(&fixture, "sockets/tcp-create-socket", "create-tcp-socket", {.n = 0}),
                     HOST_DONE);
    assert_int_equal(fixture.call.result.n, 1);        /* error */
    assert_int_equal(fixture.call.result.items->n, 1); /* access-denied */
    assert_int_equal(CALL(&fixture, "sockets/udp-create-socket", "create-udp-socket", {.n = 1}),
                     HOST_DONE);
    assert_int_equal(fixture.call.result.items->n, 1);
    assert_int_equal(
        CALL(&fixture, "sockets/ip-name-lookup", "resolve-addresses", NUMBER(0), {.n = 0}),
        HOST_DONE);
    assert_int_equal(fixture.call.result.items->n, 1);
    fixture_close(&fixture);
}

static void streams_and_errors(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(CALL(&fixture, "cli/stdin", "get-stdin", {0}), HOST_DONE);
    assert_int_equal(fixture.call.result.u, WASI_STDIN);
    assert_int_equal(CALL(&fixture, "cli/stdout", "get-stdout", {0}), HOST_DONE);
    assert_int_equal(fixture.call.result.u, WASI_STDOUT);
    assert_int_equal(CALL(&fixture, "cli/stderr", "get-stderr", {0}), HOST_DONE);
    assert_int_equal(fixture.call.result.u, WASI_STDERR);
    assert_int_equal(CALL(&fixture, "io/error", "[method]error.to-debug-string", NUMBER(0)),
                     HOST_DONE);
    assert_true(fixture.call.result.n > 0);
    assert_int_equal(CALL(&fixture, "io/streams", "[method]output-stream.splice",
                          NUMBER(WASI_STDOUT), NUMBER(WASI_STDIN), NUMBER(10)),
                     HOST_DONE);
    assert_int_equal(fixture.call.result.items->n, 1); /* closed */
    fixture_close(&fixture);
}

/* Whatever needs the arena when there is none left. */
static void no_memory(void **state) {
    static const char *const names[][2] = {{"wasi:clocks/wall-clock", "now"},
                                           {"wasi:random/insecure-seed", "insecure-seed"},
                                           {"wasi:random/random", "get-random-bytes"},
                                           {"wasi:io/poll", "poll"}};
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(CALL(&fixture, "io/streams", "[method]input-stream.subscribe", NUMBER(0)),
                     HOST_DONE);
    struct abi_value pollable = NUMBER(fixture.call.result.u), list = {.n = 1, .items = &pollable};
    arena_free(&fixture.arena);
    arena_init(&fixture.arena, 0);
    for (int i = 0; i < 4; i++) {
        struct abi_value number = NUMBER(10);
        assert_int_equal(call_named(&fixture, names[i][0], names[i][1], i == 3 ? &list : &number),
                         HOST_FAIL);
        assert_true(fixture.instance.error[0] != '\0');
    }
    fixture_close(&fixture);
}

static void exit_ends_the_invocation(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(CALL(&fixture, "cli/exit", "exit", {.n = 0}), HOST_FAIL);
    assert_string_equal(fixture.instance.error, "the skill called exit");
    fixture_close(&fixture);
}

static void clocks(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    uint64_t before = clock_realtime();
    assert_int_equal(CALL(&fixture, "clocks/wall-clock", "now", {0}), HOST_DONE);
    const struct abi_value *now = fixture.call.result.items;
    assert_in_range(now[0].u * CLOCK_S + now[1].u, before, before + 10 * CLOCK_S);
    assert_in_range(now[1].u, 0, CLOCK_S - 1);
    assert_int_equal(CALL(&fixture, "clocks/wall-clock", "resolution", {0}), HOST_DONE);
    assert_true(fixture.call.result.items[0].u == 0 && fixture.call.result.items[1].u == 1);
    assert_int_equal(CALL(&fixture, "clocks/monotonic-clock", "resolution", {0}), HOST_DONE);
    assert_int_equal(fixture.call.result.u, 1);
    fixture_close(&fixture);
}

/* Over the pool's end, and of sizes that go past it: no piece of 8 bytes comes twice. */
static void random_bytes_do_not_repeat(void **state) {
    static const uint64_t sizes[] = {8, 16, 24, 512, 520, 4096, 8};
    struct fixture fixture;
    struct buf all;
    (void)state;
    fixture_open(&fixture);
    buf_init(&all, 1 << 20);
    for (int i = 0; i < 35; i++) {
        assert_int_equal(CALL(&fixture, "random/random", "get-random-bytes", NUMBER(sizes[i % 7])),
                         HOST_DONE);
        assert_int_equal(fixture.call.result.n, sizes[i % 7]);
        buf_add(&all, fixture.call.result.bytes, fixture.call.result.n);
        assert_int_equal(CALL(&fixture, "random/insecure", "get-insecure-random-u64", {0}),
                         HOST_DONE);
        buf_add(&all, &fixture.call.result.u, 8);
    }
    const uint64_t *pieces = (const uint64_t *)all.data;
    for (size_t i = 0; i < all.size / 8; i++)
        for (size_t k = 0; k < i; k++) assert_true(pieces[i] != pieces[k] && pieces[i] != 0);
    buf_free(&all);
    fixture_close(&fixture);
}

/* So many that others have their turn between two pieces: it parks, to be woken at once. */
static void many_random_bytes_come_in_pieces(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    enum host_outcome outcome =
        CALL(&fixture, "random/random", "get-random-bytes", NUMBER(WASI_MAX_RANDOM));
    const struct host_function *function =
        host_find(&wasi_table, str_of("wasi:random/random"), str_of("get-random-bytes"));
    for (int i = 1; i < WASI_MAX_RANDOM / ABI_PIECE; i++) {
        assert_int_equal(outcome, HOST_PARK);
        assert_int_equal(fixture.call.wake_at, 0);
        assert_int_equal(fixture.call.result.n, i * ABI_PIECE);
        fixture.call.args = &(const struct abi_value)NUMBER(WASI_MAX_RANDOM);
        outcome = function->resume(&fixture.call);
    }
    assert_int_equal(outcome, HOST_DONE);
    assert_int_equal(fixture.call.result.n, WASI_MAX_RANDOM);
    const uint8_t *bytes = fixture.call.result.bytes;
    for (uint32_t i = 0; i < WASI_MAX_RANDOM; i += ABI_PIECE / 2)
        assert_memory_not_equal(bytes + i, "\0\0\0\0\0\0\0\0", 8);
    fixture_close(&fixture);
}

static void random_bytes_are_bounded(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(CALL(&fixture, "random/random", "get-random-bytes", NUMBER(0)), HOST_DONE);
    assert_int_equal(fixture.call.result.n, 0);
    assert_int_equal(
        CALL(&fixture, "random/random", "get-random-bytes", NUMBER(WASI_MAX_RANDOM + 1)),
        HOST_FAIL);
    assert_string_equal(fixture.instance.error,
                        "more than 16777216 bytes of random numbers at once");
    assert_int_equal(
        CALL(&fixture, "random/insecure", "get-insecure-random-bytes", NUMBER(UINT64_MAX)),
        HOST_FAIL);
    assert_int_equal(CALL(&fixture, "random/insecure-seed", "insecure-seed", {0}), HOST_DONE);
    assert_int_equal(fixture.call.result.n, 2);
    fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_host_is_seen),
        cmocka_unit_test(sockets_are_denied),
        cmocka_unit_test(streams_and_errors),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(exit_ends_the_invocation),
        cmocka_unit_test(clocks),
        cmocka_unit_test(random_bytes_do_not_repeat),
        cmocka_unit_test(random_bytes_are_bounded),
        cmocka_unit_test(many_random_bytes_come_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
