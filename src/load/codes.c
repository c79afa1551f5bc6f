#include "load/codes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct code_item {
    struct code_item *next;
    struct digest code, interface;
    struct skill_code *shared; /* one reference is ours */
};

void codes_init(struct codes *codes) {
    codes->items = NULL;
    pthread_mutex_init(&codes->lock, NULL);
}

void codes_free(struct codes *codes) {
    while (codes->items != NULL) {
        struct code_item *item = codes->items;
        codes->items = item->next;
        skill_code_release(item->shared);
        free(item);
    }
    pthread_mutex_destroy(&codes->lock);
}

static struct skill_code *find(const struct codes *codes, const struct skill_manifest *manifest) {
    for (struct code_item *item = codes->items; item != NULL; item = item->next)
        if (memcmp(&item->code, &manifest->code.sha256, DIGEST_SIZE) == 0 &&
            memcmp(&item->interface, &manifest->interface.sha256, DIGEST_SIZE) == 0)
            return skill_code_retain(item->shared);
    return NULL;
}

struct skill_code *codes_find(struct codes *codes, const struct skill_manifest *manifest) {
    pthread_mutex_lock(&codes->lock);
    struct skill_code *found = find(codes, manifest);
    pthread_mutex_unlock(&codes->lock);
    return found;
}

static size_t read_all(int fd, char *out, size_t size) {
    size_t at = 0;
    while (at < size) {
        ssize_t got = pread(fd, out + at, size - at, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        at += (size_t)got;
    }
    return at;
}

/* A whole artefact in memory of malloc. */
static enum load_result read_artefact(struct cache *cache, enum artefact_kind kind,
                                      const struct artefact *artefact, char **out,
                                      struct err *err) {
    int fd = cache_open_artefact(cache, kind, artefact);
    if (fd < 0) return LOAD_UNLINKED;
    *out = malloc(artefact->size + 1);
    bool whole = *out != NULL && read_all(fd, *out, artefact->size) == artefact->size;
    close(fd);
    if (whole) return LOAD_DONE;
    if (*out == NULL)
        err_set(err, ERR_MEMORY, "no memory for a file of the cache");
    else
        err_set(err, ERR_IO, "a file of the cache could not be read");
    free(*out);
    return LOAD_FAILED;
}

static enum load_result read_interface(struct cache *cache, const struct skill_manifest *manifest,
                                       struct abi_interface *interface, struct err *err) {
    char *text;
    enum load_result result =
        read_artefact(cache, ARTEFACT_INTERFACE, &manifest->interface, &text, err);
    if (result != LOAD_DONE) return result;
    bool good = abi_interface_read(text, manifest->interface.size, interface, err);
    free(text);
    return good ? LOAD_DONE : LOAD_FAILED;
}

static bool check_interface(const struct abi_interface *interface, enum skill_kind kind,
                            struct err *err) {
    struct skill_code code = {.interface = *interface};
    struct skill probe = {.code = &code};
    const struct host_function *function;
    for (uint32_t i = 0; i < interface->import_count; i++) {
        const struct abi_import *import = &interface->imports[i];
        if (!skill_find_host(import->interface, import->name, &function, err) ||
            !skill_check_import(interface, import, function, err))
            return false;
    }
    return skill_bind_exports(&probe, kind, err);
}

enum load_result codes_check(struct cache *cache, const struct skill_manifest *manifest,
                             struct err *err) {
    struct abi_interface interface;
    enum load_result result = read_interface(cache, manifest, &interface, err);
    if (result != LOAD_DONE) return result;
    if (!check_interface(&interface, manifest->facts.kind, err)) result = LOAD_FAILED;
    abi_interface_free(&interface);
    return result;
}

/* `interface` moves into the code, also when this fails. */
static enum load_result make(struct engine *engine, struct abi_interface *interface, int compiled,
                             struct skill_code **out, struct err *err) {
    struct engine_code *mapped;
    if (!engine_code_open(engine, compiled, &mapped, err)) {
        abi_interface_free(interface);
        return LOAD_UNCOMPILED;
    }
    bool good = skill_code_new(engine, mapped, interface, out, err);
    engine_code_release(mapped);
    return good ? LOAD_DONE : LOAD_FAILED;
}

static enum load_result make_from_cache(struct engine *engine, struct cache *cache,
                                        const struct skill_manifest *manifest, int compiled,
                                        struct skill_code **out, struct err *err) {
    struct abi_interface interface;
    char *names;
    enum load_result result = read_artefact(cache, ARTEFACT_NAMES, &manifest->names, &names, err);
    if (result != LOAD_DONE) return result;
    result = read_interface(cache, manifest, &interface, err);
    if (result == LOAD_DONE) result = make(engine, &interface, compiled, out, err);
    if (result != LOAD_DONE) {
        free(names);
        return result;
    }
    (*out)->names = names;
    (*out)->names_size = manifest->names.size;
    return LOAD_DONE;
}

enum load_result codes_get(struct codes *codes, struct engine *engine, struct cache *cache,
                           const struct skill_manifest *manifest, int compiled,
                           struct skill_code **out, struct err *err) {
    struct code_item *item = malloc(sizeof *item);
    if (item == NULL) {
        err_set(err, ERR_MEMORY, "no memory for a skill's code");
        return LOAD_FAILED;
    }
    enum load_result result = LOAD_DONE;
    /* The lock is held while a code is mapped (milliseconds), so that it is mapped once. */
    pthread_mutex_lock(&codes->lock);
    *out = find(codes, manifest);
    if (*out == NULL) {
        result = make_from_cache(engine, cache, manifest, compiled, out, err);
        if (result == LOAD_DONE) {
            *item = (struct code_item){codes->items, manifest->code.sha256,
                                       manifest->interface.sha256, skill_code_retain(*out)};
            codes->items = item;
            item = NULL;
        }
    }
    pthread_mutex_unlock(&codes->lock);
    free(item);
    return result;
}

/* A count of one under the lock is ours alone: new ones are handed out under it only. */
void codes_sweep(struct codes *codes) {
    struct code_item *unused = NULL;
    pthread_mutex_lock(&codes->lock);
    for (struct code_item **at = &codes->items; *at != NULL;) {
        struct code_item *item = *at;
        if (atomic_load_explicit(&item->shared->references, memory_order_acquire) > 1) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        item->next = unused;
        unused = item;
    }
    pthread_mutex_unlock(&codes->lock);
    while (unused != NULL) {
        struct code_item *item = unused;
        unused = item->next;
        skill_code_release(item->shared);
        free(item);
    }
}
