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

static void post(struct loader *loader, struct list *queue, struct list_link *place) {
    pthread_mutex_lock(&loader->lock);
    list_append(queue, place);
    pthread_cond_signal(&loader->more);
    pthread_mutex_unlock(&loader->lock);
}

static void post_load(struct skill_store *store, struct load *load) {
    post(&store->loader, &store->loader.loads, &load->place);
}

void loader_post_answer(struct skill_store *store, struct skill_request *request) {
    post(&store->loader, &store->loader.answers, &request->place);
}

/* Wait for work. False: stop. */
static bool take_work(struct loader *loader, struct load **load, struct list *answers) {
    pthread_mutex_lock(&loader->lock);
    while (loader->loads.first == NULL && loader->answers.first == NULL && !loader->stopping)
        pthread_cond_wait(&loader->more, &loader->lock);
    bool more = !loader->stopping;
    if (more) {
        *answers = loader->answers;
        loader->answers = (struct list){0};
        *load = load_at(list_take(&loader->loads));
    }
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
    load->in_source = str_of(load->name + namespace_size + 1);
    load->source = entry->namespace->source;
    load->owner = entry_retain(entry);
    load->begin = clock_monotonic();
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
    struct list woken = {0};
    struct skill *skill = NULL;
    enum load_result result = load_run(&store->loads, load, &skill, &woken);
    for (struct load *next; (next = load_at(list_take(&woken)));) post_load(store, next);
    if (result == LOAD_DONE)
        load_finish_ready(store, load, skill);
    else if (result != LOAD_PARKED)
        load_finish_unloaded(store, load, result);
    struct load *next = lanes_next(&store->loads.lanes);
    if (next != NULL) post_load(store, next);
}

static void *loader_thread(void *argument) {
    struct skill_store *store = argument;
    struct load *load;
    struct list answers;
    while (take_work(&store->loader, &load, &answers)) {
        store_run_answers(&answers);
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
    err_set(&load->error, ERR_CANCELLED, "the kernel stops");
    load_finish_failed(store, load);
}

void loader_stop(struct skill_store *store) {
    struct loader *loader = &store->loader;
    pthread_mutex_lock(&loader->lock);
    loader->stopping = true;
    pthread_cond_broadcast(&loader->more);
    pthread_mutex_unlock(&loader->lock);
    while (loader->thread_count > 0) pthread_join(loader->threads[--loader->thread_count], NULL);
    store_run_answers(&loader->answers);
    for (struct load *load; (load = load_at(list_take(&loader->loads)));) cancel(store, load);
    for (struct load *load; (load = lanes_take_waiting(&store->loads.lanes));) cancel(store, load);
}
