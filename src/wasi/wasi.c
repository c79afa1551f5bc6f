#include "wasi/wasi.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "wasi/internal.h"

void wasi_state_begin(struct wasi_state *state, const char *skill) {
    *state = (struct wasi_state){
        .skill = skill,
        .print = log_guest,
        .output_cap = WASI_OUTPUT_CAP,
        .output = {{.line = state->output[0].line}, {.line = state->output[1].line}},
        .started = clock_monotonic(),
        .pollables = state->pollables,
        .pollable_room = state->pollable_room,
    };
}

void wasi_state_end(struct wasi_state *state) {
    wasi_output_end(state);
}

void wasi_state_free(struct wasi_state *state) {
    free(state->output[0].line);
    free(state->output[1].line);
    free(state->pollables);
    *state = (struct wasi_state){0};
}

/* Empty list, none, ok without a payload, and drops of what holds nothing. */
enum host_outcome wasi_nothing(struct abi_call *call) {
    (void)call;
    return HOST_DONE;
}
