#include "skill/entry.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/must.h"

static const char *const names[ENTRY_STATE_COUNT] = {
#define X(state, text) [state] = (text),
    ENTRY_STATES(X)
#undef X
};

#define TO(state) (1u << (state))

/* Which states may follow which. */
static const unsigned moves[ENTRY_STATE_COUNT] = {
    [ENTRY_SEEN] = TO(ENTRY_LISTED) | TO(ENTRY_GONE),
    [ENTRY_LISTED] = TO(ENTRY_LOADING) | TO(ENTRY_GONE),
    [ENTRY_LOADING] = TO(ENTRY_READY) | TO(ENTRY_FAILED) | TO(ENTRY_LISTED) /* the file changed */ |
                      TO(ENTRY_GONE),
    [ENTRY_READY] = TO(ENTRY_LISTED) | TO(ENTRY_GONE),
    [ENTRY_FAILED] = TO(ENTRY_LISTED) | TO(ENTRY_GONE),
    [ENTRY_GONE] = 0,
};

const char *entry_state_name(enum entry_state state) {
    return names[state];
}

/* One number for all stores of the process: who compares it with an older one asks whether anything
 * changed at all. */
static atomic_uint_fast64_t moves_made;

uint64_t entry_moves_made(void) {
    return atomic_load(&moves_made);
}

void entry_move(struct entry *entry, enum entry_state state) {
    if ((moves[entry->state] & TO(state)) == 0) {
        char text[100];
        snprintf(text, sizeof text, "a skill's entry cannot go from %s to %s", names[entry->state],
                 names[state]);
        must_fail(__FILE__, __LINE__, text);
    }
    uint64_t now = clock_monotonic();
    entry->spent[entry->state] += now - entry->since;
    entry->since = now;
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
    entry->waiting_at = &entry->waiting;
    return entry;
}

struct entry *entry_retain(struct entry *entry) {
    entry->references++;
    return entry;
}

void entry_release(struct entry *entry) {
    must(entry->references > 0);
    if (--entry->references > 0) return;
    must(entry->waiting == NULL && entry->skill == NULL);
    free(entry->name);
    free(entry);
}

void entry_wait(struct entry *entry, struct skill_request *request) {
    request->next = NULL;
    *entry->waiting_at = request;
    entry->waiting_at = &request->next;
}

struct skill_request *entry_take_waiting(struct entry *entry) {
    struct skill_request *list = entry->waiting;
    entry->waiting = NULL;
    entry->waiting_at = &entry->waiting;
    return list;
}
