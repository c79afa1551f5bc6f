/* The handlers of src/wasi, for table.c and the tests. What each does is in WASI's own texts;
 * comments are where ours differ. */
#ifndef PK_WASI_INTERNAL_H
#define PK_WASI_INTERNAL_H

#include "wasi/wasi.h"

/* Representations of the streams. */
enum { WASI_STDIN, WASI_STDOUT, WASI_STDERR };

/* wasi.c */
enum host_outcome wasi_nothing(struct abi_call *call);

/* cli.c */
enum host_outcome wasi_exit(struct abi_call *call);
enum host_outcome wasi_get_stdin(struct abi_call *call);
enum host_outcome wasi_get_stdout(struct abi_call *call);
enum host_outcome wasi_get_stderr(struct abi_call *call);

/* clocks.c */
enum host_outcome wasi_monotonic_now(struct abi_call *call);
enum host_outcome wasi_resolution(struct abi_call *call);
enum host_outcome wasi_subscribe_duration(struct abi_call *call);
enum host_outcome wasi_subscribe_instant(struct abi_call *call);
enum host_outcome wasi_wall_now(struct abi_call *call);
enum host_outcome wasi_wall_resolution(struct abi_call *call);

/* poll.c */
enum host_outcome wasi_poll(struct abi_call *call);
enum host_outcome wasi_pollable_block(struct abi_call *call);
enum host_outcome wasi_pollable_ready(struct abi_call *call);
enum host_outcome wasi_pollable_drop(struct abi_call *call);

/* streams.c */
enum host_outcome wasi_error_text(struct abi_call *call);
enum host_outcome wasi_subscribe_ready(struct abi_call *call);
enum host_outcome wasi_closed(struct abi_call *call);
enum host_outcome wasi_check_write(struct abi_call *call);
enum host_outcome wasi_write(struct abi_call *call);
enum host_outcome wasi_blocking_write(struct abi_call *call);
enum host_outcome wasi_write_zeroes(struct abi_call *call);
enum host_outcome wasi_blocking_write_zeroes(struct abi_call *call);

/* random.c */
enum host_outcome wasi_random_bytes(struct abi_call *call);
enum host_outcome wasi_random_u64(struct abi_call *call);
enum host_outcome wasi_random_seed(struct abi_call *call);

/* sockets.c */
enum host_outcome wasi_network(struct abi_call *call);
enum host_outcome wasi_access_denied(struct abi_call *call);

/* output.c: bytes that the skill prints; `stream` is WASI_STDOUT or WASI_STDERR. */
void wasi_output_add(struct wasi_state *state, uint32_t stream, const uint8_t *bytes, size_t size);
void wasi_output_end(struct wasi_state *state);

#endif
