/* Life cycles as data: one table of states for each kind of thing, and for each state the states
 * that may follow it. A move that the table does not list is a mistake of ours and ends the process
 * with both names.
 *
 *   #define DOOR_STATES(X)                                  \
 *       X(DOOR_SHUT, "shut", TO(DOOR_OPEN))                 \
 *       X(DOOR_OPEN, "open", TO(DOOR_SHUT) | TO(DOOR_GONE)) \
 *       X(DOOR_GONE, "gone", 0)
 *   enum door_state { DOOR_STATES(STATES_ENUM) DOOR_STATE_COUNT };
 *   static const struct state_row rows[] = {DOOR_STATES(STATES_ROW)};
 *   static const struct states door_states = STATES("door", rows);
 *
 * A state that nothing leads to is where things begin. Thread: all functions are pure. */
#ifndef PK_BASE_STATES_H
#define PK_BASE_STATES_H

#include <stdint.h>

struct state_row {
    const char *name;
    uint32_t to; /* bits of the states that may follow, made by TO() */
};

struct states {
    const char *of; /* what kind of thing has these states, for texts */
    const struct state_row *rows;
    uint32_t count; /* at most 32 */
};

#define TO(state)                    (UINT32_C(1) << (state))
#define STATES_ENUM(state, name, to) state,
#define STATES_ROW(state, name, to)  [state] = {name, to},
#define STATES(of, rows)                                                                           \
    { of, rows, sizeof(rows) / sizeof *(rows) }

/* Aborts unless `to` may follow `from`. `which`: the one thing that moves, for the text
 * ("dev/hello"); NULL when it has no name. */
void states_check(const struct states *states, uint32_t from, uint32_t to, const char *which);

/* A state was left at `now`: add what was spent in it, begin the next. Any one unit of time. */
static inline void states_spend(uint64_t *since, uint64_t *spent, uint64_t now) {
    *spent += now - *since;
    *since = now;
}

#endif
