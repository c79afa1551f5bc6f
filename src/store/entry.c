#include "store/entry.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/must.h"

static const struct state_row rows[] = {ENTRY_STATES(STATES_ROW)};
static const struct states entry_states = STATES("entry", rows);

const char *entry_state_name(enum entry_state state) {
    return rows[state].name;
}

/* One number for all stores of the process: who compares it with an older one asks whether anything
 * changed at all. */
static atomic_uint_fast64_t moves_made;

uint64_t entry_moves_made(void) {
    return atomic_load(&moves_made);
}

void entry_move(struct entry *entry, enum entry_state state) {
    states_check(&entry_states, entry->state, state, entry->name);
    states_spend(&entry->since, &entry->spent[entry->state], clock_monotonic());
    entry->state = state;
    atomic_fetch_add(&moves_made, 1);
}

struct entry *entry_new(struct namespace *namespace, struct str name, uint64_t hash) {
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) return NULL;
    entry->name = strndup(name.data, name.size);
    if (entry->name == NULL) {
        free(entry);
        return NULL;
    }
    entry->namespace = namespace;
    entry->hash = hash;
    entry->references = 1;
    entry->since = clock_monotonic();
    entry->retry_at = ENTRY_NEVER;
    return entry;
}

struct entry *entry_retain(struct entry *entry) {
    entry->references++;
    return entry;
}

void entry_release(struct entry *entry) {
    must(entry->references > 0);
    if (--entry->references > 0) return;
    must(entry->waiting.first == NULL && entry->skill == NULL);
    free(entry->name);
    free(entry);
}

/* ---- failures */

static const uint64_t first_pause = CLOCK_S, longest_pause = 60 * CLOCK_S;

/* Would the same file fail again, whatever the machine has to spare? */
static bool is_lasting(enum err_kind kind) {
    return kind == ERR_INVALID || kind == ERR_UNSUPPORTED || kind == ERR_LIMIT;
}

static uint64_t pause_after(unsigned failures) {
    unsigned doublings = failures - 1;
    return doublings > 5 ? longest_pause : first_pause << doublings;
}

void entry_fail(struct entry *entry, const struct err *error, uint64_t now) {
    entry_move(entry, ENTRY_FAILED);
    entry->error = *error;
    entry->retry_at = ENTRY_NEVER;
    if (!is_lasting(error->kind)) entry->retry_at = now + pause_after(++entry->failures);
}

void entry_renew(struct entry *entry) {
    entry_move(entry, ENTRY_LISTED);
    entry->retry_at = ENTRY_NEVER;
}

bool entry_is_due(const struct entry *entry, uint64_t now) {
    return entry->state == ENTRY_FAILED && now >= entry->retry_at;
}

void entry_tell(const struct entry *entry, uint64_t now, struct skill_request *request) {
    request->error = entry->error;
    request->retry_after = 0;
    if (entry->retry_at == ENTRY_NEVER) return;
    uint64_t left = entry->retry_at > now ? entry->retry_at - now : 0;
    request->retry_after = (unsigned)((left + CLOCK_S - 1) / CLOCK_S);
    if (request->retry_after == 0) request->retry_after = 1;
    err_set(&request->error, entry->error.kind,
            "%.800s. It is tried again when the file changes, and with the first call after %u s",
            entry->error.text, request->retry_after);
}
