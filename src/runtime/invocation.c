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
    invocation->cancelled = invocation->evicted = invocation->begun = false;
    invocation->used = invocation->turn_end = invocation->grown = invocation->held = 0;
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
    invocation_move(invocation, STATE_READY, now);
}

/* The run is over: give everything back but the answer. */
static void end(struct invocation *invocation, uint64_t now) {
    if (invocation->run) engine_run_delete(invocation->run);
    invocation->run = NULL;
    skill_call_end(&invocation->call);
    invocation_move(invocation, STATE_ENDED, now);
    invocation->request->took = now - invocation->started;
}

static void answer(struct invocation *invocation, enum invocation_outcome outcome,
                   const char *text) {
    answer_clear(invocation->request);
    invocation->request->outcome = outcome;
    invocation->request->text = text ? strdup(text) : NULL;
}

void invocation_abandon(struct invocation *invocation, enum invocation_outcome outcome,
                        const char *text, uint64_t now) {
    answer(invocation, outcome, text);
    end(invocation, now);
}

/* "TEXT in INNER < OUTER": the names of the functions where it trapped, as far as the code's names
 * know them. */
static void trapped(struct invocation *invocation, uint64_t now) {
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
    answer(invocation, INVOCATION_TRAP, buf_cstr(&text));
    buf_free(&text);
    end(invocation, now);
}

static void timed_out(struct invocation *invocation, uint64_t now) {
    char text[200];
    double seconds = (double)(invocation->deadline - invocation->started) / 1e9;
    snprintf(text, sizeof text,
             "it ran longer than its time limit of %g s (setting INVOCATION_TIMEOUT)", seconds);
    invocation_abandon(invocation, INVOCATION_TIMEOUT, text, now);
}

static bool make_run(struct invocation *invocation, struct engine_thread *thread, uint64_t now) {
    struct skill_call *call = &invocation->call;
    struct err err;
    if (engine_run_new(thread, call->skill->code->program, call->skill->image, call->entry->entry,
                       call->memory_limit, call, &invocation->run, &err))
        return true;
    invocation->run = NULL;
    invocation_abandon(invocation, INVOCATION_TRAP, err.text, now);
    return false;
}

bool invocation_turn(struct invocation *invocation, struct engine_thread *thread, uint64_t now) {
    if (invocation->cancelled) {
        invocation_abandon(invocation, INVOCATION_CANCELLED, "it was cancelled", now);
        return true;
    }
    if (now >= invocation->deadline) {
        timed_out(invocation, now);
        return true;
    }
    if (!invocation->run && !make_run(invocation, thread, now)) return true;
    invocation_move(invocation, STATE_RUNNING, now);
    enum engine_state state = engine_run_poll(invocation->run);
    now = clock_monotonic();
    switch (state) {
    case ENGINE_RUNNING:
        invocation_move(invocation, STATE_READY, now);
        return false;
    case ENGINE_PARKED:
        invocation_move(invocation, STATE_PARKED, now);
        invocation->timer.at = invocation->call.host.wake_at;
        if (invocation->timer.at > invocation->deadline)
            invocation->timer.at = invocation->deadline;
        return false;
    case ENGINE_TRAPPED:
        trapped(invocation, now);
        return true;
    case ENGINE_FINISHED:
        end(invocation, now);
        return true;
    }
    must(!"a state of the engine");
    return true;
}
