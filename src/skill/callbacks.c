#include "skill/callbacks.h"

#include <string.h>

/* The call with the memory as it is now: the guest may have grown it since the last time. */
static struct skill_call *enter_host(struct engine_run *run) {
    struct skill_call *call = engine_run_user(run);
    call->abi.memory = engine_run_memory(run, &call->abi.memory_size);
    return call;
}

static enum engine_outcome fail(struct engine_run *run, const struct skill_call *call,
                                const struct abi_import *import) {
    return engine_run_fail(run, "%s (in %.*s#%.*s)",
                           call->abi.error[0] ? call->abi.error : "the host function failed",
                           STR_ARG(import->interface), STR_ARG(import->name));
}

/* The host function is done: lower its result, or begin the allocations that this needs. */
static enum engine_outcome finish(struct skill_binding *binding, struct engine_run *run,
                                  struct skill_call *call, uint64_t *values) {
    const struct abi_import *import = binding->import;
    struct abi_instance *abi = &call->abi;
    abi_end_lends(abi);
    bool good;
    if (import->plan) {
        uint64_t request = 0;
        good =
            abi_plan_result(abi, &import->signature, call->host_core, &call->host.result, &request);
        call->importing = request != 0;
        abi->may_leave = request == 0;
        values[0] = request;
    } else
        good =
            abi_lower_result(abi, &import->signature, call->host_core, &call->host.result, values);
    return good ? ENGINE_DONE : fail(run, call, import);
}

static enum engine_outcome settle(struct skill_binding *binding, struct engine_run *run,
                                  struct skill_call *call, uint64_t *values,
                                  enum host_outcome outcome) {
    if (outcome == HOST_DONE) return finish(binding, run, call, values);
    if (outcome == HOST_PARK) return ENGINE_PARK;
    return fail(run, call, binding->import);
}

/* Room for the lifted parameters: in the call for the usual number, else in its arena. */
static struct abi_value *argument_room(struct skill_call *call, uint32_t count) {
    if (count <= ABI_MAX_FLAT_PARAMS) return call->host_args;
    return abi_values(&call->arena, count);
}

enum engine_outcome callback_import(void *data, struct engine_run *run, uint64_t *values) {
    struct skill_binding *binding = data;
    const struct abi_import *import = binding->import;
    const struct abi_signature *signature = &import->signature;
    struct skill_call *call = enter_host(run);
    struct abi_instance *abi = &call->abi;
    if (!abi->may_leave) {
        abi_fail(abi, "cannot leave component instance");
        return fail(run, call, import);
    }
    if (!binding->function->call)
        return engine_run_fail(run, "%.*s#%.*s has no backend in this kernel yet",
                               STR_ARG(import->interface), STR_ARG(import->name));
    arena_reset(&call->arena); /* what the last host call left */
    memcpy(call->host_core, values, signature->core_param_count * sizeof *values);
    struct abi_value *args = argument_room(call, signature->param_count);
    if (!args) abi_fail(abi, "too many parameters");
    if (!args || !abi_lift_params(abi, signature, call->host_core, args))
        return fail(run, call, import);
    call->host = (struct abi_call){
        .instance = abi, .context = call, .import = import, .args = args, .wake_at = UINT64_MAX};
    return settle(binding, run, call, values, binding->function->call(&call->host));
}

enum engine_outcome callback_resume(void *data, struct engine_run *run, uint64_t *values) {
    struct skill_binding *binding = data;
    struct skill_call *call = enter_host(run);
    return settle(binding, run, call, values, binding->function->resume(&call->host));
}

enum engine_outcome callback_drop(void *data, struct engine_run *run, uint64_t *values) {
    struct skill_binding *binding = data;
    struct skill_call *call = enter_host(run);
    struct abi_instance *abi = &call->abi;
    uint32_t rep = 0;
    bool good = abi->may_leave || abi_fail(abi, "cannot leave component instance");
    if (!good || !abi_drop_handle(abi, binding->import->resource, (uint32_t)values[0], &rep))
        return fail(run, call, binding->import);
    /* Nothing of the host's hangs on it, or it was only lent to the guest. */
    if (!binding->function->call || rep == ABI_REP_BORROWED) return ENGINE_DONE;
    struct abi_value value = {.u = rep};
    struct abi_call host = {
        .instance = abi, .context = call, .import = binding->import, .args = &value};
    return binding->function->call(&host) == HOST_FAIL ? fail(run, call, binding->import)
                                                       : ENGINE_DONE;
}

enum engine_outcome callback_put(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    struct skill_call *call = enter_host(run);
    uint64_t request = 0;
    if (!abi_put(&call->abi, (uint32_t)values[0], &request))
        return engine_run_fail(run, "%s", call->abi.error);
    if (request == 0 && call->importing) {
        call->importing = false;
        call->abi.may_leave = true; /* the import returns to the guest's code */
    }
    values[0] = request;
    return ENGINE_DONE;
}

enum engine_outcome callback_start(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    struct skill_call *call = enter_host(run);
    values[0] = engine_image_pages(call->skill->image);
    values[1] = call->memory_limit;
    uint32_t count = call->skill->code->interface.global_count;
    if (count) memcpy(values + 2, call->skill->globals, count * sizeof *values);
    call->abi.may_leave = true; /* start functions run next */
    return ENGINE_DONE;
}

enum engine_outcome callback_enter(void *data, struct engine_run *run, uint64_t *values) {
    const struct abi_export *export = data;
    struct skill_call *call = enter_host(run);
    call->abi.may_leave = false;
    if (!abi_enter(&call->abi, &export->signature, call->params, &values[0]))
        return engine_run_fail(run, "%s", call->abi.error);
    return ENGINE_DONE;
}

enum engine_outcome callback_args(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    struct skill_call *call = enter_host(run);
    if (!abi_args(&call->abi, values)) return engine_run_fail(run, "%s", call->abi.error);
    call->abi.may_leave = true;
    return ENGINE_DONE;
}

enum engine_outcome callback_resized(void *data, struct engine_run *run, uint64_t *values) {
    (void)data;
    engine_run_resize(run, (uint32_t)values[0]);
    return ENGINE_DONE;
}

/* Called again and again, with the same values, while it gives 1; between two calls other
 * invocations may have their turn. */
enum engine_outcome callback_result(void *data, struct engine_run *run, uint64_t *values) {
    const struct abi_export *export = data;
    struct skill_call *call = enter_host(run);
    call->abi.may_leave = false; /* for post-return */
    bool lifted =
        call->finishing || abi_result(&call->abi, &export->signature, values, &call->result);
    call->finishing = true;
    enum abi_step step = lifted ? abi_check_strings(&call->abi) : ABI_STEP_FAIL;
    if (step == ABI_STEP_DONE) step = call->finish(call, &call->result);
    if (step == ABI_STEP_FAIL) return engine_run_fail(run, "%s", call->abi.error);
    values[0] = step == ABI_STEP_MORE;
    return ENGINE_DONE;
}
