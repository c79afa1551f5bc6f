/* The memory that all calls may have together (setting GUEST_MEMORY), and what every executor has
 * to know about it. What counts is what the process really has (its anonymous memory, read every
 * few milliseconds); what single calls cost only decides who begins, who waits and who is ended.
 * All fields are atomics that change when a call goes on after a turn, not for each short call.
 * Any thread. */
#ifndef PK_RUNTIME_ROOM_H
#define PK_RUNTIME_ROOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum room_level {
    ROOM_AMPLE,  /* less than half of the limit is in use */
    ROOM_SCARCE, /* half of it */
    ROOM_OVER,   /* all of it */
    ROOM_DIRE,   /* an eighth more, and 64 MiB at least */
};

/* Bytes of a call's cost from which on it counts as a holder of memory. */
#define ROOM_HOLDER (256ull << 10)

struct room {
    int statm; /* descriptor of /proc/self/statm; -1: no limit is kept */
    uint64_t limit;
    _Atomic uint64_t read_at, bytes; /* the process's anonymous memory at the last look */
    _Atomic uint64_t promised;       /* bytes that calls were promised and do not hold yet */
    _Atomic uint64_t progress;       /* when a holder ended last, or was let go on */
    atomic_uint begun;               /* calls that have had a turn and have not ended */
    atomic_uint holders;             /* of these, the ones that hold ROOM_HOLDER or more */
    atomic_uint stuck;               /* of the holders, the ones that wait for memory */
    atomic_uint waiting;             /* begun calls that wait for memory, holders or not */
    atomic_uint grower;     /* the executor whose call has the turn to grow, + 1; 0: none */
    _Atomic uint64_t *most; /* by executor: bytes of its largest holder at its last sweep */
    uint32_t executors;
};

/* `limit`: bytes of all calls together. */
bool room_init(struct room *room, uint64_t limit, uint32_t executors, struct err *err);
void room_free(struct room *room);

/* Read the process's memory unless it was read within the last milliseconds; the level then. */
enum room_level room_look(struct room *room, uint64_t now);
/* The level at the last look. */
enum room_level room_level(const struct room *room);
enum room_level room_level_of(const struct room *room, uint64_t bytes);
/* Bytes that are neither in use nor promised. */
uint64_t room_left(const struct room *room);
/* Promise `bytes`, if the sum of used and promised bytes stays within `most`. */
bool room_promise(struct room *room, uint64_t bytes, uint64_t most);
/* What calls were promised and do not hold yet has changed by so much. */
void room_promise_change(struct room *room, int64_t change);

/* The one turn to grow beyond what was promised, where much is in use. True: executor `index` has
 * it. */
bool room_take_turn(struct room *room, uint32_t index);
void room_give_turn(struct room *room, uint32_t index); /* if it has it */

/* Executor `index` says what its largest holder has. True: none has more anywhere. */
bool room_has_most(struct room *room, uint32_t index, uint64_t bytes);

#endif
