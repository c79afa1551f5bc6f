/* The threads that load skills. A thread that waits for a child is blocked, so there are two more
 * threads than children may run: what the cache has is loaded while everything compiles. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "store/store_internal.h"

/* ---- the queue */

static void post_load(struct skill_store *store, struct load *load) {
    struct loader *loader = &store->loader;
    pthread_mutex_lock(&loader->lock);
    load->next = NULL;
    *loader->loads_at = load;
    loader->loads_at = &load->next;
    pthread_cond_signal(&loader->more);
    pthread_mutex_unlock(&loader->lock);
}

void loader_post_answer(struct skill_store *store, struct skill_request *request) {
    struct loader *loader = &store->loader;
    pthread_mutex_lock(&loader->lock);
    request->next = NULL;
    *loader->answers_at = request;
    loader->answers_at = &request->next;
    pthread_cond_signal(&loader->more);
    pthread_mutex_unlock(&loader->lock);
}

static struct skill_request *take_answers(struct loader *loader) {
    struct skill_request *answers = loader->answers;
    loader->answers = NULL;
    loader->answers_at = &loader->answers;
    return answers;
}

static struct load *take_load(struct loader *loader) {
    struct load *load = loader->loads;
    if (load != NULL) loader->loads = load->next;
    if (loader->loads == NULL) loader->loads_at = &loader->loads;
    return load;
}

/* Wait for work. False: stop. */
static bool take_work(struct loader *loader, struct load **load, struct skill_request **answers) {
    pthread_mutex_lock(&loader->lock);
    while (loader->loads == NULL && loader->answers == NULL && !loader->stopping)
        pthread_cond_wait(&loader->more, &loader->lock);
    bool more = !loader->stopping;
    *answers = more ? take_answers(loader) : NULL;
    *load = more ? take_load(loader) : NULL;
    pthread_mutex_unlock(&loader->lock);
    return more;
}

/* ---- one load */

static struct load *load_new(struct entry *entry) {
    struct load *load = calloc(1, sizeof *load);
    size_t namespace_size = strlen(entry->namespace->name);
    if (load == NULL) return NULL;
    if (asprintf(&load->name, "%s/%s", entry->namespace->name, entry->name) < 0) {
        free(load);
        return NULL;
    }
    load->stem = str_of(load->name + namespace_size + 1);
    load->directory = entry->namespace->directory;
    load->owner = entry_retain(entry);
    load->times.begin = clock_monotonic();
    return load;
}

void loader_begin(struct skill_store *store, struct entry *entry, struct effects *effects) {
    struct load *load = load_new(entry);
    if (load == NULL) {
        struct err error;
        err_set(&error, ERR_MEMORY, "Error loading skill: no memory to load it");
        store_answer(entry, NULL, &error, effects);
        return;
    }
    entry->loaded_writes = entry->writes;
    entry_move(entry, ENTRY_LOADING);
    post_load(store, load);
}

static void run_load(struct skill_store *store, struct load *load) {
    struct load *followers;
    struct skill *skill = NULL;
    enum stage_result result = stages_run(&store->stages, load, &skill, &followers);
    for (struct load *next; followers != NULL; followers = next) {
        next = followers->next;
        post_load(store, followers);
    }
    if (result == STAGE_DONE)
        load_finish_ready(store, load, skill);
    else if (result != STAGE_PARKED)
        load_finish_unloaded(store, load, result);
    struct load *next = lanes_next(&store->stages.lanes);
    if (next != NULL) post_load(store, next);
}

static void run_answers(struct skill_request *answers) {
    for (struct skill_request *request = answers, *next; request != NULL; request = next) {
        next = request->next;
        request->done(request);
    }
}

static void *loader_thread(void *argument) {
    struct skill_store *store = argument;
    struct load *load;
    struct skill_request *answers;
    while (take_work(&store->loader, &load, &answers)) {
        run_answers(answers);
        if (load != NULL) run_load(store, load);
    }
    return NULL;
}

/* ---- life */

bool loader_start(struct skill_store *store, unsigned threads, struct err *err) {
    struct loader *loader = &store->loader;
    loader->threads = calloc(threads, sizeof *loader->threads);
    if (loader->threads == NULL) return err_set(err, ERR_MEMORY, "no memory for loader threads");
    while (loader->thread_count < threads) {
        int problem =
            store_start_thread(store, loader_thread, &loader->threads[loader->thread_count]);
        if (problem != 0) {
            loader_stop(store);
            return err_errno(err, problem, "cannot start loader threads");
        }
        loader->thread_count++;
    }
    return true;
}

static void cancel(struct skill_store *store, struct load *load) {
    for (struct load *next; load != NULL; load = next) {
        next = load->next;
        err_set(&load->error, ERR_CANCELLED, "the kernel stops");
        load_finish_failed(store, load);
    }
}

void loader_stop(struct skill_store *store) {
    struct loader *loader = &store->loader;
    pthread_mutex_lock(&loader->lock);
    loader->stopping = true;
    pthread_cond_broadcast(&loader->more);
    pthread_mutex_unlock(&loader->lock);
    while (loader->thread_count > 0) pthread_join(loader->threads[--loader->thread_count], NULL);
    run_answers(take_answers(loader));
    cancel(store, loader->loads);
    loader->loads = NULL;
    loader->loads_at = &loader->loads;
    cancel(store, lanes_take_waiting(&store->stages.lanes));
}
