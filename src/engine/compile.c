#include "engine/internal.h"

#include <errno.h>
#include <unistd.h>

bool engine_validate(struct engine *engine, const uint8_t *wasm, size_t size, struct err *err) {
    wasmtime_error_t *error = wasmtime_module_validate(engine->wasm, wasm, size);
    return !error || error_take(error, err, ERR_INVALID, "validate");
}

static bool write_all(int fd, const char *bytes, size_t size, struct err *err) {
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return err_errno(err, errno, "compile: cannot write the compiled code");
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

bool engine_compile(struct engine *engine, const uint8_t *wasm, size_t size, int fd,
                    struct err *err) {
    wasmtime_module_t *module = NULL;
    wasmtime_error_t *error = wasmtime_module_new(engine->wasm, wasm, size, &module);
    if (error) return error_take(error, err, ERR_INVALID, "compile");
    wasm_byte_vec_t bytes;
    error = wasmtime_module_serialize(module, &bytes);
    wasmtime_module_delete(module);
    if (error) return error_take(error, err, ERR_INTERNAL, "compile: cannot serialize");
    bool ok = write_all(fd, bytes.data, bytes.size, err);
    wasm_byte_vec_delete(&bytes);
    return ok;
}
