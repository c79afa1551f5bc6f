/* What becomes of a load that has ended: the entry has a skill, or a failure, or is listed again
 * because its file was changed meanwhile or is too young to be blamed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/store_internal.h"

enum { MAX_RESTARTS = 10 };

static void load_free(struct load *load) {
    free(load->name);
    free(load);
}

static double seconds(uint64_t nanoseconds) {
    return (double)nanoseconds / (double)CLOCK_S;
}

static void log_ready(const struct load *load) {
    const uint64_t *spent = load->spent;
    const struct skill_facts *facts = &load->manifest.facts;
    uint64_t total = clock_monotonic() - load->begin;
    uint64_t work = 0;
    for (int step = 0; step < STEP_COUNT; step++) work += spent[step];
    log_info("skill",
             "%s is loaded in %.3f s: hash %.3f s, link %.3f s%s, compile %.3f s%s, map %.3f s, "
             "waiting %.3f s; file %.1f MB, code %.1f MB, image %.1f MB%s%s",
             load->name, seconds(total), seconds(spent[STEP_HASH]), seconds(spent[STEP_LINK]),
             load->linked ? "" : " (cached)", seconds(spent[STEP_COMPILE]),
             load->compiled ? "" : " (cached)", seconds(spent[STEP_MAP]),
             seconds(total > work ? total - work : 0), (double)load->identity.size / 1e6,
             (double)load->manifest.code.size / 1e6, (double)load->manifest.image.size / 1e6,
             facts->data_in_image ? "" : ", its data is not shared: ", facts->data_reason);
}

/* The lock is held. When the watcher has seen another file, an older or a newer one, it looks
 * again: the notice of a newer one is spent. */
static void loaded_from(struct skill_store *store, struct entry *entry,
                        const struct source_identity *file) {
    entry->loaded = *file;
    entry->restarts = 0;
    if (store_is_loaded(entry, &entry->file)) return;
    if (entry->settled) entry->unsettled_since = clock_monotonic();
    entry->settled = false;
    watcher_wake(store);
}

static void log_failed(const struct load *load, bool has_older) {
    if (has_older && load->error.kind != ERR_CANCELLED)
        log_error("skill", "%s: the new version is not loaded, the older one goes on: %s",
                  load->name, load->error.text);
    else
        log_warn("skill", "%s is not loaded: %s", load->name, load->error.text);
}

/* The load has ended with an error. */
void load_finish_failed(struct skill_store *store, struct load *load) {
    struct effects effects = {0};
    struct entry *entry = load->owner;
    if (strncmp(load->error.text, "Error loading skill: ", 21) != 0)
        err_prefix(&load->error, "Error loading skill");
    pthread_mutex_lock(&store->lock);
    bool has_older = entry->skill != NULL;
    if (entry->state == ENTRY_LOADING) {
        entry_fail(entry, &load->error, clock_monotonic());
        loaded_from(store, entry, load->identified ? &load->identity : &entry->file);
    }
    store_answer(entry, NULL, &load->error, &effects);
    entry_release(entry);
    pthread_mutex_unlock(&store->lock);
    log_failed(load, has_older);
    effects_run(store, &effects);
    load_free(load);
}

/* The lock is held. The watcher begins a new load when the file has settled. */
static void list_again(struct entry *entry, bool doubted) {
    entry->settled = false;
    entry->doubted = doubted;
    entry->looked = entry->unsettled_since = clock_monotonic();
    entry_move(entry, ENTRY_LISTED);
}

/* The file is not what was hashed any more. */
static void finish_changed(struct skill_store *store, struct load *load) {
    struct entry *entry = load->owner;
    pthread_mutex_lock(&store->lock);
    bool gone = entry->state == ENTRY_GONE, too_often = ++entry->restarts > MAX_RESTARTS;
    if (!gone && !too_often) {
        list_again(entry, false);
        entry_release(entry);
    }
    pthread_mutex_unlock(&store->lock);
    if (gone || too_often) {
        if (gone)
            err_set(&load->error, ERR_NOT_FOUND, "the file of %s was removed", load->name);
        else
            err_set(&load->error, ERR_BUSY,
                    "the file of %s changes again and again while it is read", load->name);
        load_finish_failed(store, load);
        return;
    }
    log_info("skill", "%s changed while it was read: it is loaded again", load->name);
    watcher_wake(store);
    load_free(load);
}

/* A writer may be about to go on: the failure of a young file is told only when the file is older
 * and fails again. False: it was removed. */
static bool finish_doubted(struct skill_store *store, struct load *load) {
    struct entry *entry = load->owner;
    pthread_mutex_lock(&store->lock);
    bool there = entry->state == ENTRY_LOADING;
    if (there) {
        list_again(entry, true);
        entry_release(entry);
    }
    pthread_mutex_unlock(&store->lock);
    if (!there) return false;
    log_debug("skill", "%s failed while its file is young, it is tried again: %s", load->name,
              load->error.text);
    watcher_wake(store);
    load_free(load);
    return true;
}

/* Is another file there now than the one that was loaded? A missing one is the watcher's business.
 */
static bool was_replaced(const struct load *load) {
    struct source_identity now;
    return load->identified && load->source->kind->identify(load->source, load->in_source, &now) &&
           !source_same(&now, &load->identity);
}

void load_finish_ready(struct skill_store *store, struct load *load, struct skill *skill) {
    struct effects effects = {0};
    struct entry *entry = load->owner;
    if (was_replaced(load)) {
        effects.dropped = skill;
        effects_run(store, &effects);
        finish_changed(store, load);
        return;
    }
    log_ready(load);
    pthread_mutex_lock(&store->lock);
    store_answer(entry, skill, NULL, &effects);
    if (entry->state == ENTRY_LOADING) {
        store_drop_skill(entry, &effects);
        entry->skill = skill;
        entry->failures = 0;
        entry_move(entry, ENTRY_READY);
        loaded_from(store, entry, &load->identity);
    } else {
        effects.dropped = skill; /* removed in the meantime: for those who waited only */
    }
    entry_release(entry);
    pthread_mutex_unlock(&store->lock);
    effects_run(store, &effects);
    load_free(load);
}

/* The failure of a file that is not there any more tells nothing about the one that is. */
static bool failed_in_vain(const struct load *load, enum load_result result) {
    return result == LOAD_FAILED && load->error.kind != ERR_CANCELLED && was_replaced(load);
}

void load_finish_unloaded(struct skill_store *store, struct load *load, enum load_result result) {
    bool cancelled = load->error.kind == ERR_CANCELLED;
    if (result == LOAD_CHANGED || failed_in_vain(load, result))
        finish_changed(store, load);
    else if (cancelled || !load->identified || !store_is_young(&load->identity) ||
             !finish_doubted(store, load))
        load_finish_failed(store, load);
}
