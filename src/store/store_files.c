/* What the watcher's thread tells the store about files.
 *
 * "A file still being written is not loaded half": a file is settled when inotify told that its
 * writer closed it or that it was moved here whole; else when it has looked the same for a while.
 * Only settled files are loaded. A load that fails while the file is young proves nothing: the file
 * counts as unsettled again until it is older. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/store_internal.h"

static const uint64_t settle_time = 500 * CLOCK_MS; /* of a file that only a pass saw */
static const uint64_t writer_time =
    10 * CLOCK_S; /* with a known writer: its end comes by inotify, this is for lost events */
static const uint64_t old_age =
    2 * CLOCK_S; /* unchanged for so long when it is first seen: nobody writes it */
static const uint64_t patience = 30 * CLOCK_S; /* that requests have with a writer */

/* A time that lies ahead is another clock's (a network file system's), and tells nothing. */
bool store_is_young(const struct source_identity *file) {
    int64_t age = (int64_t)clock_realtime() - file->changed;
    return age <= (int64_t)old_age && age >= -(int64_t)old_age;
}

static void set_settled(struct entry *entry, bool settled, uint64_t now) {
    if (entry->settled && !settled) entry->unsettled_since = now;
    if (settled) entry->by_writer = entry->doubted = false;
    entry->settled = settled;
}

static void update(struct entry *entry, const struct source_identity *file,
                   enum source_notice notice, uint64_t now) {
    bool same = source_same(&entry->file, file);
    if (!same) entry->looked = now;
    entry->file = *file;
    bool settled = entry->settled;
    if (notice == SOURCE_WRITTEN && same) entry->writes++;
    if (notice != SOURCE_SEEN) entry->doubted = false;
    if (notice == SOURCE_WRITING)
        settled = false;
    else if (notice == SOURCE_WRITTEN)
        settled = true;
    else if (entry->doubted || (!same && !entry->by_writer))
        settled = !store_is_young(file);
    else if (!settled)
        settled = now - entry->looked >= (entry->by_writer ? writer_time : settle_time);
    set_settled(entry, settled, now);
    if (notice == SOURCE_WRITING) entry->by_writer = true;
}

bool store_is_loaded(const struct entry *entry, const struct source_identity *file) {
    return source_same(file, &entry->loaded) && entry->writes == entry->loaded_writes;
}

static void log_entry(const struct entry *entry, const char *what) {
    /* The first pass is told as a number. */
    if (entry->namespace->pass > 1)
        log_info("skill", "%s/%s %s", entry->namespace->name, entry->name, what);
}

/* An entry whose file is settled follows it. The version that is loaded answers until the new one
 * is, so that begins at once. */
static void follow(struct skill_store *store, struct entry *entry, struct effects *effects) {
    bool loaded = entry->state == ENTRY_READY || entry->state == ENTRY_FAILED;
    if (entry->state == ENTRY_SEEN) {
        entry_move(entry, ENTRY_LISTED);
        log_entry(entry, "was added");
    } else if (loaded && !store_is_loaded(entry, &entry->file)) {
        entry_renew(entry);
        entry->failures = 0;
        log_entry(entry, "was changed");
    }
    if (entry->state == ENTRY_LISTED && (entry->waiting.first != NULL || entry->skill != NULL))
        loader_begin(store, entry, effects);
}

static void give_up_waiting(struct entry *entry, struct effects *effects) {
    struct err error;
    err_set(&error, ERR_BUSY,
            "Error loading skill: the file of %s/%s is still being written after %u s",
            entry->namespace->name, entry->name, (unsigned)(patience / CLOCK_S));
    store_answer(entry, NULL, &error, effects);
}

static struct entry *add(struct skill_store *store, struct namespace *namespace, struct str name,
                         enum source_notice notice, uint64_t now) {
    struct entry *entry = store_add(store, namespace, name);
    if (entry == NULL) {
        log_error("skill", "%s/%.*s cannot be listed: no memory, or more than %d skills",
                  namespace->name, STR_ARG(name), STORE_MAX_SKILLS);
        return NULL;
    }
    entry->looked = entry->unsettled_since = now;
    if (notice != SOURCE_WRITING) {
        entry_move(entry, ENTRY_LISTED); /* listed at once, loaded when it is settled */
        log_entry(entry, "was added");
    }
    return entry;
}

void store_see(struct skill_store *store, struct namespace *namespace, struct str name,
               const struct source_identity *file, enum source_notice notice) {
    struct effects effects = {0};
    pthread_mutex_lock(&store->lock);
    uint64_t now = clock_monotonic(); /* under the lock: not before the times in the entry */
    namespace->misconfigured = false; /* its directory can be read again */
    struct entry *entry = store_find(store, namespace, name);
    if (entry == NULL) entry = add(store, namespace, name, notice, now);
    if (entry != NULL) {
        entry->pass = namespace->pass;
        update(entry, file, notice, now);
        if (entry->settled)
            follow(store, entry, &effects);
        else if (entry->state == ENTRY_LISTED && entry->waiting.first != NULL &&
                 now - entry->unsettled_since > patience)
            give_up_waiting(entry, &effects);
    }
    pthread_mutex_unlock(&store->lock);
    effects_run(store, &effects);
}

/* The lock is held. What a load is being made for waits for that load. */
static void lose(struct skill_store *store, struct entry *entry, struct effects *effects) {
    struct err error;
    if (entry->state != ENTRY_SEEN) log_entry(entry, "was removed");
    if (entry->state != ENTRY_LOADING) {
        err_set(&error, ERR_NOT_FOUND, "Error loading skill: the file of %s/%s was removed",
                entry->namespace->name, entry->name);
        store_answer(entry, NULL, &error, effects);
    }
    store_drop_skill(entry, effects);
    entry_move(entry, ENTRY_GONE);
    store_remove(store, entry);
}

void store_lose(struct skill_store *store, struct namespace *namespace, struct str name) {
    struct effects effects = {0};
    pthread_mutex_lock(&store->lock);
    struct entry *entry = store_find(store, namespace, name);
    if (entry != NULL) lose(store, entry, &effects);
    pthread_mutex_unlock(&store->lock);
    effects_run(store, &effects);
}

/* One entry of the bucket that the pass did not see. False: there is none. */
static bool lose_one(struct skill_store *store, struct namespace *namespace, size_t bucket) {
    struct effects effects = {0};
    pthread_mutex_lock(&store->lock);
    struct entry *entry = store->buckets[bucket];
    while (entry != NULL && (entry->namespace != namespace || entry->pass == namespace->pass))
        entry = entry->chain;
    if (entry != NULL) lose(store, entry, &effects);
    pthread_mutex_unlock(&store->lock);
    effects_run(store, &effects);
    return entry != NULL;
}

/* Only this thread adds entries, so the buckets stay as many as they are. */
void store_end_pass(struct skill_store *store, struct namespace *namespace) {
    for (size_t i = 0; i < store->bucket_count; i++)
        while (lose_one(store, namespace, i)) {
        }
}

void store_set_error(struct skill_store *store, struct namespace *namespace,
                     const struct err *error) {
    pthread_mutex_lock(&store->lock);
    namespace->misconfigured = error != NULL;
    if (error != NULL) namespace->error = *error;
    pthread_mutex_unlock(&store->lock);
}

size_t store_unsettled(struct skill_store *store, struct unsettled *out, size_t cap) {
    size_t count = 0;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < store->bucket_count && count < cap; i++)
        for (struct entry *entry = store->buckets[i]; entry != NULL && count < cap;
             entry = entry->chain)
            if (!entry->settled && (out[count].name = strdup(entry->name)) != NULL)
                out[count++].namespace = entry->namespace;
    pthread_mutex_unlock(&store->lock);
    return count;
}
