#include "runtime/invocation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/json_check.h"
#include "base/log.h"
#include "base/must.h"
#include "runtime/answer.h"

#define FROM(state) (1u << (state))

static const struct {
    const char *name;
    unsigned from;
} states[] = {
#define X(state, text, from) {text, from},
    INVOCATION_STATES(X)
#undef X
};

void invocation_move(struct invocation *invocation, enum invocation_state state, uint64_t now) {
    if (!(states[state].from & FROM(invocation->state))) {
        log_error("runtime", "invocation of %s: no move from %s to %s",
                  invocation->request->skill->name, states[invocation->state].name,
                  states[state].name);
        must(!"a listed move of the invocation's states");
    }
    invocation->time[invocation->state] += now - invocation->since;
    invocation->since = now;
    invocation->state = state;
}

void invocation_begin(struct invocation *invocation, struct invocation_request *request,
                      const struct runtime_settings *settings, uint64_t now) {
    struct skill *skill = request->skill;
    invocation->request = request;
    invocation->run = NULL;
    invocation->over = invocation->begun = invocation->grew = invocation->counted_big = false;
    invocation->used = invocation->cost = invocation->peak = invocation->promised = 0;
    invocation->since = invocation->started = now;
    invocation->deadline = now + settings->wall_limit;
    memset(invocation->time, 0, sizeof invocation->time);
    invocation->input =
        (struct abi_value){.n = (uint32_t)request->input_size, .bytes = request->input};
    const struct abi_export *entry =
        request->entry == INVOCATION_RUN ? skill->run : skill->metadata;
    struct skill_call_limits limits = {.memory = (uint32_t)(settings->memory_limit / ENGINE_PAGE),
                                       .log = settings->log_limit};
    skill_call_begin(&invocation->call, skill, entry, &invocation->input, &limits);
    invocation->call.finish = answer_finish;
    invocation->call.finish_context = request;
    invocation_move(invocation, STATE_QUEUED, now);
}

uint64_t invocation_cost(struct invocation *invocation) {
    uint64_t cost = engine_run_cost(invocation->run) + skill_call_cost(&invocation->call);
    if (cost > invocation->peak) invocation->peak = cost;
    return cost;
}

/* What is recorded of each call: before it began, while it ran, and while it waited: for its turn,
 * for memory, or for what it called. */
static void record(const struct invocation *invocation, struct invocation_request *request) {
    const uint64_t *time = invocation->time;
    request->took = invocation->since - invocation->started;
    request->queued = time[STATE_QUEUED];
    request->ran = time[STATE_RUNNING];
    request->waited = time[STATE_READY] + time[STATE_PARKED] + time[STATE_STARVED];
}

/* The run is over: give everything back but the answer. */
static void end(struct invocation *invocation) {
    if (invocation->run) (void)invocation_cost(invocation);
    engine_run_delete(invocation->run);
    invocation->run = NULL;
    skill_call_end(&invocation->call);
    invocation_move(invocation, STATE_ENDED, clock_monotonic());
    record(invocation, invocation->request);
}

void invocation_conclude(struct invocation *invocation, enum invocation_outcome outcome,
                         const char *text) {
    answer_clear(invocation->request);
    invocation->request->outcome = outcome;
    invocation->request->text = text ? strdup(text) : NULL;
    invocation->over = true;
}

/* "TEXT in INNER < OUTER": the names of the functions where it trapped, as far as the code's names
 * know them. */
static void trapped(struct invocation *invocation) {
    const struct engine_fault *fault = engine_run_fault(invocation->run);
    struct buf text;
    buf_init(&text, 4096);
    buf_text(&text, fault->text);
    const char *separator = " in ";
    for (uint32_t i = 0; i < fault->frame_count && i < 6; i++) {
        struct str name = skill_code_function_name(invocation->call.skill->code, fault->frames[i]);
        if (!name.size) continue;
        if (name.size > 200) name.size = 200;
        buf_text(&text, separator);
        escape_add(&text, name);
        separator = " < ";
    }
    invocation_conclude(invocation, INVOCATION_TRAP, buf_cstr(&text));
    buf_free(&text);
}

static void time_out(struct invocation *invocation) {
    char text[200];
    double seconds = (double)(invocation->deadline - invocation->started) / 1e9;
    snprintf(text, sizeof text,
             "it ran longer than its time limit of %g s (setting INVOCATION_TIMEOUT)", seconds);
    invocation_conclude(invocation, INVOCATION_TIMEOUT, text);
}

static void make_run(struct invocation *invocation, struct engine_thread *thread) {
    struct skill_call *call = &invocation->call;
    struct err err;
    if (engine_run_new(thread, call->skill->code->program, call->skill->image, call->entry->entry,
                       call->memory_limit, call, &invocation->run, &err))
        return;
    invocation->run = NULL;
    invocation_conclude(invocation, INVOCATION_TRAP, err.text);
}

static void park(struct invocation *invocation, uint64_t now) {
    invocation_move(invocation, STATE_PARKED, now);
    invocation->timer.at = invocation->call.host.wake_at;
    if (invocation->timer.at > invocation->deadline) invocation->timer.at = invocation->deadline;
}

/* Its answer is known: give back a piece of what it holds, if that is much. True: it ended. */
static bool give_back(struct invocation *invocation) {
    if (!invocation->run || !engine_run_clear(invocation->run)) {
        end(invocation);
        return true;
    }
    invocation_move(invocation, STATE_READY, clock_monotonic());
    return false;
}

bool invocation_turn(struct invocation *invocation, struct engine_thread *thread, uint64_t now) {
    invocation_move(invocation, STATE_RUNNING, now);
    if (!invocation->over && now >= invocation->deadline) time_out(invocation);
    if (!invocation->over && !invocation->run) make_run(invocation, thread);
    if (invocation->over) return give_back(invocation);
    enum engine_state state = engine_run_poll(invocation->run);
    switch (state) {
    case ENGINE_RUNNING:
        invocation_move(invocation, STATE_READY, clock_monotonic());
        return false;
    case ENGINE_PARKED:
        park(invocation, clock_monotonic());
        return false;
    case ENGINE_TRAPPED:
        trapped(invocation);
        return give_back(invocation);
    case ENGINE_FINISHED:
        invocation->over = true;
        return give_back(invocation);
    }
    must(!"a state of the engine");
    return true;
}
