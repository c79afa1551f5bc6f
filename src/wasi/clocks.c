/* wasi:clocks. The monotonic clock starts at 0 with the invocation: how long the host has been up
 * is not a skill's business. */
#include "base/clock.h"
#include "wasi/internal.h"

enum host_outcome wasi_monotonic_now(struct abi_call *call) {
    call->result.u = clock_monotonic() - wasi_state_of(call)->started;
    return HOST_DONE;
}

enum host_outcome wasi_resolution(struct abi_call *call) {
    call->result.u = 1;
    return HOST_DONE;
}

static uint64_t add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static enum host_outcome subscribe(struct abi_call *call, uint64_t ready_at) {
    uint32_t rep;
    if (!wasi_pollable_new(call, ready_at, &rep)) return HOST_FAIL;
    call->result.u = rep;
    return HOST_DONE;
}

enum host_outcome wasi_subscribe_duration(struct abi_call *call) {
    return subscribe(call, add(clock_monotonic(), call->args[0].u));
}

enum host_outcome wasi_subscribe_instant(struct abi_call *call) {
    return subscribe(call, add(wasi_state_of(call)->started, call->args[0].u));
}

static enum host_outcome datetime(struct abi_call *call, uint64_t seconds, uint64_t nanoseconds) {
    struct abi_value *fields = abi_values(abi_call_arena(call), 2);
    if (fields == NULL) {
        abi_fail(call->instance, "no memory for a time");
        return HOST_FAIL;
    }
    fields[0].u = seconds;
    fields[1].u = nanoseconds;
    call->result = (struct abi_value){.n = 2, .items = fields};
    return HOST_DONE;
}

enum host_outcome wasi_wall_now(struct abi_call *call) {
    uint64_t now = clock_realtime();
    return datetime(call, now / CLOCK_S, now % CLOCK_S);
}

enum host_outcome wasi_wall_resolution(struct abi_call *call) {
    return datetime(call, 0, 1);
}
