/* A store and a runtime that are put in the place of the real ones at link time. What they do
 * follows from the skill's name:
 *
 *   echo                   answers with its input
 *   echo-pending           the same, after a load on another thread
 *   slow-N                 … after N ms
 *   hang                   never, until it is cancelled
 *   held                   until fake_let_go
 *   user, input, output, trap, timeout, refused
 *                          fails so
 *   stream                 is a streaming skill
 *   old                    is of world 0.2 (no metadata)
 *   meta-bad, meta-json    metadata with a bad schema
 *   load-fail, load-slow, load-held
 *
 * Namespace "dev"; "broken" is misconfigured; every other skill is unknown. */
#ifndef PK_TESTS_FAKE_H
#define PK_TESTS_FAKE_H

#include "shell/shell.h"

void fake_start(void);
void fake_stop(void); /* answers what is left as cancelled, ends threads */

void fake_let_go(void);

struct fake_counts {
    unsigned long submitted, ended, cancelled, loads, skills_alive;
};
struct fake_counts fake_counts(void);

#endif
