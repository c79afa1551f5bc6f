#include "ours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "support/fixture.h"

struct ours {
    struct engine *engine;
    struct engine_thread *thread;
    struct skill *skill;
    struct skill_call call;
    struct arena *keep; /* where a result is copied to */
    struct abi_value *result;
};

static void check(bool good, const struct err *err, const char *what) {
    if (good) return;
    fprintf(stderr, "judge: %s: %s\n", what, err->text);
    exit(2);
}

/* ---- host functions: the same as in theirs.c */

static enum host_outcome echo(struct abi_call *call) {
    const struct abi_signature *signature = &call->import->signature;
    struct arena *arena = call->instance->arena;
    bool good;
    if (signature->param_count == 1)
        good = abi_value_copy(arena, signature->result, &call->args[0], &call->result);
    else {
        struct abi_value all = {.n = signature->param_count, .items = call->args};
        good = abi_value_copy(arena, signature->result, &all, &call->result);
    }
    return good ? HOST_DONE : HOST_FAIL;
}

static enum host_outcome make(struct abi_call *call) {
    call->result.u = call->args[0].u;
    return HOST_DONE;
}

static enum host_outcome both(struct abi_call *call) {
    struct abi_value *items = abi_values(call->instance->arena, 2);
    if (!items) return HOST_FAIL;
    items[0].u = call->args[0].u;
    items[1].u = (uint32_t)(call->args[0].u + 1);
    call->result = (struct abi_value){.n = 2, .items = items};
    return HOST_DONE;
}

static enum host_outcome sum(struct abi_call *call) {
    uint32_t sum = 0;
    bool list = call->import->signature.params[0]->kind == ABI_LIST;
    uint32_t count = list ? call->args[0].n : call->import->signature.param_count;
    const struct abi_value *items = list ? call->args[0].items : call->args;
    for (uint32_t i = 0; i < count; i++) sum = sum * 31 + (uint32_t)items[i].u;
    call->result.u = sum + 7;
    return HOST_DONE;
}

static enum host_outcome dropped(struct abi_call *call) {
    (void)call;
    return HOST_DONE;
}

static bool find(struct str interface, struct str name, const struct host_function **out,
                 struct err *err) {
    static const struct host_function functions[] = {
        {.call = echo}, {.call = make}, {.call = both}, {.call = sum}, {.call = dropped}};
    (void)err;
    int which = 0;
    if (str_starts(name, "[resource-drop]"))
        which = 4;
    else if (str_starts(interface, "pharia:skill/things"))
        which = str_starts(name, "[constructor]") ? 1 : str_is(name, "both") ? 2 : 3;
    *out = &functions[which];
    return true;
}

struct ours *ours_new(const uint8_t *bytes, size_t size) {
    struct ours *ours = calloc(1, sizeof *ours);
    struct err err;
    struct engine_settings settings;
    engine_settings_default(&settings);
    check(engine_new(&settings, &ours->engine, &err), &err, "engine");
    check(engine_thread_new(ours->engine, &ours->thread, &err), &err, "thread");
    ours->skill = fixture_skill(ours->engine, bytes, size, find);
    return ours;
}

void ours_free(struct ours *ours) {
    skill_call_free(&ours->call);
    engine_thread_free(ours->thread);
    skill_release(ours->skill);
    engine_free(ours->engine);
    free(ours);
}

const struct abi_interface *ours_interface(const struct ours *ours) {
    return &ours->skill->code->interface;
}

static enum abi_step keep_result(struct skill_call *call, const struct abi_value *result) {
    struct ours *ours = call->finish_context;
    const struct abi_type *type = call->entry->signature.result;
    bool kept = !type || abi_value_copy(ours->keep, type, result, ours->result);
    return kept ? ABI_STEP_DONE : ABI_STEP_FAIL;
}

bool ours_call(struct ours *ours, const struct abi_export *export, const struct abi_value *params,
               struct arena *arena, struct abi_value *result, char *problem, size_t problem_size) {
    struct err err;
    struct engine_run *run;
    struct skill_call_limits limits = {.memory = 16384, .log = WASI_OUTPUT_CAP};
    skill_call_begin(&ours->call, ours->skill, export, params, &limits);
    ours->call.finish = keep_result;
    ours->call.finish_context = ours;
    ours->keep = arena;
    ours->result = result;
    check(engine_run_new(ours->thread, ours->skill->code->program, ours->skill->image,
                         export->entry, ours->call.memory_limit, &ours->call, &run, &err),
          &err, "run");
    enum engine_state state;
    do state = engine_run_poll(run);
    while (state == ENGINE_RUNNING);
    if (state == ENGINE_TRAPPED) snprintf(problem, problem_size, "%s", engine_run_fault(run)->text);
    engine_run_delete(run);
    skill_call_end(&ours->call);
    return state == ENGINE_FINISHED;
}
