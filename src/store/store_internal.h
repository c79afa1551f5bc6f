/* The store's parts: store.c (requests, lists), store_files.c (what the watcher sees), loader.c
 * (threads that load), load_end.c (what a load leaves), watcher.c (the thread that looks at
 * directories). */
#ifndef PK_STORE_STORE_INTERNAL_H
#define PK_STORE_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/entry.h"
#include "load/load.h"
#include "source/notices.h"

enum { STORE_MAX_NAMESPACES = 1000, STORE_MAX_SKILLS = 100000, STORE_MAX_SKILL_NAME = 400 };

struct namespace {
    char *name;
    struct source *source;
    /* Under the store's lock: */
    bool misconfigured;
    struct err error;
    /* The watcher's: */
    uint32_t pass;
    struct source_odd odd; /* what was ignored at the last pass */
    char complaint[1000]; /* what was logged last about it, so that a lasting problem is logged once
                           */
};

struct loader {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct list loads;   /* to be run */
    struct list answers; /* requests that are answered already: `done` is still to be called */
    bool stopping;
    pthread_t *threads;
    size_t thread_count;
};

struct skill_store {
    struct loads loads;
    struct namespace *namespaces;
    size_t namespace_count;
    uint64_t update_interval;
    void (*image_dropped)(void *context, struct engine_image *image);
    void *context;

    /* Of what follows, and of entries; may be held when the loader's is taken. */
    pthread_mutex_t lock;
    struct entry **buckets;
    size_t bucket_count, entry_count; /* a power of two; chains are short */
    bool stopped;

    struct loader loader;
    pthread_t watcher;
    struct notices notices; /* the watcher's */
    int wake;               /* eventfd: the watcher looks at files that are not settled */
    bool started;
};

/* ---- what has to be done after the lock was given back */
struct effects {
    struct skill *dropped; /* an entry let go of it */
    struct list answers;   /* requests: `done` is to be called */
};
void effects_run(struct skill_store *store, struct effects *effects);
void store_run_answers(struct list *answers);

/* ---- store.c; the lock is held */
struct namespace *store_namespace(struct skill_store *store, struct str name);
struct entry *store_find(struct skill_store *store, const struct namespace *namespace,
                         struct str name);
struct entry *store_add(struct skill_store *store, struct namespace *namespace,
                        struct str name); /* NULL: no memory, too many */
void store_remove(struct skill_store *store, struct entry *entry);
/* Answer everything that waits for the entry, with a skill (counted for each) or an error; where
 * the entry is failed, that is its own, with the time at which it is tried again. */
void store_answer(struct entry *entry, struct skill *skill, const struct err *error,
                  struct effects *effects);
/* Let go of the version that was loaded. */
void store_drop_skill(struct entry *entry, struct effects *effects);

/* Returns an errno, 0: started. */
int store_start_thread(struct skill_store *store, void *(*run)(void *store), pthread_t *thread);

/* ---- store_files.c: told by the watcher's thread */
void store_see(struct skill_store *store, struct namespace *namespace, struct str name,
               const struct source_identity *file, enum source_notice notice);
void store_lose(struct skill_store *store, struct namespace *namespace, struct str name);
/* Lose what the namespace's present pass did not see. */
void store_end_pass(struct skill_store *store, struct namespace *namespace);
void store_set_error(struct skill_store *store, struct namespace *namespace,
                     const struct err *error); /* NULL: none */
/* Is it the file that the entry was loaded from, and not written since? */
bool store_is_loaded(const struct entry *entry, const struct source_identity *file);
/* Changed so short a time ago that it may be about to be written again? */
bool store_is_young(const struct source_identity *file);
/* Copy up to `cap` entries that are not settled. Names are malloc's, the caller's. */
struct unsettled {
    struct namespace *namespace;
    char *name;
};
size_t store_unsettled(struct skill_store *store, struct unsettled *out, size_t cap);

/* ---- loader.c */
bool loader_start(struct skill_store *store, unsigned threads, struct err *err);
/* Ends the threads, then answers what is left with ERR_CANCELLED. */
void loader_stop(struct skill_store *store);
/* Lock held: an entry that is listed and settled begins to load. */
void loader_begin(struct skill_store *store, struct entry *entry, struct effects *effects);
void loader_post_answer(struct skill_store *store, struct skill_request *request);

/* ---- load_end.c: free the load and answer who waits for it; a loader's thread, or the one that
 * stops the loaders. */
void load_finish_ready(struct skill_store *store, struct load *load, struct skill *skill);
void load_finish_failed(struct skill_store *store, struct load *load); /* load->error */
/* LOAD_FAILED and LOAD_CHANGED: the failure is told, unless the file is another by now or young.
 */
void load_finish_unloaded(struct skill_store *store, struct load *load, enum load_result result);

/* ---- watcher.c */
/* Over all namespaces; the watcher's thread, or before it runs. */
void watcher_pass(struct skill_store *store);
bool watcher_start(struct skill_store *store, struct err *err);
void watcher_stop(struct skill_store *store);
void watcher_wake(struct skill_store *store);

#endif
