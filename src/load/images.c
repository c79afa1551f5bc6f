#include "load/images.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"

struct image_item {
    struct image_item *next;
    struct digest component, digest;
    struct engine_image *image; /* one reference is ours; calls and threads have others, so: */
    uint32_t users;             /* skills that are loaded */
};

void images_init(struct images *images) {
    images->items = NULL;
    pthread_mutex_init(&images->lock, NULL);
}

static void item_free(struct image_item *item) {
    engine_image_release(item->image);
    free(item);
}

void images_free(struct images *images) {
    while (images->items != NULL) {
        struct image_item *item = images->items;
        images->items = item->next;
        item_free(item);
    }
    pthread_mutex_destroy(&images->lock);
}

/* One user more; NULL: not there. The lock is held. */
static struct engine_image *use(const struct images *images,
                                const struct skill_manifest *manifest) {
    for (struct image_item *item = images->items; item != NULL; item = item->next)
        if (memcmp(&item->component, &manifest->component, DIGEST_SIZE) == 0 &&
            memcmp(&item->digest, &manifest->image.sha256, DIGEST_SIZE) == 0) {
            item->users++;
            return engine_image_retain(item->image);
        }
    return NULL;
}

static enum load_result open_item(struct cache *cache, const struct skill_manifest *manifest,
                                  struct image_item **out, struct err *err) {
    char name[CACHE_NAME];
    cache_artefact_name(ARTEFACT_IMAGE, &manifest->image, name);
    int fd = cache_open_artefact(cache, ARTEFACT_IMAGE, &manifest->image);
    if (fd < 0) return LOAD_UNLINKED;
    const struct engine_image_file file = {fd, cache_directory(cache), name};
    struct image_item *item = malloc(sizeof *item);
    bool good = false;
    if (item == NULL)
        err_set(err, ERR_MEMORY, "no memory for a skill's image");
    else
        good = engine_image_open(&file, manifest->facts.pages, &item->image, err);
    close(fd);
    if (!good) {
        free(item);
        return LOAD_FAILED;
    }
    item->component = manifest->component;
    item->digest = manifest->image.sha256;
    item->users = 0;
    *out = item;
    return LOAD_DONE;
}

enum load_result images_get(struct images *images, struct cache *cache,
                            const struct skill_manifest *manifest, struct engine_image **out,
                            struct err *err) {
    pthread_mutex_lock(&images->lock);
    *out = use(images, manifest);
    pthread_mutex_unlock(&images->lock);
    if (*out != NULL) return LOAD_DONE;
    /* Without the lock: a file of a gigabyte may have to be summed. */
    struct image_item *item;
    enum load_result result = open_item(cache, manifest, &item, err);
    if (result != LOAD_DONE) return result;
    pthread_mutex_lock(&images->lock);
    *out = use(images, manifest); /* another may have been quicker */
    if (*out == NULL) {
        item->next = images->items;
        images->items = item;
        item->users = 1;
        *out = engine_image_retain(item->image);
        item = NULL;
    }
    pthread_mutex_unlock(&images->lock);
    if (item != NULL) item_free(item);
    return LOAD_DONE;
}

bool images_let_go(struct images *images, const struct engine_image *image) {
    struct image_item *last = NULL;
    pthread_mutex_lock(&images->lock);
    struct image_item **at = &images->items;
    while (*at != NULL && (*at)->image != image) at = &(*at)->next;
    must(*at != NULL);
    if (--(*at)->users == 0) {
        last = *at;
        *at = last->next;
    }
    pthread_mutex_unlock(&images->lock);
    if (last == NULL) return false;
    item_free(last);
    return true;
}
