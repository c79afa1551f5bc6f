#include "shell/listing.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "shell/answer.h"
#include "shell/aside.h"
#include "shell/handler.h"
#include "shell/loop.h"

struct listing {
    atomic_uint references; /* `present`'s, and one for each answer under way */
    uint64_t version;       /* the store's when it was made */
    struct buf json;
};

static void release(void *owner) {
    struct listing *listing = owner;
    if (!listing || atomic_fetch_sub(&listing->references, 1) > 1) return;
    buf_free(&listing->json);
    free(listing);
}

void listings_init(struct listings *listings) {
    pthread_mutex_init(&listings->lock, NULL);
}

void listings_free(struct listings *listings) {
    for (int kind = 0; kind < LISTING_KINDS; kind++) release(listings->present[kind]);
    pthread_mutex_destroy(&listings->lock);
}

/* Counted for the caller; NULL: it was made before the store's latest change, or never. */
static struct listing *find(struct shell *shell, enum listing_kind kind) {
    uint64_t version = skill_store_version(shell->store);
    pthread_mutex_lock(&shell->listings.lock);
    struct listing *found = shell->listings.present[kind];
    if (found && found->version != version) found = NULL;
    if (found) atomic_fetch_add(&found->references, 1);
    pthread_mutex_unlock(&shell->listings.lock);
    return found;
}

/* ---- on the thread aside */

static struct listing *make(struct shell *shell, enum listing_kind kind) {
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing) return NULL;
    atomic_init(&listing->references, 2); /* `present`'s and the caller's */
    listing->version = skill_store_version(shell->store);
    buf_init(&listing->json, SIZE_MAX);
    (kind == LISTING_SKILLS ? skill_store_list : skill_store_list_cached)(shell->store,
                                                                          &listing->json);
    if (listing->json.failed) {
        buf_free(&listing->json);
        free(listing);
        return NULL;
    }
    pthread_mutex_lock(&shell->listings.lock);
    struct listing *before = shell->listings.present[kind];
    shell->listings.present[kind] = listing;
    pthread_mutex_unlock(&shell->listings.lock);
    release(before);
    return listing;
}

/* Of several that waited the first makes it. */
static void find_or_make(struct shell_request *request) {
    struct shell *shell = request->loop->shell;
    request->listing = find(shell, request->listing_kind);
    if (!request->listing) request->listing = make(shell, request->listing_kind);
}

/* ---- on the loop's */

static void answer_with(struct shell_request *request, struct listing *listing) {
    if (listing)
        answer_shared(request, TYPE_JSON, &listing->json, release, listing);
    else
        answer_static(request, HTTP_SERVICE_UNAVAILABLE,
                      "This kernel has no memory for the list. Please try again later.");
}

static void made(struct shell_request *request) {
    if (request->state == REQUEST_LEFT) {
        release(request->listing);
        request_work_done(request);
        return;
    }
    answer_with(request, request->listing);
    handler_send(request);
}

void listing_answer(struct shell_request *request, enum listing_kind kind) {
    struct listing *listing = find(request->loop->shell, kind);
    if (listing) {
        answer_with(request, listing);
        return;
    }
    request->listing_kind = kind;
    request->aside = find_or_make;
    request_move(request, REQUEST_ASIDE);
    request_send_to_work(request, made);
    aside_send(request->loop->shell->aside, request);
}
