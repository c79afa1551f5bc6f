/* The handlers of src/wasi, for table.c and the tests. What each does is in WASI's own texts;
 * comments are where ours differ. */
#ifndef PK_WASI_INTERNAL_H
#define PK_WASI_INTERNAL_H

#include "wasi/wasi.h"

/* Representations of the streams. */
enum { WASI_STDIN, WASI_STDOUT, WASI_STDERR };

#define WASI_HANDLERS(X)                                                                           \
    X(nothing)                                                                                     \
    X(exit)                                                                                        \
    X(get_stdin) X(get_stdout) X(get_stderr) X(monotonic_now) X(resolution) X(subscribe_duration)  \
        X(subscribe_instant) X(wall_now) X(wall_resolution) X(error_text) X(poll)                  \
            X(pollable_block) X(pollable_ready) X(pollable_drop) X(subscribe_ready) X(closed)      \
                X(check_write) X(write) X(blocking_write) X(write_zeroes) X(blocking_write_zeroes) \
                    X(random_bytes) X(random_u64) X(random_seed) X(network) X(access_denied)

#define X(name) enum host_outcome wasi_##name(struct abi_call *call);
WASI_HANDLERS(X)
#undef X

/* output.c: bytes that the skill prints; `stream` is WASI_STDOUT or WASI_STDERR. */
void wasi_output_add(struct wasi_state *state, uint32_t stream, const uint8_t *bytes, size_t size);
void wasi_output_end(struct wasi_state *state);

#endif
