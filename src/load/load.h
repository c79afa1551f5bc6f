/* How a skill file becomes a skill: a table of steps (load.c), hash, link, check, compile, map.
 * Before a step runs, it is asked whether its work is there already, in the cache or in another
 * skill. So a load that was parked or interrupted goes on where it was by being run again.
 *
 * Link and compile run in two children instead of one: what the linking child makes of a hostile
 * component is keyed by that component only, and compiled code is keyed by the code's digest, which
 * the parent takes itself. So a component can at worst spoil its own entry. */
#ifndef PK_LOAD_LOAD_H
#define PK_LOAD_LOAD_H

#include "base/list.h"
#include "cache/cache.h"
#include "load/codes.h"
#include "load/images.h"
#include "load/lanes.h"
#include "source/source.h"

#define LOAD_MAX_INPUT (1u << 30) /* bytes of a skill file, or of linked code */
#define LOAD_MAX_OUTPUT                                                                            \
    ((UINT64_C(4) << 30) + (1 << 20)) /* bytes of a file that a child makes: a whole memory */
#define LOAD_SMALL_INPUT (2u << 20)

/* Outputs of the children, in the order of their descriptors. */
enum link_output { LINK_CODE, LINK_INTERFACE, LINK_NAMES, LINK_IMAGE, LINK_OUTPUTS };
enum { COMPILE_CODE, COMPILE_OUTPUTS };

/* What loads share. Constant but for what has its own lock. */
struct loads {
    struct engine *engine;
    struct cache *cache;
    char *program;
    uint64_t child_memory, child_time, reservation;
    bool strict_memory;
    int stop; /* a descriptor that becomes readable when everything has to end */
    struct lanes lanes;
    struct codes codes;
    struct images images;
};

enum load_step { STEP_HASH, STEP_LINK, STEP_CHECK, STEP_COMPILE, STEP_MAP, STEP_COUNT };

struct load {
    struct list_link place; /* in the queue that has it */
    struct lane lane;
    void *owner; /* the store's entry */
    char *name;  /* "namespace/name" */
    const struct source *source;
    struct str in_source; /* its name in the source, in `name` */
    bool hashed;          /* the file is open only while it is read: parked loads may be many */
    bool identified;      /* `identity` is known */
    struct source_identity identity; /* of the file that was hashed */
    struct digest component;
    struct skill_manifest manifest;
    struct code_manifest code;
    uint64_t begin, spent[STEP_COUNT]; /* ns; begin is an instant */
    bool linked, compiled;             /* by this load, not found in the cache */
    bool failed;
    struct err error; /* when failed */
    /* While it runs: */
    struct skill_code *shared; /* a reference to the code, of a skill that is there; NULL: none */
    int compiled_file;         /* or a descriptor of it, compiled, in the cache; -1: none */
    struct skill *skill;       /* what the last step made */
};

static inline struct load *load_at(struct list_link *place) {
    return place ? OWNER(place, struct load, place) : NULL;
}

/* `out`: a user of its image from now on; who lets it go tells `images`. Loads that have to be run
 * again (lanes_leave) are appended to `woken`. Not LOAD_UNLINKED, _UNCOMPILED. */
enum load_result load_run(struct loads *loads, struct load *load, struct skill **out,
                          struct list *woken);

#endif
