/* wasi:io/error, streams. There are three streams: stdin, which is closed, stdout and stderr, which
 * go to the log. */
#include "wasi/internal.h"

static const struct abi_value stream_closed = {
    .n = 1}; /* variant{last-operation-failed(own<error>), closed} */

static enum host_outcome fail(struct abi_call *call, const char *text) {
    abi_fail(call->instance, "%s", text);
    return HOST_FAIL;
}

static bool is_output(uint64_t rep) {
    return rep == WASI_STDOUT || rep == WASI_STDERR;
}

/* No operation of ours fails with an error resource: nobody can hold one. */
enum host_outcome wasi_error_text(struct abi_call *call) {
    call->result = abi_string("no details", 10);
    return HOST_DONE;
}

/* A result's error: the stream is closed. */
enum host_outcome wasi_closed(struct abi_call *call) {
    call->result = (struct abi_value){.n = 1, .items = &stream_closed};
    return HOST_DONE;
}

enum host_outcome wasi_subscribe_ready(struct abi_call *call) {
    uint32_t rep;
    if (!wasi_pollable_new(call, 0, &rep)) return HOST_FAIL;
    call->result.u = rep;
    return HOST_DONE;
}

enum host_outcome wasi_check_write(struct abi_call *call) {
    static const struct abi_value allowed = {.u = WASI_WRITE_MAX};
    call->result = (struct abi_value){.n = 0, .items = &allowed};
    return HOST_DONE;
}

static enum host_outcome write_at_most(struct abi_call *call, uint32_t max) {
    const struct abi_value *contents = &call->args[1];
    if (!is_output(call->args[0].u)) return fail(call, "unknown stream");
    if (contents->n > max) return fail(call, "a write of more bytes than the stream allows");
    wasi_output_add(wasi_state_of(call), (uint32_t)call->args[0].u, contents->bytes, contents->n);
    return HOST_DONE;
}

enum host_outcome wasi_write(struct abi_call *call) {
    return write_at_most(call, WASI_WRITE_MAX);
}

enum host_outcome wasi_blocking_write(struct abi_call *call) {
    return write_at_most(call, WASI_BLOCKING_WRITE_MAX);
}

static enum host_outcome zeroes_at_most(struct abi_call *call, uint32_t max) {
    static const uint8_t zeroes[WASI_BLOCKING_WRITE_MAX];
    if (!is_output(call->args[0].u)) return fail(call, "unknown stream");
    if (call->args[1].u > max) return fail(call, "a write of more bytes than the stream allows");
    for (uint64_t left = call->args[1].u, size; left > 0; left -= size) {
        size = left < sizeof zeroes ? left : sizeof zeroes;
        wasi_output_add(wasi_state_of(call), (uint32_t)call->args[0].u, zeroes, size);
    }
    return HOST_DONE;
}

enum host_outcome wasi_write_zeroes(struct abi_call *call) {
    return zeroes_at_most(call, WASI_WRITE_MAX);
}

enum host_outcome wasi_blocking_write_zeroes(struct abi_call *call) {
    return zeroes_at_most(call, WASI_BLOCKING_WRITE_MAX);
}
