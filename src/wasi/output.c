/* What a skill prints goes to the log line by line, up to a cap for each invocation; the log
 * escapes and marks it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasi/internal.h"

static void print(struct wasi_state *state, uint32_t stream, const void *bytes, size_t size) {
    state->print(state->skill, stream == WASI_STDOUT ? "stdout" : "stderr", bytes, size);
}

/* Empty lines are left out: a log line is never empty. */
static void print_line(struct wasi_state *state, uint32_t stream, const uint8_t *bytes,
                       size_t size) {
    char text[64];
    if (size == 0) return;
    if (!state->output_cut && size + WASI_LINE_COST <= state->output_cap - state->output_used) {
        state->output_used += size + WASI_LINE_COST;
        state->output_bytes += size;
        print(state, stream, bytes, size);
        return;
    }
    state->output_dropped += size;
    if (state->output_cut) return;
    state->output_cut = true;
    int length =
        snprintf(text, sizeof text, "output cut after %" PRIu64 " bytes", state->output_bytes);
    print(state, stream, text, (size_t)length);
}

static void end_line(struct wasi_state *state, uint32_t stream) {
    struct wasi_output *output = &state->output[stream - WASI_STDOUT];
    print_line(state, stream, output->line, output->size);
    output->size = 0;
}

/* Bytes without a newline. */
static void add_piece(struct wasi_state *state, uint32_t stream, const uint8_t *bytes,
                      size_t size) {
    struct wasi_output *output = &state->output[stream - WASI_STDOUT];
    if (output->line == NULL) output->line = malloc(WASI_LINE_MAX);
    if (output->line == NULL || state->output_cut) {
        state->output_dropped += size;
        return;
    }
    while (size > 0) {
        size_t part = WASI_LINE_MAX - output->size;
        if (part > size) part = size;
        memcpy(output->line + output->size, bytes, part);
        output->size += (uint32_t)part;
        bytes += part, size -= part;
        if (output->size == WASI_LINE_MAX) end_line(state, stream);
    }
}

void wasi_output_add(struct wasi_state *state, uint32_t stream, const uint8_t *bytes, size_t size) {
    const struct wasi_output *output = &state->output[stream - WASI_STDOUT];
    while (size > 0) {
        const uint8_t *newline = memchr(bytes, '\n', size);
        size_t length = newline == NULL ? size : (size_t)(newline - bytes);
        bool whole = newline != NULL && output->size == 0 && length <= WASI_LINE_MAX;
        if (whole)
            print_line(state, stream, bytes, length);
        else
            add_piece(state, stream, bytes, length);
        if (newline == NULL) return;
        if (!whole) end_line(state, stream);
        bytes += length + 1, size -= length + 1;
    }
}

void wasi_output_end(struct wasi_state *state) {
    end_line(state, WASI_STDOUT);
    end_line(state, WASI_STDERR);
}
