/* Pollables and waiting. Time is the real clock; what must not be ready yet lies far in the future.
 */
#include "fixture.h"

#define FAR (3600 * CLOCK_S)

static uint64_t subscribe(struct fixture *fixture, uint64_t duration) {
    assert_int_equal(
        CALL(fixture, "clocks/monotonic-clock", "subscribe-duration", NUMBER(duration)), HOST_DONE);
    return fixture->call.result.u;
}

static uint64_t ready_one(struct fixture *fixture) {
    assert_int_equal(
        CALL(fixture, "io/streams", "[method]output-stream.subscribe", NUMBER(WASI_STDOUT)),
        HOST_DONE);
    return fixture->call.result.u;
}

static enum host_outcome poll_list(struct fixture *fixture, const struct abi_value *items,
                                   uint32_t count) {
    static struct abi_value list; /* valid while the call is parked */
    list = (struct abi_value){.n = count, .items = items};
    return call_named(fixture, "wasi:io/poll", "poll", &list);
}

static void poll_tells_all_that_are_ready(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    struct abi_value items[] = {NUMBER(subscribe(&fixture, FAR)), NUMBER(subscribe(&fixture, 0)),
                                NUMBER(subscribe(&fixture, FAR)), NUMBER(ready_one(&fixture))};
    assert_int_equal(poll_list(&fixture, items, 4), HOST_DONE);
    assert_int_equal(fixture.call.result.n, 2);
    assert_int_equal(fixture.call.result.items[0].u, 1);
    assert_int_equal(fixture.call.result.items[1].u, 3);
    struct abi_value same[] = {items[1], items[0], items[1]};
    assert_int_equal(poll_list(&fixture, same, 3), HOST_DONE);
    assert_int_equal(fixture.call.result.n, 2);
    assert_int_equal(fixture.call.result.items[1].u, 2);
    fixture_close(&fixture);
}

static void an_empty_poll_traps(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(poll_list(&fixture, NULL, 0), HOST_FAIL);
    assert_string_equal(fixture.instance.error, "poll of an empty list");
    fixture_close(&fixture);
}

static void poll_waits_for_the_first(void **state) {
    struct fixture fixture;
    uint64_t begin = clock_monotonic();
    (void)state;
    fixture_open(&fixture);
    struct abi_value items[] = {NUMBER(subscribe(&fixture, FAR)),
                                NUMBER(subscribe(&fixture, 20 * CLOCK_MS))};
    assert_int_equal(poll_list(&fixture, items, 2), HOST_PARK);
    uint64_t wake_at = fixture.call.wake_at;
    assert_in_range(wake_at - begin, 20 * CLOCK_MS, 10 * CLOCK_S);
    /* Woken too early: the clock decides. */
    assert_int_equal(wasi_poll(&fixture.call), HOST_PARK);
    assert_int_equal(fixture.call.wake_at, wake_at);
    while (clock_monotonic() < wake_at) continue;
    assert_int_equal(wasi_poll(&fixture.call), HOST_DONE);
    assert_int_equal(fixture.call.result.n, 1);
    assert_int_equal(fixture.call.result.items[0].u, 1);
    fixture_close(&fixture);
}

static void block_and_ready(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    uint64_t later = subscribe(&fixture, 10 * CLOCK_MS), now = ready_one(&fixture);
    assert_int_equal(CALL(&fixture, "io/poll", "[method]pollable.ready", NUMBER(now)), HOST_DONE);
    assert_int_equal(fixture.call.result.u, 1);
    assert_int_equal(CALL(&fixture, "io/poll", "[method]pollable.block", NUMBER(now)), HOST_DONE);
    struct abi_value arg = NUMBER(later);
    assert_int_equal(call_named(&fixture, "wasi:io/poll", "[method]pollable.block", &arg),
                     HOST_PARK);
    while (clock_monotonic() < fixture.call.wake_at) continue;
    assert_int_equal(wasi_pollable_block(&fixture.call), HOST_DONE);
    assert_int_equal(CALL(&fixture, "io/poll", "[method]pollable.ready", NUMBER(later)), HOST_DONE);
    assert_int_equal(fixture.call.result.u, 1);
    fixture_close(&fixture);
}

static void instants_are_of_the_skills_own_clock(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(CALL(&fixture, "clocks/monotonic-clock", "now", {0}), HOST_DONE);
    uint64_t now = fixture.call.result.u;
    assert_in_range(now, 0, 10 * CLOCK_S); /* not the host's uptime */
    assert_int_equal(CALL(&fixture, "clocks/monotonic-clock", "subscribe-instant", NUMBER(now)),
                     HOST_DONE);
    assert_int_equal(
        CALL(&fixture, "io/poll", "[method]pollable.ready", NUMBER(fixture.call.result.u)),
        HOST_DONE);
    assert_int_equal(fixture.call.result.u, 1);
    assert_int_equal(
        CALL(&fixture, "clocks/monotonic-clock", "subscribe-instant", NUMBER(now + FAR)),
        HOST_DONE);
    assert_int_equal(
        CALL(&fixture, "io/poll", "[method]pollable.ready", NUMBER(fixture.call.result.u)),
        HOST_DONE);
    assert_int_equal(fixture.call.result.u, 0);
    /* The end of time is far, not past. */
    assert_int_equal(
        CALL(&fixture, "clocks/monotonic-clock", "subscribe-duration", NUMBER(UINT64_MAX)),
        HOST_DONE);
    struct abi_value never = NUMBER(fixture.call.result.u);
    assert_int_equal(call_named(&fixture, "wasi:io/poll", "[method]pollable.block", &never),
                     HOST_PARK);
    assert_int_equal(fixture.call.wake_at, UINT64_MAX);
    fixture_close(&fixture);
}

static void pollables_are_bounded_and_used_again(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    for (uint64_t i = 0; i < WASI_MAX_POLLABLES; i++) assert_int_equal(subscribe(&fixture, FAR), i);
    assert_int_equal(CALL(&fixture, "clocks/monotonic-clock", "subscribe-duration", NUMBER(0)),
                     HOST_FAIL);
    assert_string_equal(fixture.instance.error, "more than 1024 pollables");
    assert_int_equal(CALL(&fixture, "io/poll", "[resource-drop]pollable", NUMBER(17)), HOST_DONE);
    assert_int_equal(CALL(&fixture, "io/poll", "[resource-drop]pollable", NUMBER(400)), HOST_DONE);
    assert_int_equal(CALL(&fixture, "io/poll", "[method]pollable.ready", NUMBER(17)), HOST_FAIL);
    assert_int_equal(subscribe(&fixture, FAR), 400);
    assert_int_equal(subscribe(&fixture, FAR), 17);
    assert_int_equal(CALL(&fixture, "clocks/monotonic-clock", "subscribe-duration", NUMBER(0)),
                     HOST_FAIL);
    fixture_close(&fixture);
}

static void unknown_pollables(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    struct abi_value items[] = {NUMBER(ready_one(&fixture)), NUMBER(1)};
    assert_int_equal(poll_list(&fixture, items, 2), HOST_FAIL);
    assert_string_equal(fixture.instance.error, "unknown pollable");
    assert_int_equal(CALL(&fixture, "io/poll", "[method]pollable.block", NUMBER(UINT32_MAX)),
                     HOST_FAIL);
    assert_int_equal(CALL(&fixture, "io/poll", "[resource-drop]pollable", NUMBER(5)), HOST_FAIL);
    fixture_close(&fixture);
}

/* The table's memory is kept for the next invocation, its contents are not. */
static void the_next_invocation_starts_anew(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    for (int i = 0; i < 20; i++) subscribe(&fixture, FAR);
    wasi_state_end(&fixture.wasi);
    wasi_state_begin(&fixture.wasi, "ns/skill");
    fixture.wasi.print = note_print;
    assert_int_equal(CALL(&fixture, "io/poll", "[method]pollable.ready", NUMBER(3)), HOST_FAIL);
    assert_int_equal(subscribe(&fixture, FAR), 0);
    fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poll_tells_all_that_are_ready),
        cmocka_unit_test(an_empty_poll_traps),
        cmocka_unit_test(poll_waits_for_the_first),
        cmocka_unit_test(block_and_ready),
        cmocka_unit_test(instants_are_of_the_skills_own_clock),
        cmocka_unit_test(pollables_are_bounded_and_used_again),
        cmocka_unit_test(unknown_pollables),
        cmocka_unit_test(the_next_invocation_starts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
