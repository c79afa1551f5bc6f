/* Whole calls between guest and host: parameters and results, flat or in memory.
 *
 * A host function cannot call the guest's realloc, so lowering is in two passes over the same
 * value: the first notes every allocation in the order in which the second will need them, the
 * guest gets the memory (link/link.h: put), the second writes. Memory may grow and move in each
 * realloc: offsets become pointers only in the second pass. */
#include <stdlib.h>
#include <string.h>

#include "abi/internal.h"
#include "base/must.h"

enum { REQUESTS_KEPT = 4096 }; /* room that is worth keeping for the next instance */

enum lower_state { LOWER_IDLE, LOWER_WAITS, LOWER_DONE };
enum lower_what { LOWER_RESULT, LOWER_PARAMS };

struct abi_lower {
    enum lower_state state;
    enum lower_what what;
    const struct abi_signature *signature;
    const struct abi_value *values; /* the result, or the parameters */
    uint32_t offset;                /* where the result goes */
    struct abi_requests requests;
    uint64_t core[ABI_MAX_FLAT_PARAMS]; /* an entry's flat parameters */
};

/* ---- from the guest */

static uint32_t result_offset(const struct abi_signature *signature, const uint64_t *core) {
    return signature->result_in_memory ? (uint32_t)core[signature->core_param_count - 1] : 0;
}

static uint8_t *result_place(struct abi_instance *instance, const struct abi_type *type,
                             uint32_t offset) {
    return abi_memory_at(instance, offset, type->size, type->align, "the result's pointer");
}

static bool load_params(struct abi_lift *lift, const struct abi_signature *signature,
                        uint32_t offset, struct abi_value *values) {
    const struct abi_type *all = signature->all;
    const uint8_t *at =
        abi_memory_at(lift->instance, offset, all->size, all->align, "the parameters' pointer");
    if (at == NULL) return false;
    for (uint32_t i = 0; i < signature->param_count; i++)
        if (!abi_load(lift, signature->params[i], at + all->offsets[i], &values[i])) return false;
    return true;
}

static bool lift_params(struct abi_lift *lift, const struct abi_signature *signature,
                        const uint64_t *core, struct abi_value *values) {
    if (signature->params_in_memory) return load_params(lift, signature, (uint32_t)core[0], values);
    for (uint32_t i = 0; i < signature->param_count; core += signature->params[i++]->flat_count)
        if (!abi_lift_flat(lift, signature->params[i], core, &values[i])) return false;
    return true;
}

bool abi_lift_params(struct abi_instance *instance, const struct abi_signature *signature,
                     const uint64_t *core, struct abi_value *values) {
    struct abi_lift lift = {instance, signature->encoding};
    if (!instance->may_leave) return abi_fail(instance, "cannot leave component instance");
    instance->budget = ABI_CALL_BUDGET;
    if (!lift_params(&lift, signature, core, values)) return false;
    return !signature->result_in_memory ||
           result_place(instance, signature->result, result_offset(signature, core)) != NULL;
}

bool abi_result(struct abi_instance *instance, const struct abi_signature *signature,
                const uint64_t *core, struct abi_value *result) {
    struct abi_lift lift = {instance, signature->encoding};
    const struct abi_type *type = signature->result;
    instance->may_leave = false; /* what follows is post-return */
    instance->budget = ABI_CALL_BUDGET;
    *result = (struct abi_value){0};
    if (instance->borrow_count > 0)
        return abi_fail(instance, "%u borrowed handles are left at the end of the call",
                        instance->borrow_count);
    if (type == NULL) return true;
    instance->unchecked_count = 0;
    instance->defers = true;
    const uint8_t *at = NULL;
    if (signature->result_in_memory) at = result_place(instance, type, (uint32_t)core[0]);
    bool lifted = signature->result_in_memory ? at != NULL && abi_load(&lift, type, at, result)
                                              : abi_lift_flat(&lift, type, core, result);
    instance->defers = false;
    return lifted;
}

/* ---- to the guest */

static bool write_result(struct abi_pass *pass, const struct abi_signature *signature,
                         uint32_t offset, const struct abi_value *value, uint64_t *core) {
    const struct abi_type *type = signature->result;
    if (type == NULL) return true;
    if (!signature->result_in_memory) return abi_lower_flat(pass, type, value, core);
    uint8_t *at = result_place(pass->instance, type, offset);
    return at != NULL && abi_store(pass, type, value, at);
}

bool abi_lower_result(struct abi_instance *instance, const struct abi_signature *signature,
                      const uint64_t *core_args, const struct abi_value *result, uint64_t *core) {
    struct abi_pass pass = {instance, NULL, signature->encoding};
    return write_result(&pass, signature, result_offset(signature, core_args), result, core);
}

static bool write_params(struct abi_pass *pass, struct abi_lower *lower) {
    const struct abi_type *all = lower->signature->all;
    const struct abi_value values = {.n = all->count, .items = lower->values};
    if (!lower->signature->params_in_memory) return abi_lower_flat(pass, all, &values, lower->core);
    uint32_t address =
        lower->requests.at[lower->requests.done++].address; /* the tuple's own came first */
    uint8_t *at = abi_memory_at(pass->instance, address, all->size, all->align, "an allocation");
    lower->core[0] = address;
    return at != NULL && abi_store(pass, all, &values, at);
}

static bool write_all(struct abi_instance *instance) {
    struct abi_lower *lower = instance->lower;
    struct abi_pass pass = {instance, &lower->requests, lower->signature->encoding};
    bool params = lower->what == LOWER_PARAMS;
    lower->requests.done = 0;
    lower->state = LOWER_DONE;
    bool written =
        params ? write_params(&pass, lower)
               : write_result(&pass, lower->signature, lower->offset, lower->values, lower->core);
    must(!written || lower->requests.done == lower->requests.count);
    /* After an entry's parameters the guest may call imports when it has fetched them (abi_args).
     */
    if (written && !params) instance->may_leave = true;
    return written;
}

static uint64_t next_request(const struct abi_lower *lower) {
    const struct abi_request *request = &lower->requests.at[lower->requests.done];
    return (uint64_t)request->align << 32 | request->size;
}

static struct abi_lower *begin(struct abi_instance *instance, enum lower_what what,
                               const struct abi_signature *signature,
                               const struct abi_value *values) {
    struct abi_lower *lower = instance->lower;
    if (lower == NULL) lower = instance->lower = calloc(1, sizeof *lower);
    if (lower == NULL || lower->state == LOWER_WAITS) {
        abi_fail(instance, lower == NULL ? "no memory for a result"
                                         : "a call while another one is being answered");
        return NULL;
    }
    lower->what = what;
    lower->signature = signature;
    lower->values = values;
    lower->requests.count = lower->requests.done = 0;
    return lower;
}

/* The first pass is over: write at once, or wait for addresses. */
static bool wait_or_write(struct abi_instance *instance, uint64_t *request) {
    struct abi_lower *lower = instance->lower;
    *request = 0;
    if (lower->requests.count == 0) return write_all(instance);
    instance->may_leave = false;
    lower->state = LOWER_WAITS;
    *request = next_request(lower);
    return true;
}

bool abi_plan_result(struct abi_instance *instance, const struct abi_signature *signature,
                     const uint64_t *core_args, const struct abi_value *result, uint64_t *request) {
    struct abi_lower *lower = begin(instance, LOWER_RESULT, signature, result);
    if (lower == NULL) return false;
    struct abi_pass pass = {instance, &lower->requests, signature->encoding};
    lower->offset = result_offset(signature, core_args);
    if (signature->result != NULL && !abi_plan(&pass, signature->result, result)) return false;
    return wait_or_write(instance, request);
}

bool abi_put(struct abi_instance *instance, uint32_t address, uint64_t *request) {
    struct abi_lower *lower = instance->lower;
    *request = 0;
    if (lower == NULL || lower->state != LOWER_WAITS)
        return abi_fail(instance, "an address that nobody asked for");
    struct abi_request *asked = &lower->requests.at[lower->requests.done];
    if (abi_memory_at(instance, address, asked->size, asked->align, "what realloc returned") ==
        NULL)
        return false;
    asked->address = address;
    if (++lower->requests.done == lower->requests.count) return write_all(instance);
    *request = next_request(lower);
    return true;
}

bool abi_enter(struct abi_instance *instance, const struct abi_signature *signature,
               const struct abi_value *params, uint64_t *request) {
    struct abi_lower *lower = begin(instance, LOWER_PARAMS, signature, params);
    if (lower == NULL) return false;
    struct abi_pass pass = {instance, &lower->requests, signature->encoding};
    instance->may_leave = false;
    if (signature->params_in_memory &&
        !abi_request(&pass, signature->all->size, signature->all->align))
        return false;
    for (uint32_t i = 0; i < signature->param_count; i++)
        if (!abi_plan(&pass, signature->params[i], &params[i])) return false;
    return wait_or_write(instance, request);
}

bool abi_args(struct abi_instance *instance, uint64_t *core) {
    struct abi_lower *lower = instance->lower;
    if (lower == NULL || lower->what != LOWER_PARAMS || lower->state != LOWER_DONE)
        return abi_fail(instance, "an entry's parameters are not ready");
    memcpy(core, lower->core, lower->signature->core_param_count * sizeof *core);
    lower->state = LOWER_IDLE;
    instance->may_leave = true;
    return true;
}

void abi_lower_reset(struct abi_instance *instance) {
    struct abi_lower *lower = instance->lower;
    if (lower == NULL) return;
    lower->state = LOWER_IDLE;
    if (lower->requests.room <= REQUESTS_KEPT) return;
    free(lower->requests.at);
    lower->requests = (struct abi_requests){0};
}

void abi_lower_free(struct abi_instance *instance) {
    if (instance->lower != NULL) free(instance->lower->requests.at);
    free(instance->lower);
    instance->lower = NULL;
}
