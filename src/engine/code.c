#include "engine/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"

bool engine_code_open(struct engine *engine, int fd, struct engine_code **out, struct err *err) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct engine_code *code = calloc(1, sizeof *code);
    if (!code) return err_set(err, ERR_MEMORY, "code: no memory");
    wasmtime_error_t *error = wasmtime_module_deserialize_file(engine->wasm, path, &code->module);
    if (error) {
        free(code);
        return error_take(error, err, ERR_INVALID, "cannot map the compiled code");
    }
    atomic_init(&code->references, 1);
    *out = code;
    return true;
}

struct engine_code *engine_code_retain(struct engine_code *code) {
    must(atomic_fetch_add_explicit(&code->references, 1, memory_order_relaxed) > 0);
    return code;
}

void engine_code_release(struct engine_code *code) {
    if (!code || atomic_fetch_sub_explicit(&code->references, 1, memory_order_acq_rel) != 1) return;
    wasmtime_module_delete(code->module);
    free(code);
}
