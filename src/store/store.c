#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "store/store_internal.h"

/* ---- the table */

struct namespace *store_namespace(struct skill_store *store, struct str name) {
    for (size_t i = 0; i < store->namespace_count; i++)
        if (str_is(name, store->namespaces[i].name)) return &store->namespaces[i];
    return NULL;
}

static uint64_t hash_of(const struct namespace *namespace, struct str name) {
    return str_hash(name) ^ (uint64_t)(uintptr_t) namespace * UINT64_C(0x9e3779b97f4a7c15);
}

struct entry *store_find(struct skill_store *store, const struct namespace *namespace,
                         struct str name) {
    uint64_t hash = hash_of(namespace, name);
    struct entry *entry = store->buckets[hash & (store->bucket_count - 1)];
    while (entry != NULL &&
           (entry->hash != hash || entry->namespace != namespace || !str_is(name, entry->name)))
        entry = entry->chain;
    return entry;
}

static void insert(struct skill_store *store, struct entry *entry) {
    struct entry **bucket = &store->buckets[entry->hash & (store->bucket_count - 1)];
    entry->chain = *bucket;
    *bucket = entry;
}

static void grow(struct skill_store *store) {
    size_t old_count = store->bucket_count;
    struct entry **old = store->buckets, **larger = calloc(2 * old_count, sizeof(struct entry *));
    if (larger == NULL) return; /* chains get longer */
    store->buckets = larger;
    store->bucket_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++)
        for (struct entry *entry = old[i], *next; entry != NULL; entry = next) {
            next = entry->chain;
            insert(store, entry);
        }
    free(old);
}

struct entry *store_add(struct skill_store *store, struct namespace *namespace, struct str name) {
    if (store->entry_count >= STORE_MAX_SKILLS) return NULL;
    struct entry *entry = entry_new(namespace, name, hash_of(namespace, name));
    if (entry == NULL) return NULL;
    if (store->entry_count++ >= store->bucket_count) grow(store);
    insert(store, entry);
    return entry;
}

void store_remove(struct skill_store *store, struct entry *entry) {
    struct entry **at = &store->buckets[entry->hash & (store->bucket_count - 1)];
    while (*at != entry) at = &(*at)->chain;
    *at = entry->chain;
    store->entry_count--;
    entry_release(entry);
}

/* ---- effects */

void store_answer(struct entry *entry, struct skill *skill, const struct err *error,
                  struct effects *effects) {
    for (struct list_link *place; (place = list_take(&entry->waiting));) {
        struct skill_request *request = OWNER(place, struct skill_request, place);
        request->skill = skill != NULL ? skill_retain(skill) : NULL;
        if (skill == NULL && entry->state == ENTRY_FAILED)
            entry_tell(entry, clock_monotonic(), request);
        else if (skill == NULL)
            request->error = *error;
        list_append(&effects->answers, place);
    }
}

void store_drop_skill(struct entry *entry, struct effects *effects) {
    must(effects->dropped == NULL);
    effects->dropped = entry->skill;
    entry->skill = NULL;
}

void store_run_answers(struct list *answers) {
    for (struct list_link *place; (place = list_take(answers));) {
        struct skill_request *request = OWNER(place, struct skill_request, place);
        request->done(request); /* may free it */
    }
}

void effects_run(struct skill_store *store, struct effects *effects) {
    store_run_answers(&effects->answers);
    if (effects->dropped == NULL) return;
    struct engine_image *image = effects->dropped->image;
    if (images_let_go(&store->loads.images, image) && store->image_dropped != NULL)
        store->image_dropped(store->context, image);
    skill_release(effects->dropped);
    codes_sweep(&store->loads.codes);
}

/* ---- requests */

/* Try again what failed, when it is time; the lock is held. */
static void retry(struct skill_store *store, struct entry *entry, struct effects *effects) {
    if (entry->state != ENTRY_FAILED || !entry_is_due(entry, clock_monotonic())) return;
    entry_renew(entry);
    if (entry->skill != NULL && entry->settled) loader_begin(store, entry, effects);
}

/* No version is loaded; the lock is held. */
static void ask(struct skill_store *store, struct entry *entry, struct skill_request *request,
                struct effects *effects) {
    if (entry->state == ENTRY_FAILED) {
        entry_tell(entry, clock_monotonic(), request);
        loader_post_answer(store, request);
        return;
    }
    list_append(&entry->waiting, &request->place);
    if (entry->state != ENTRY_LISTED) return;
    if (entry->settled)
        loader_begin(store, entry, effects);
    else
        watcher_wake(store);
}

enum skill_answer skill_store_get(struct skill_store *store, struct str namespace_name,
                                  struct str name, struct skill_request *request) {
    struct effects effects = {0};
    enum skill_answer answer = SKILL_PENDING;
    request->skill = NULL;
    request->retry_after = 0;
    pthread_mutex_lock(&store->lock);
    struct namespace *namespace = store_namespace(store, namespace_name);
    struct entry *entry = namespace != NULL ? store_find(store, namespace, name) : NULL;
    if (entry != NULL && !store->stopped) retry(store, entry, &effects);
    if (entry != NULL && entry->skill != NULL) {
        request->skill = skill_retain(entry->skill);
        answer = SKILL_READY;
    } else if (namespace != NULL && namespace->misconfigured) {
        request->error = namespace->error;
        answer = SKILL_MISCONFIGURED;
    } else if (entry == NULL || entry->state == ENTRY_SEEN) {
        answer = SKILL_UNKNOWN;
    } else if (store->stopped) {
        err_set(&request->error, ERR_CANCELLED, "Error loading skill: the kernel stops");
        answer = SKILL_MISCONFIGURED;
    } else {
        ask(store, entry, request, &effects);
    }
    pthread_mutex_unlock(&store->lock);
    effects_run(store, &effects);
    return answer;
}

bool skill_store_drop(struct skill_store *store, struct str namespace_name, struct str name) {
    struct effects effects = {0};
    pthread_mutex_lock(&store->lock);
    struct namespace *namespace = store_namespace(store, namespace_name);
    struct entry *entry = namespace != NULL ? store_find(store, namespace, name) : NULL;
    bool loaded = entry != NULL && entry->skill != NULL;
    if (loaded) store_drop_skill(entry, &effects);
    if (entry != NULL && (entry->state == ENTRY_READY || entry->state == ENTRY_FAILED)) {
        entry_renew(entry);
        entry->failures = 0;
    }
    pthread_mutex_unlock(&store->lock);
    effects_run(store, &effects);
    return loaded;
}

/* ---- lists */

static int compare_entries(const void *left, const void *right) {
    const struct entry *a = *(struct entry *const *)left, *b = *(struct entry *const *)right;
    int order = strcmp(a->namespace->name, b->namespace->name);
    return order != 0 ? order : strcmp(a->name, b->name);
}

static bool is_wanted(const struct entry *entry, bool cached) {
    return cached ? entry->skill != NULL : entry->state != ENTRY_SEEN;
}

/* Sorting and writing happen without the lock: what is read of an entry then is constant. */
static size_t collect(struct skill_store *store, bool cached, struct entry ***out) {
    size_t count = 0;
    pthread_mutex_lock(&store->lock);
    *out = malloc((store->entry_count + 1) * sizeof(struct entry *));
    for (size_t i = 0; i < store->bucket_count && *out != NULL; i++)
        for (struct entry *entry = store->buckets[i]; entry != NULL; entry = entry->chain)
            if (is_wanted(entry, cached)) (*out)[count++] = entry_retain(entry);
    pthread_mutex_unlock(&store->lock);
    return count;
}

static void list(struct skill_store *store, bool cached, struct buf *json) {
    struct entry **entries;
    char full[STORE_MAX_SKILL_NAME];
    size_t count = collect(store, cached, &entries);
    if (entries == NULL) {
        json->failed = true;
        return;
    }
    qsort(entries, count, sizeof(struct entry *), compare_entries);
    buf_byte(json, '[');
    for (size_t i = 0; i < count; i++) {
        int size =
            snprintf(full, sizeof full, "%s/%s", entries[i]->namespace->name, entries[i]->name);
        if (i > 0) buf_byte(json, ',');
        buf_json_string(json, full, (size_t)size);
    }
    buf_byte(json, ']');
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < count; i++) entry_release(entries[i]);
    pthread_mutex_unlock(&store->lock);
    free(entries);
}

uint64_t skill_store_version(struct skill_store *store) {
    (void)store;
    return entry_moves_made();
}

void skill_store_list(struct skill_store *store, struct buf *json) {
    list(store, false, json);
}

void skill_store_list_cached(struct skill_store *store, struct buf *json) {
    list(store, true, json);
}

/* ---- life */

/* Signals are for the main thread, and a child that closes its input must not end us by SIGPIPE.
 * What the thread's own faults raise stays open, for whoever reports crashes. */
int store_start_thread(struct skill_store *store, void *(*run)(void *store), pthread_t *thread) {
    sigset_t blocked, before;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV), sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE), sigdelset(&blocked, SIGILL), sigdelset(&blocked, SIGABRT);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int problem = pthread_create(thread, NULL, run, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return problem;
}

bool skill_store_start(struct skill_store *store, struct err *err) {
    watcher_pass(store);
    if (!loader_start(store, store->loads.lanes.limit + 2, err)) return false;
    if (!watcher_start(store, err)) {
        skill_store_stop(store);
        return false;
    }
    store->started = true;
    return true;
}

/* What waits for a writer to end and has no load. */
static void cancel_waiting(struct skill_store *store) {
    struct err cancelled;
    err_set(&cancelled, ERR_CANCELLED, "Error loading skill: the kernel stops");
    for (size_t i = 0; i < store->bucket_count; i++)
        for (struct entry *entry = store->buckets[i]; entry != NULL; entry = entry->chain) {
            struct effects effects = {0};
            pthread_mutex_lock(&store->lock);
            if (entry->state == ENTRY_LISTED) store_answer(entry, NULL, &cancelled, &effects);
            pthread_mutex_unlock(&store->lock);
            effects_run(store, &effects);
        }
}

void skill_store_stop(struct skill_store *store) {
    pthread_mutex_lock(&store->lock);
    store->stopped = true;
    pthread_mutex_unlock(&store->lock);
    eventfd_write(store->loads.stop, 1); /* children are killed, the watcher ends */
    if (store->started) watcher_stop(store);
    loader_stop(store);
    cancel_waiting(store);
    store->started = false;
}
