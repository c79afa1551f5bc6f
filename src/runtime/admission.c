#include "runtime/admission.h"

#include "base/clock.h"
#include "base/must.h"
#include "runtime/forecast.h"
#include "runtime/invocation.h"

/* ---- the rules ---- */

/* What a skill's last calls cost may be more than can ever be free beside others, even small ones
 * that sleep: half of the memory is enough to begin with. */
static uint64_t asked(const struct admission_ask *ask, const struct admission_state *state) {
    return ask->memory < state->limit / 2 ? ask->memory : state->limit / 2;
}

static bool fits(const struct admission_ask *ask, const struct admission_state *state) {
    uint64_t memory = asked(ask, state);
    return memory < state->left && ask->held + memory <= ADMISSION_SHARE * (state->left - memory);
}

bool admission_may_begin(const struct admission_ask *ask, const struct admission_state *state) {
    if (!state->alone && (ask->starved || !fits(ask, state))) return false;
    if (ask->memory >= RUN_BIG && (state->big_middle || state->growing)) return false;
    if (ask->memory < RUN_BIG && !ask->slow) return true;
    uint32_t beside = ask->memory < ADMISSION_SMALL ? ADMISSION_MIDDLE_MAX : 1;
    bool scarce = state->left < state->limit / 2;
    uint64_t patience = scarce && beside == 1 ? ADMISSION_PATIENCE_SCARCE : ADMISSION_PATIENCE;
    return state->middle < beside || state->waited >= patience;
}

uint64_t admission_promise(const struct admission_ask *ask, const struct admission_state *state) {
    uint64_t memory = asked(ask, state);
    return memory < ADMISSION_SMALL ? 0 : memory;
}

uint64_t admission_growth_wanted(const struct admission_growth *growth) {
    if (!growth->grew && growth->cost >= growth->forecast) return 0;
    uint64_t wanted = growth->grew ? 2 * growth->cost : growth->cost;
    if (wanted < growth->forecast) wanted = growth->forecast;
    bool covered = growth->cost < growth->promised || wanted <= growth->promised;
    return wanted < ADMISSION_SMALL || covered ? 0 : wanted;
}

struct admission_ask admission_ask_of(const struct skill *skill) {
    return (struct admission_ask){.slow = forecast_slow(skill),
                                  .memory = forecast_memory(skill),
                                  .held = forecast_held(skill),
                                  .starved = forecast_starved(skill)};
}

/* ---- the lines ---- */

static bool is_slow(const struct skill *skill) {
    return forecast_slow(skill) || forecast_memory(skill) >= RUN_BIG;
}

static struct list *bucket_of(struct admission *admission, const struct skill *skill) {
    return &admission->buckets[((uintptr_t)skill >> 6) % ADMISSION_BUCKETS];
}

static struct invocation *first_of(const struct admission_line *line) {
    return OWNER(line->calls.first, struct invocation, queue_link);
}

static struct admission_line *find(struct admission *admission, const struct skill *skill) {
    for (struct list_link *at = bucket_of(admission, skill)->first; at; at = at->next) {
        struct admission_line *line = OWNER(at, struct admission_line, bucket_link);
        if (first_of(line)->call.skill == skill) return line;
    }
    return NULL;
}

static void line_append(struct admission *admission, struct admission_line *line, bool slow) {
    line->slow = slow;
    list_append(&admission->lines[slow], &line->link);
}

void admission_push(struct admission *admission, struct invocation *invocation, uint64_t now) {
    const struct skill *skill = invocation->call.skill;
    struct admission_line *line = find(admission, skill);
    if (!line) {
        line = &invocation->line;
        line->calls = (struct list){0};
        list_append(bucket_of(admission, skill), &line->bucket_link);
        bool slow = is_slow(skill);
        if (!admission->lines[slow].first && slow) admission->slow_begun = now;
        line_append(admission, line, slow);
    }
    list_append(&line->calls, &invocation->queue_link);
    admission->count++;
}

/* Take a call out of its line, which moves to the end of its list, into the call that is first now,
 * when the one that it lived in has left. */
static void take(struct admission *admission, struct invocation *invocation) {
    struct list *bucket = bucket_of(admission, invocation->call.skill);
    struct admission_line *line = find(admission, invocation->call.skill);
    must(line && admission->count > 0);
    admission->count--;
    list_remove(&line->calls, &invocation->queue_link);
    if (line != &invocation->line) return;
    list_remove(bucket, &line->bucket_link);
    list_remove(&admission->lines[line->slow], &line->link);
    if (!line->calls.first) return;
    struct admission_line *moved = &first_of(line)->line;
    moved->calls = line->calls;
    list_append(bucket, &moved->bucket_link);
    line_append(admission, moved, is_slow(invocation->call.skill));
}

void admission_remove(struct admission *admission, struct invocation *invocation) {
    take(admission, invocation);
}

void admission_begin(struct admission *admission, struct invocation *invocation, uint64_t now) {
    if (invocation->line.slow) admission->slow_begun = now;
    take(admission, invocation);
}

/* Put lines where their skills belong whose calls have changed since they came. Only the first of a
 * list is looked at, the others when it is their turn. */
static void sort_out(struct admission *admission, bool slow) {
    struct list *list = &admission->lines[slow];
    while (list->first) {
        struct admission_line *line = OWNER(list->first, struct admission_line, link);
        if (is_slow(first_of(line)->call.skill) == slow) return;
        list_remove(list, &line->link);
        line_append(admission, line, !slow);
    }
}

/* Of the lines of a list, the first whose call may begin; or, while memory is scarce, of those
 * whose calls may begin the one whose skill holds least. */
static struct invocation *choose(const struct list *list, const struct admission_state *state,
                                 bool scarce) {
    struct invocation *chosen = NULL;
    uint64_t least = UINT64_MAX;
    for (struct list_link *at = list->first; at; at = at->next) {
        struct invocation *first = first_of(OWNER(at, struct admission_line, link));
        struct admission_ask ask = admission_ask_of(first->call.skill);
        if (ask.held >= least || !admission_may_begin(&ask, state)) continue;
        chosen = first;
        least = ask.held;
        if (!scarce) break;
    }
    return chosen;
}

struct invocation *admission_next(struct admission *admission, const struct admission_state *state,
                                  bool slow, bool scarce) {
    sort_out(admission, slow);
    return choose(&admission->lines[slow], state, scarce);
}

void admission_each(const struct admission *admission,
                    void (*look)(void *context, struct invocation *invocation), void *context) {
    for (int slow = 0; slow < 2; slow++)
        for (struct list_link *at = admission->lines[slow].first; at; at = at->next) {
            struct admission_line *line = OWNER(at, struct admission_line, link);
            for (struct list_link *each = line->calls.first; each; each = each->next)
                look(context, OWNER(each, struct invocation, queue_link));
        }
}
