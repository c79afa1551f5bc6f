#include "engine/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/must.h"

static bool code_map(struct engine_code *code, int fd, struct err *err) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    wasmtime_error_t *error =
        wasmtime_module_deserialize_file(code->engine->wasm, path, &code->module);
    return !error || error_take(error, err, ERR_INVALID, "cannot map the compiled code");
}

static bool code_copy(struct engine_code *code, int fd, struct err *err) {
    struct stat status;
    if (fstat(fd, &status)) return err_errno(err, errno, "cannot look at the compiled code");
    size_t size = (size_t)status.st_size;
    if (size == 0) return err_set(err, ERR_INVALID, "the compiled code is an empty file");
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return err_errno(err, errno, "cannot read the compiled code");
    wasmtime_error_t *error =
        wasmtime_module_deserialize(code->engine->wasm, bytes, size, &code->module);
    munmap(bytes, size);
    return !error || error_take(error, err, ERR_INVALID, "cannot load the compiled code");
}

bool engine_code_open(struct engine *engine, int fd, struct engine_code **out, struct err *err) {
    struct engine_code *code = calloc(1, sizeof *code);
    if (!code) return err_set(err, ERR_MEMORY, "code: no memory");
    atomic_init(&code->references, 1);
    code->engine = engine;
    code->mapped = atomic_fetch_add(&engine->code_files, 1) < engine->settings.code_files;
    if (!code->mapped) atomic_fetch_sub(&engine->code_files, 1);
    if (code->mapped ? !code_map(code, fd, err) : !code_copy(code, fd, err)) {
        if (code->mapped) atomic_fetch_sub(&engine->code_files, 1);
        free(code);
        return false;
    }
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
    if (code->mapped) atomic_fetch_sub(&code->engine->code_files, 1);
    free(code);
}
