/* GET /v1/skills, /skills and /cached_skills: each list is made once per change of the store, on
 * the thread aside, and shared by all answers until the next change. */
#ifndef PK_SHELL_LISTING_H
#define PK_SHELL_LISTING_H

#include <pthread.h>

#include "shell/request.h"

enum listing_kind { LISTING_SKILLS, LISTING_CACHED, LISTING_KINDS };

/* The present bodies; the lock is held for the time of a pointer's copy. */
struct listings {
    pthread_mutex_t lock;
    struct listing *present[LISTING_KINDS]; /* NULL: not made yet */
};
void listings_init(struct listings *listings);
void listings_free(struct listings *listings); /* every answer was sent */

/* Loop: answer with the list, now or when it is made. */
void listing_answer(struct shell_request *request, enum listing_kind kind);

#endif
