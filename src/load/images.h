/* The images of the skills that are loaded: one for all copies of one file, with its slots. Any
 * thread.
 *
 * Slots follow the image, so who shares one shares what they keep: only skills of the same bytes
 * do. Equal images of different components stay apart (docs/engine.md says why). */
#ifndef PK_LOAD_IMAGES_H
#define PK_LOAD_IMAGES_H

#include <pthread.h>

#include "load/codes.h"

struct image_item;

struct images {
    pthread_mutex_t lock;
    struct image_item *items;
};

void images_init(struct images *images);
void images_free(struct images *images); /* skills may live on */
/* The image of a manifest, counted for the caller: the one that is there, or opened now. One skill
 * more uses it, until images_let_go. LOAD_DONE, _FAILED or _UNLINKED. */
enum load_result images_get(struct images *images, struct cache *cache,
                            const struct skill_manifest *manifest, struct engine_image **out,
                            struct err *err);
/* A skill that uses it is not loaded any more, whoever may still run it. True: it was the last.
 * Then nobody gets the image any more, and the caller retires it. */
bool images_let_go(struct images *images, const struct engine_image *image);

#endif
