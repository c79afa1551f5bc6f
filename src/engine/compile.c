#include "engine/internal.h"

#include <errno.h>
#include <unistd.h>

#include "base/io.h"

bool engine_validate(struct engine *engine, const uint8_t *wasm, size_t size, struct err *err) {
    wasmtime_error_t *error = wasmtime_module_validate(engine->wasm, wasm, size);
    return !error || error_take(error, err, ERR_INVALID, "validate");
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
    bool ok = io_write_all(fd, bytes.data, bytes.size) ||
              err_errno(err, errno, "compile: cannot write the compiled code");
    wasm_byte_vec_delete(&bytes);
    return ok;
}
