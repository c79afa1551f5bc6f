/* What Wasmtime says about an error, made into one line.
 *
 * Its messages are an error's chain of causes with blanks and newlines: first the outermost context
 * (for a trap "error while executing at wasm backtrace:" and the frames), then "Caused by:" and the
 * causes, numbered when they are several. */
#include "engine/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\0';
}

/* Copy `size` bytes with every run of blanks and line ends as one space, none at the ends, cut to
 * fit. */
static void copy_line(const char *text, size_t size, char *out, size_t room) {
    size_t used = 0;
    for (size_t i = 0; i < size && used + 2 < room; i++) {
        if (!is_blank(text[i]))
            out[used++] = text[i];
        else if (used && out[used - 1] != ' ')
            out[used++] = ' ';
    }
    if (used && out[used - 1] == ' ') used--;
    out[used] = '\0';
}

bool error_take(wasmtime_error_t *error, struct err *err, enum err_kind kind, const char *context) {
    wasm_name_t message;
    wasmtime_error_message(error, &message);
    char line[sizeof err->text];
    copy_line(message.data, message.size, line, sizeof line);
    wasm_byte_vec_delete(&message);
    wasmtime_error_delete(error);
    return err_set(err, kind, "%s: %s", context, line);
}

/* The line of the message that tells the cause: behind "wasm trap: ", else the last line that is
 * not empty. */
static void copy_cause(const wasm_name_t *message, char *out, size_t room) {
    static const char marker[] = "wasm trap: ";
    const char *start =
        message->size ? memmem(message->data, message->size, marker, sizeof marker - 1) : NULL;
    const char *end = message->data + message->size;
    if (start) {
        start += sizeof marker - 1;
        const char *line_end = memchr(start, '\n', (size_t)(end - start));
        if (line_end) end = line_end;
    } else {
        while (end > message->data && is_blank(end[-1])) end--;
        start = end;
        while (start > message->data && start[-1] != '\n') start--;
    }
    copy_line(start, (size_t)(end - start), out, room);
}

static void copy_frames(const wasm_frame_vec_t *trace, struct engine_fault *fault) {
    fault->frame_count = 0;
    for (size_t i = 0; i < trace->size && i < ENGINE_FAULT_FRAMES; i++)
        fault->frames[fault->frame_count++] = wasm_frame_func_index(trace->data[i]);
}

static enum engine_fault_kind kind_of(const wasm_trap_t *trap) {
    wasmtime_trap_code_t code;
    if (!trap || !wasmtime_trap_code(trap, &code)) return FAULT_OTHER;
    if (code == WASMTIME_TRAP_CODE_STACK_OVERFLOW) return FAULT_STACK;
    if (code == WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS) return FAULT_MEMORY;
    return FAULT_TRAP;
}

void fault_take(wasm_trap_t *trap, wasmtime_error_t *error, bool by_host,
                struct engine_fault *fault) {
    must(!trap != !error);
    wasm_frame_vec_t trace;
    if (trap)
        wasm_trap_trace(trap, &trace);
    else
        wasmtime_error_wasm_trace(error, &trace);
    copy_frames(&trace, fault);
    wasm_frame_vec_delete(&trace);
    fault->kind = by_host ? FAULT_HOST : kind_of(trap);
    if (!by_host) {
        wasm_name_t message;
        if (trap)
            wasm_trap_message(trap, &message);
        else
            wasmtime_error_message(error, &message);
        copy_cause(&message, fault->text, sizeof fault->text);
        wasm_byte_vec_delete(&message);
    }
    if (trap)
        wasm_trap_delete(trap);
    else
        wasmtime_error_delete(error);
}
