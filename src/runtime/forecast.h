/* What a skill's next call will need, from what its last ones did: time and memory. Kept on the
 * skill, read and written by all executors; where two write at once one may be lost, which does not
 * matter. */
#ifndef PK_RUNTIME_FORECAST_H
#define PK_RUNTIME_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "skill/skill.h"

/* A call that used a slice or more is two strikes, another takes one back; with so many the skill's
 * calls are slow. */
enum { FORECAST_STRIKES = 4 };

/* Will its next call use a slice or more? */
bool forecast_slow(const struct skill *skill);
/* Bytes that its next call will cost: the most of its last calls, of which each that needs less
 * takes an eighth of the difference away. */
uint64_t forecast_memory(const struct skill *skill);
/* Bytes that its calls cost which have begun and not ended. */
uint64_t forecast_held(const struct skill *skill);

/* A call has used a slice (once per call), or ended before that. */
void forecast_note_time(struct skill *skill, bool slow);
/* A call costs so much, and goes on or has `ended`. */
void forecast_note_memory(struct skill *skill, uint64_t bytes, bool ended);
/* Do some of its calls wait for memory? */
bool forecast_starved(const struct skill *skill);
/* One waits now, or goes on. */
void forecast_note_starved(struct skill *skill, bool waits);
/* What a call costs has changed by so much. */
void forecast_note_held(struct skill *skill, int64_t change);

#endif
