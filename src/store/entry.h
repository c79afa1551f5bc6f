/* A skill that is configured, from the file that was noticed to the skill that is loaded: one state
 * machine.
 *
 * The state is about the file that is there now. `skill` is the newest version that was loaded: in
 * every state but ready it is an older one, which answers until the present one is loaded.
 *
 * The store's lock guards every member that is not constant. An entry is counted: the table has one
 * reference, a load another. */
#ifndef PK_STORE_ENTRY_H
#define PK_STORE_ENTRY_H

#include "base/list.h"
#include "base/states.h"
#include "source/source.h"
#include "store/store.h"

#define ENTRY_STATES(X)                                                                            \
    /* a file that is still being written: nobody is told of it */                                 \
    X(ENTRY_SEEN, "seen", TO(ENTRY_LISTED) | TO(ENTRY_GONE))                                       \
    /* configured, not loaded */                                                                   \
    X(ENTRY_LISTED, "listed", TO(ENTRY_LOADING) | TO(ENTRY_GONE))                                  \
    /* a load has a reference; listed again: the file changed */                                   \
    X(ENTRY_LOADING, "loading",                                                                    \
      TO(ENTRY_READY) | TO(ENTRY_FAILED) | TO(ENTRY_LISTED) | TO(ENTRY_GONE))                      \
    /* `skill` is of the file */                                                                   \
    X(ENTRY_READY, "ready", TO(ENTRY_LISTED) | TO(ENTRY_GONE))                                     \
    /* `error` and `retry_at` are set */                                                           \
    X(ENTRY_FAILED, "failed", TO(ENTRY_LISTED) | TO(ENTRY_GONE))                                   \
    /* the file is; not in the table any more */                                                   \
    X(ENTRY_GONE, "gone", 0)

enum entry_state { ENTRY_STATES(STATES_ENUM) ENTRY_STATE_COUNT };

struct namespace;

struct entry {
    struct entry *chain; /* in the table */
    struct namespace *namespace;
    char *name; /* the skill's, without the namespace */
    uint64_t hash;
    unsigned references;
    enum entry_state state;
    uint64_t since, spent[ENTRY_STATE_COUNT]; /* monotonic ns; time in each state */
    struct source_identity file;              /* as the watcher saw it last */
    struct source_identity loaded;            /* ready, failed: the file that this came from */
    bool settled;             /* nobody writes it any more, as far as one can know */
    bool doubted;             /* not settled because it failed while it was young */
    uint32_t writes;          /* notices of writers that have closed a file which looks as before:
                                 two writes within a tick of the clock leave the same times */
    uint32_t loaded_writes;   /* of these, those before the last load began */
    bool by_writer;           /* not settled because of a writer that inotify told of */
    uint64_t looked;          /* monotonic ns: since when the file looks as in `file` */
    uint64_t unsettled_since; /* monotonic ns */
    unsigned restarts;   /* loads that found the file changed, since it last was ready or failed */
    uint32_t pass;       /* the last pass that saw it */
    struct skill *skill; /* NULL: none was loaded */
    struct err error;
    unsigned failures;   /* loads of this file that failed for a reason that may pass */
    uint64_t retry_at;   /* failed: monotonic ns from which it is tried again; ENTRY_NEVER */
    struct list waiting; /* skill_requests */
};

struct entry *entry_new(struct namespace *namespace, struct str name,
                        uint64_t hash); /* NULL: no memory */
struct entry *entry_retain(struct entry *entry);
void entry_release(struct entry *entry);
/* Go to another state. A move that the table does not have is an error of ours: it ends the process
 * with both names. */
void entry_move(struct entry *entry, enum entry_state state);
/* How many moves there were, of all entries. Any thread, without the lock. */
uint64_t entry_moves_made(void);
const char *entry_state_name(enum entry_state state);
/* The file's load has failed: `error` is kept, and from when on it is tried again. A failure that
 * may pass (no memory, a child that was killed) is, after pauses that grow from 1 s to 60 s; what
 * the file itself is the reason of is not, until the file changes. */
#define ENTRY_NEVER UINT64_MAX
void entry_fail(struct entry *entry, const struct err *error, uint64_t now);
/* From failed or ready back to listed: the file has changed, or is to be loaded again. */
void entry_renew(struct entry *entry);
/* Failed, and it is time to try again? */
bool entry_is_due(const struct entry *entry, uint64_t now);
/* What a request is told while the entry is failed: the error, and when it is tried again. */
void entry_tell(const struct entry *entry, uint64_t now, struct skill_request *request);
#endif
