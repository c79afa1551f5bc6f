/* The life of an instance's ABI state; see instance.h. */
#include "abi/instance.h"

#include <stdlib.h>

#include "abi/internal.h"

static void begin(struct abi_instance *instance, const struct abi_interface *interface,
                  struct arena *arena) {
    instance->interface = interface;
    instance->arena = arena;
    instance->memory = NULL;
    instance->memory_size = 0;
    instance->may_leave = true; /* start functions run first */
    instance->error[0] = '\0';
}

void abi_instance_init(struct abi_instance *instance, const struct abi_interface *interface,
                       struct arena *arena) {
    *instance = (struct abi_instance){0};
    begin(instance, interface, arena);
}

void abi_instance_end(struct abi_instance *instance, abi_drop_fn drop, void *context) {
    abi_handles_end(instance, drop, context);
    abi_lower_free(instance);
    free(instance->handles);
    free(instance->lent);
    *instance = (struct abi_instance){0};
}

void abi_instance_reuse(struct abi_instance *instance, const struct abi_interface *interface,
                        struct arena *arena, abi_drop_fn drop, void *context) {
    abi_handles_end(instance, drop, context);
    abi_lower_reset(instance);
    begin(instance, interface, arena);
}
