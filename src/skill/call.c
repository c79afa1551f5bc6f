#include "skill/call.h"

#include "base/must.h"
#include "csi/csi.h"

enum {
    CALL_ARENA = ABI_CALL_BUDGET +
                 (64 << 20), /* what one host call may take: its lifted parameters and its result */
};

/* A handle that the guest left: its host state is freed as if it had been dropped. */
static void drop_left(void *context, uint32_t resource, uint32_t rep) {
    struct skill_call *call = context;
    const struct abi_interface *interface = &call->skill->code->interface;
    const struct host_function *drop = skill_code_drop(call->skill->code, resource);
    if (!drop || !drop->call) return;
    struct abi_value value = {.u = rep};
    struct abi_call host = {.instance = &call->abi, .context = call, .args = &value};
    must(resource < interface->resource_count);
    (void)drop->call(&host);
}

void skill_call_begin(struct skill_call *call, struct skill *skill, const struct abi_export *entry,
                      const struct abi_value *params, const struct skill_call_limits *limits) {
    if (call->arena.cap == 0) {
        arena_init(&call->arena, CALL_ARENA);
        abi_instance_init(&call->abi, &skill->code->interface, &call->arena);
    } else
        abi_instance_reuse(&call->abi, &skill->code->interface, &call->arena, NULL, NULL);
    wasi_state_begin(&call->wasi, skill->name);
    call->wasi.output_cap = limits->log;
    call->skill = skill;
    call->entry = entry;
    call->params = params;
    uint32_t most = skill->code->interface.max_pages;
    call->memory_limit = limits->memory < most ? limits->memory : most;
    call->importing = call->finishing = false;
}

void skill_call_end(struct skill_call *call) {
    abi_instance_reuse(&call->abi, &call->skill->code->interface, &call->arena, drop_left, call);
    wasi_state_end(&call->wasi);
    arena_reset(&call->arena);
}

void skill_call_free(struct skill_call *call) {
    if (call->arena.cap == 0) return;
    abi_instance_end(&call->abi, NULL, NULL);
    wasi_state_free(&call->wasi);
    arena_free(&call->arena);
}

uint64_t skill_call_cost(const struct skill_call *call) {
    const struct abi_instance *abi = &call->abi;
    return call->arena.used + abi->handle_room * sizeof *abi->handles +
           abi->lent_room * sizeof *abi->lent +
           call->wasi.pollable_room * sizeof *call->wasi.pollables;
}
