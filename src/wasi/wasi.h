/* WASI 0.2 for skills, deny by default: clocks, random numbers, sleeping, and printing into the
 * log; no files, no sockets, no environment, no arguments. Every function of WASI 0.2 is in the
 * table (from the official WIT, version 0.2.12), so that a skill that imports it loads; what has no
 * backend ends the invocation when it is called.
 *
 * Thread: the executor that runs the invocation. Nothing is shared between invocations but the
 * thread's pool of random bytes. */
#ifndef PK_WASI_WASI_H
#define PK_WASI_WASI_H

#include "abi/host.h"

extern const struct host_function wasi_functions[];
extern const size_t wasi_function_count;
extern const struct host_table wasi_table; /* the same, for host_lookup: "wasi:", 0.2.x */

enum {
    WASI_MAX_POLLABLES = 1024,     /* live at once in one invocation */
    WASI_MAX_RANDOM = 16 << 20,    /* bytes that one call may ask for */
    WASI_OUTPUT_CAP = 64 << 10,    /* default of output_cap */
    WASI_LINE_MAX = 4096,          /* bytes; longer lines become several */
    WASI_LINE_COST = 16,           /* what a line counts against output_cap besides its bytes */
    WASI_WRITE_MAX = 64 << 10,     /* what check-write allows */
    WASI_BLOCKING_WRITE_MAX = 4096 /* of blocking-write-and-flush: the interface's own limit */
};

/* log_guest, or a test's own. */
typedef void (*wasi_print_fn)(const char *skill, const char *stream, const void *bytes,
                              size_t size);

struct wasi_pollable {
    uint64_t ready_at; /* monotonic ns of the host; 0: always ready; UINT64_MAX: never */
    uint32_t next_free;
    bool live;
};

/* A line that is not complete yet. */
struct wasi_output {
    uint8_t *line; /* malloc, WASI_LINE_MAX bytes; kept for the next invocation */
    uint32_t size;
};

/* Of one invocation. It is the FIRST member of what abi_call's context points to: the functions of
 * this folder find it there. */
struct wasi_state {
    const char *skill; /* its name in the log; the caller's */
    wasi_print_fn print;
    uint64_t output_cap; /* bytes that it may write to the log, stdout and stderr together */
    uint64_t output_used;
    uint64_t output_bytes; /* printed to the log */
    uint64_t output_dropped;
    bool output_cut;
    struct wasi_output output[2];    /* stdout, stderr */
    uint64_t started;                /* zero of the skill's monotonic clock */
    struct wasi_pollable *pollables; /* malloc; kept */
    uint32_t pollable_count, pollable_room, pollable_live;
    uint32_t free_pollable; /* index + 1, 0: none */
};

/* Before an invocation. All zero the first time, else after wasi_state_end; keeps the memory of the
 * last. `skill` must stay valid. `output_cap` and `print` may be changed after it. */
void wasi_state_begin(struct wasi_state *state, const char *skill);
/* After it, whatever way it ended: writes lines that are not complete. */
void wasi_state_end(struct wasi_state *state);
/* All zero is fine too. */
void wasi_state_free(struct wasi_state *state);

static inline struct wasi_state *wasi_state_of(struct abi_call *call) {
    return (struct wasi_state *)call->context;
}

/* A pollable for a host function of another folder. False: abi_fail told that there are too many.
 */
bool wasi_pollable_new(struct abi_call *call, uint64_t ready_at, uint32_t *rep);

#endif
