/* The decoder on any bytes: as a core module and as a component, in the arenas that their headers
 * promise to be enough. What is taken must hold what tests/unit/component/invariants.h says; what
 * is refused needs a kind and a text. */
#include "../unit/component/invariants.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct err *err) {
    must(err->kind == ERR_INVALID || err->kind == ERR_UNSUPPORTED || err->kind == ERR_LIMIT);
    must(err->text[0] != '\0' && utf8_valid(err->text, strlen(err->text)));
}

static void try_names(const struct core_module *module) {
    struct str *names = malloc((module->count[CORE_FUNC] + 1) * sizeof *names);
    must(names != NULL);
    if (module_function_names(module, names))
        for (uint32_t i = 0; i < module->count[CORE_FUNC]; i++)
            must(utf8_valid(names[i].data, names[i].size));
    free(names);
}

static void try_module(const uint8_t *data, size_t size) {
    struct slice bytes = {.data = data, .size = (uint32_t)size};
    struct arena arena;
    struct core_module module;
    struct err err = {0};
    arena_init(&arena, size * MODULE_ARENA_FACTOR + MODULE_ARENA_BASE);
    if (module_decode(bytes, &arena, &module, &err)) {
        check_module(&module);
        try_names(&module);
    } else {
        check_refusal(&err);
    }
    arena_free(&arena);
}

static void try_component(const uint8_t *data, size_t size) {
    struct arena arena;
    struct component component;
    struct component_world world;
    struct err err = {0};
    arena_init(&arena, size * COMPONENT_ARENA_FACTOR + COMPONENT_ARENA_BASE);
    if (!component_decode(data, size, &arena, &component, &err)) {
        check_refusal(&err);
    } else {
        check_component(&component);
        for (uint32_t i = 0; i < component.module_count; i++) try_names(&component.modules[i]);
        if (component_find_world(&component, &world, &err))
            must(world.export_index < component.export_count);
        else
            check_refusal(&err);
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (component_layer(data, size) == LAYER_MODULE)
        try_module(data, size);
    else
        try_component(data, size);
    return 0;
}
