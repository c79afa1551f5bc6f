/* How full the memory is that all guests may have together. What counts is what the process really
 * has (its anonymous memory, read every few milliseconds), not what guests have asked for: what
 * they do not touch costs nothing, and what they write into their images is counted as well.
 *
 * Beyond half of it no further call of a skill whose calls take long is begun before those under
 * way have ended, but for one a second. When it is full, the calls that hold much memory go on one
 * at a time, on one executor, so that each can end and give its memory back. Where that does not
 * help (they sleep, say), calls that grow further are ended, and those that hold most. Any thread.
 */
#ifndef PK_RUNTIME_PRESSURE_H
#define PK_RUNTIME_PRESSURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum pressure_level {
    PRESSURE_NONE,
    PRESSURE_TIGHT, /* half of the memory */
    PRESSURE_FULL,  /* all but what one call more may need */
    PRESSURE_OVER,  /* all */
    PRESSURE_DIRE,  /* an eighth more, and 64 MiB at least */
};

struct pressure {
    int statm; /* descriptor of /proc/self/statm; -1: no limit is kept */
    uint64_t limit, full;
    _Atomic uint64_t read_at;
    atomic_int level;
    atomic_uint owner; /* the executor that may run heavy calls while it is full, + 1; 0: none */
};

/* `limit`: bytes of all guests together; `one`: what one may have. */
bool pressure_init(struct pressure *pressure, uint64_t limit, uint64_t one, struct err *err);
void pressure_free(struct pressure *pressure);

/* The level, not older than a few milliseconds. */
enum pressure_level pressure_look(struct pressure *pressure, uint64_t now);
/* The level of so many bytes. */
enum pressure_level pressure_of(const struct pressure *pressure, uint64_t bytes);

/* The one turn for heavy calls: taken by executor `index` if nobody has it. True: it has it. */
bool pressure_take_turn(struct pressure *pressure, uint32_t index);
void pressure_give_turn(struct pressure *pressure, uint32_t index); /* if it has it */

#endif
