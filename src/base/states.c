#include "base/states.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/must.h"

static const char *name_of(const struct states *states, uint32_t state) {
    return state < states->count ? states->rows[state].name : "a state that does not exist";
}

void states_check(const struct states *states, uint32_t from, uint32_t to, const char *which) {
    bool listed = from < states->count && to < states->count && states->rows[from].to & TO(to);
    if (listed) return;
    char text[200];
    snprintf(text, sizeof text, "%s %s: no move from %s to %s", states->of, which ? which : "",
             name_of(states, from), name_of(states, to));
    must_fail(__FILE__, __LINE__, text);
}
