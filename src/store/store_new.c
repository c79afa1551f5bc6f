/* Making and freeing a store. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/must.h"
#include "load/spawn.h"
#include "source/directory.h"
#include "store/store_internal.h"

enum { FIRST_BUCKETS = 256, MAX_NAMESPACE_NAME = 64 }; /* SKILL_NAMESPACE_RULE says it, too */

static const uint64_t default_memory = UINT64_C(2) << 30, default_time = 300 * CLOCK_S,
                      least_interval = 50 * CLOCK_MS;

bool skill_namespace_valid(struct str name) {
    bool was_letter = false; /* or digit */
    if (name.size == 0 || name.size > MAX_NAMESPACE_NAME) return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (c != '-' || !was_letter)) return false;
        was_letter = letter;
    }
    return was_letter;
}

static bool copy_namespaces(struct skill_store *store, const struct skill_store_settings *settings,
                            struct err *err) {
    if (settings->namespace_count > STORE_MAX_NAMESPACES)
        return err_set(err, ERR_LIMIT, "more than %d namespaces", STORE_MAX_NAMESPACES);
    store->namespaces = calloc(settings->namespace_count + 1, sizeof *store->namespaces);
    if (store->namespaces == NULL) return err_set(err, ERR_MEMORY, "no memory for namespaces");
    for (size_t i = 0; i < settings->namespace_count; i++) {
        const struct skill_namespace *from = &settings->namespaces[i];
        struct namespace *to = &store->namespaces[i];
        if (!skill_namespace_valid(str_of(from->name)))
            return err_set(err, ERR_INVALID, "namespace \"%s\": a name has " SKILL_NAMESPACE_RULE,
                           from->name);
        if (store_namespace(store, str_of(from->name)) != NULL)
            return err_set(err, ERR_INVALID, "the namespace \"%s\" is configured twice",
                           from->name);
        *to = (struct namespace){.name = strdup(from->name),
                                 .source = directory_new(from->directory, to)};
        store->namespace_count = i + 1;
        if (to->name == NULL || to->source == NULL)
            return err_set(err, ERR_MEMORY, "no memory for namespaces");
        to->source->kind->watch(to->source, &store->notices);
    }
    return true;
}

/* What the linker makes depends on the linker, which is this program: another build must not use
 * what this one linked. */
static bool make_link_key(const struct loads *loads, char out[40], struct err *err) {
    uint8_t *piece = malloc(SPAWN_PIECE);
    int fd = open(loads->program, O_RDONLY | O_CLOEXEC);
    struct digest_state *state = digest_begin();
    ssize_t got = -1;
    while (fd >= 0 && piece != NULL && (got = read(fd, piece, SPAWN_PIECE)) > 0)
        digest_add(state, piece, (size_t)got);
    int problem = errno;
    struct digest digest = digest_end(state);
    char hex[DIGEST_HEX];
    digest_hex(&digest, hex);
    snprintf(out, 40, "%d-%.16s%s", MANIFEST_FORMAT, hex, loads->strict_memory ? "-strict" : "");
    if (fd >= 0) close(fd);
    free(piece);
    return got == 0 ? true
                    : err_errno(err, problem, "cannot read this program, %s", loads->program);
}

static bool open_cache(struct skill_store *store, const char *path, struct err *err) {
    char link_key[40];
    struct loads *loads = &store->loads;
    return make_link_key(loads, link_key, err) &&
           cache_open(path, link_key, engine_key(loads->engine), &loads->cache, err);
}

static unsigned core_count(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (unsigned)cores : 1;
}

static bool init_loads(struct skill_store *store, struct engine *engine,
                       const struct skill_store_settings *settings, struct err *err) {
    struct loads *loads = &store->loads;
    loads->engine = engine;
    loads->program = strdup(settings->program);
    loads->child_memory = settings->compile_memory != 0 ? settings->compile_memory : default_memory;
    loads->child_time = settings->compile_time != 0 ? settings->compile_time : default_time;
    loads->reservation = settings->reservation;
    loads->strict_memory = settings->strict_memory;
    loads->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    store->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loads->program == NULL) return err_set(err, ERR_MEMORY, "no memory for the skill store");
    if (loads->stop < 0 || store->wake < 0)
        return err_errno(err, errno, "no descriptors for the skill store");
    return true;
}

static void init_locks(struct skill_store *store, unsigned loaders) {
    lanes_init(&store->loads.lanes, loaders);
    codes_init(&store->loads.codes);
    images_init(&store->loads.images);
    pthread_mutex_init(&store->lock, NULL);
    pthread_mutex_init(&store->loader.lock, NULL);
    pthread_cond_init(&store->loader.more, NULL);
}

static bool fill(struct skill_store *store, struct engine *engine,
                 const struct skill_store_settings *settings, struct err *err) {
    store->update_interval =
        settings->update_interval > least_interval ? settings->update_interval : least_interval;
    store->image_dropped = settings->image_dropped;
    store->context = settings->context;
    store->bucket_count = FIRST_BUCKETS;
    store->buckets = calloc(FIRST_BUCKETS, sizeof(struct entry *));
    if (store->buckets == NULL) return err_set(err, ERR_MEMORY, "no memory for the skill store");
    return copy_namespaces(store, settings, err) && init_loads(store, engine, settings, err) &&
           open_cache(store, settings->cache_dir, err);
}

bool skill_store_new(struct engine *engine, const struct skill_store_settings *settings,
                     struct skill_store **out, struct err *err) {
    struct skill_store *store = calloc(1, sizeof *store);
    if (store == NULL) return err_set(err, ERR_MEMORY, "no memory for the skill store");
    store->wake = store->loads.stop = -1;
    notices_init(&store->notices);
    init_locks(store, settings->loaders != 0 ? settings->loaders : core_count());
    if (!fill(store, engine, settings, err)) {
        skill_store_free(store);
        return false;
    }
    *out = store;
    return true;
}

static void free_entries(struct skill_store *store) {
    for (size_t i = 0; i < store->bucket_count && store->buckets != NULL; i++)
        while (store->buckets[i] != NULL) {
            struct entry *entry = store->buckets[i];
            store->buckets[i] = entry->chain;
            skill_release(entry->skill);
            entry->skill = NULL;
            entry_release(entry);
        }
    free(store->buckets);
}

static void free_namespaces(struct skill_store *store) {
    for (size_t i = 0; i < store->namespace_count; i++) {
        struct namespace *namespace = &store->namespaces[i];
        if (namespace->source) namespace->source->kind->free(namespace->source);
        free(namespace->name);
    }
    free(store->namespaces);
}

void skill_store_free(struct skill_store *store) {
    if (store == NULL) return;
    must(!store->started);
    free_entries(store);
    free_namespaces(store);
    cache_close(store->loads.cache);
    codes_free(&store->loads.codes);
    images_free(&store->loads.images);
    lanes_free(&store->loads.lanes);
    notices_close(&store->notices);
    if (store->wake >= 0) close(store->wake);
    if (store->loads.stop >= 0) close(store->loads.stop);
    free(store->loads.program);
    free(store->loader.threads);
    pthread_cond_destroy(&store->loader.more);
    pthread_mutex_destroy(&store->loader.lock);
    pthread_mutex_destroy(&store->lock);
    free(store);
}
