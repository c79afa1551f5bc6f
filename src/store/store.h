/* Which skills are configured, and those of them that are loaded. Any thread.
 *
 * A skill is listed (configured), and loads at its first use: one load however many ask, on the
 * loader's threads, so that a load blocks neither listing nor other skills. Life cycle of an entry:
 * listed -> loading -> ready | failed; a changed file or a drop goes back to listed, a removed file
 * removes the entry; what runs keeps its skill. A file that changed is loaded at once when its
 * skill was loaded, and the older version answers until that has succeeded. */
#ifndef PK_STORE_STORE_H
#define PK_STORE_STORE_H

#include "base/buf.h"
#include "base/list.h"
#include "skill/skill.h"

struct skill_store;

/* A directory namespace. */
struct skill_namespace {
    const char *name;      /* ^[a-z0-9]+(-[a-z0-9]+)*$, up to 64 characters */
    const char *directory; /* need not exist yet */
};

struct skill_store_settings {
    const struct skill_namespace *namespaces;
    size_t namespace_count;
    const char *cache_dir;    /* made with mode 0700 when missing */
    const char *program;      /* path of this executable, for compile children ("/proc/self/exe") */
    uint64_t update_interval; /* ns: polling, beside inotify */
    uint32_t loaders;         /* loads at the same time; 0: number of cores */
    uint64_t compile_memory;  /* bytes of memory a child may take; 0: default 2 GiB */
    uint64_t compile_time;    /* ns a child may run; 0: default 5 min */
    bool strict_memory;       /* as the engine's */
    uint64_t reservation;     /* as the engine's (engine_settings.reservation); 0: its default */
    /* Called (any thread, no lock held) when the last skill of an image is not loaded any more:
     * executors give its slots back. May be NULL. */
    void (*image_dropped)(void *context, struct engine_image *image);
    void *context;
};

bool skill_store_new(struct engine *engine, const struct skill_store_settings *settings,
                     struct skill_store **out, struct err *err);
/* First pass over the namespaces, then watcher and loader threads. */
bool skill_store_start(struct skill_store *store, struct err *err);
/* Ends threads and children; pending requests get ERR_CANCELLED. */
void skill_store_stop(struct skill_store *store);
void skill_store_free(struct skill_store *store);

/* Ask for a loaded skill. The request is the caller's and must live until `done` was called (for
 * SKILL_PENDING). */
enum skill_answer {
    SKILL_READY,   /* request->skill is set and counted for the caller */
    SKILL_PENDING, /* `done` will be called once, on a loader's thread, with skill or error set */
    SKILL_UNKNOWN, /* not configured */
    SKILL_MISCONFIGURED, /* the namespace has an error, or the store was stopped: request->error */
};
struct skill_request {
    struct list_link place; /* the store's */
    void (*done)(struct skill_request *request);
    struct skill *skill;  /* NULL: failed */
    struct err error;     /* "Error loading skill: …" */
    unsigned retry_after; /* with an error: seconds after which it is tried again; 0: not said */
};
enum skill_answer skill_store_get(struct skill_store *store, struct str namespace, struct str name,
                                  struct skill_request *request);

/* Another number whenever one of the lists may have changed: read before a list is made, it is that
 * list's. Any thread. */
uint64_t skill_store_version(struct skill_store *store);
/* JSON arrays of "namespace/name", sorted by namespace, then name. Some milliseconds for thousands
 * of skills: not on an event loop. Any thread. */
void skill_store_list(struct skill_store *store, struct buf *json);
void skill_store_list_cached(struct skill_store *store, struct buf *json);
/* Drop instances, slots and mappings of a loaded skill, and forget a failure; files stay. False:
 * was not loaded. */
bool skill_store_drop(struct skill_store *store, struct str namespace, struct str name);
/* Does the name follow the rule? */
bool skill_namespace_valid(struct str name);
#define SKILL_NAMESPACE_RULE "1 to 64 characters of a-z, 0-9 and single hyphens between them"

#endif
