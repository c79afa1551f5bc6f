/* The codes that loaded skills share: one per code and interface, however many skills. Any thread.
 */
#ifndef PK_LOAD_CODES_H
#define PK_LOAD_CODES_H

#include <pthread.h>

#include "cache/cache.h"
#include "load/result.h"
#include "skill/skill.h"

struct code_item;

struct codes {
    pthread_mutex_t lock;
    struct code_item *items;
};

void codes_init(struct codes *codes);
void codes_free(struct codes *codes); /* skills may live on */
/* The code of a manifest, counted for the caller: the one that is there, or mapped now from
 * `compiled`, with its interface and names read from the cache. */
enum load_result codes_get(struct codes *codes, struct engine *engine, struct cache *cache,
                           const struct skill_manifest *manifest, int compiled,
                           struct skill_code **out, struct err *err);
/* Before anything is compiled: does it import only what there is, and export what its world says?
 */
enum load_result codes_check(struct cache *cache, const struct skill_manifest *manifest,
                             struct err *err);
/* Is it there? Then nothing has to be opened. Counted; NULL when not. */
struct skill_code *codes_find(struct codes *codes, const struct skill_manifest *manifest);
/* Let go of codes that no skill uses any more. */
void codes_sweep(struct codes *codes);

#endif
