/* Decode and link any bytes. When every core module of the component is valid by itself, what the
 * linker makes of them is valid too (function bodies are not typed by us), the same twice, its
 * interface can be read, and all is within the stated multiple of the input. */
#include <stdlib.h>
#include <string.h>
#include <wasm.h>
#include <wasmtime.h>

#include "base/must.h"
#include "link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wasm_engine_t *engine;

static bool valid(const uint8_t *bytes, size_t size) {
    wasmtime_error_t *error = wasmtime_module_validate(engine, bytes, size);
    if (!error) return true;
    wasmtime_error_delete(error);
    return false;
}

static bool modules_valid(const struct component *component) {
    for (uint32_t i = 0; i < component->module_count; i++)
        if (!valid(component->modules[i].bytes.data, component->modules[i].bytes.size))
            return false;
    return true;
}

static void try_link(const struct component *component, struct arena *arena, bool strict,
                     size_t size) {
    struct link_settings settings = {.strict_memory = strict};
    struct link_result first, second;
    struct err err = {0};
    if (!link_component(component, &settings, arena, &first, &err)) {
        must(err.kind != ERR_NONE && err.kind != ERR_INTERNAL && err.text[0]);
        return;
    }
    must(first.code.size <= size * LINK_OUTPUT_FACTOR + (64 << 10));
    if (modules_valid(component)) must(valid(first.code.data, first.code.size));
    must(link_component(component, &settings, arena, &second, &err));
    must(first.code.size == second.code.size &&
         memcmp(first.code.data, second.code.data, first.code.size) == 0);
    must(first.interface.size == second.interface.size &&
         memcmp(first.interface.data, second.interface.data, first.interface.size) == 0);
    link_free(&second);
    link_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!engine) engine = wasm_engine_new();
    struct arena arena;
    struct component component;
    struct err err = {0};
    arena_init(&arena, (size_t)256 << 20);
    if (component_decode(data, size, &arena, &component, &err)) {
        try_link(&component, &arena, false, size);
        try_link(&component, &arena, true, size);
    }
    arena_free(&arena);
    return 0;
}
