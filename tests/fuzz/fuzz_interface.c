/* Any bytes as an interface text: it is read or refused, and what was read can be shown and
 * searched. */
#include "abi/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct abi_interface *interface) {
    struct buf text;
    buf_init(&text, 1 << 16);
    for (uint32_t i = 0; i < interface->type_count; i++) {
        buf_clear(&text);
        abi_type_text(interface, interface->types[i], &text);
    }
    for (uint32_t i = 0; i < interface->import_count; i++) {
        if (interface->imports[i].kind == ABI_IMPORT_DROP) continue;
        buf_clear(&text);
        abi_signature_text(interface, &interface->imports[i].signature, &text);
    }
    buf_free(&text);
}

static void search(const struct abi_interface *interface) {
    static const struct host_function functions[] = {{"wasi:io/poll", "poll", NULL, NULL, NULL}};
    static const struct host_table table = {"wasi:", 0, 2, UINT32_MAX, functions, 1};
    const struct host_function *found;
    struct err err;
    (void)abi_interface_export(interface, "pharia:skill/skill-handler", "run");
    for (uint32_t i = 0; i < interface->import_count; i++) {
        const struct abi_import *import = &interface->imports[i];
        (void)host_lookup(&table, 1, import->interface, import->name, &found, &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct abi_interface interface;
    struct err err;
    if (!abi_interface_read((const char *)data, size, &interface, &err)) return 0;
    show(&interface);
    search(&interface);
    abi_interface_free(&interface);
    return 0;
}
