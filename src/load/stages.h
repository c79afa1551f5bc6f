/* How a skill file becomes a skill: hash, look into the cache, link in a child, compile in a child,
 * map. Each stage first asks the cache, so a load that was parked or interrupted goes on where it
 * was by being run again.
 *
 * Two children instead of one: what the linking child makes of a hostile component is keyed by that
 * component only, and compiled code is keyed by the code's digest, which the parent takes itself.
 * So a component can at worst spoil its own entry. */
#ifndef PK_LOAD_STAGES_H
#define PK_LOAD_STAGES_H

#include "cache/cache.h"
#include "load/codes.h"
#include "source/directory.h"
#include "load/images.h"
#include "load/lanes.h"

#define STAGE_MAX_INPUT (1u << 30) /* bytes of a skill file, or of linked code */
#define STAGE_MAX_OUTPUT                                                                           \
    ((UINT64_C(4) << 30) + (1 << 20)) /* bytes of a file that a child makes: a whole memory */
#define STAGE_SMALL_INPUT (2u << 20)

/* Outputs of the children, in the order of their descriptors. */
enum stage_output { STAGE_CODE, STAGE_INTERFACE, STAGE_NAMES, STAGE_IMAGE, STAGE_LINK_OUTPUTS };
enum { STAGE_COMPILED = 0 };

/* What loads share. Constant but for what has its own lock. */
struct stages {
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

struct load_times {
    uint64_t begin, hash, link, compile, map; /* ns; begin is an instant */
};

struct load {
    struct load *next;
    struct lane lane;
    void *owner; /* the store's entry */
    char *name;  /* "namespace/name" */
    const char *directory;
    struct str stem; /* in `name` */
    bool hashed;     /* the file is open only while it is read: parked loads may be many */
    bool identified; /* `identity` is known */
    struct file_identity identity; /* of the file that was hashed */
    struct digest component;
    struct skill_manifest manifest;
    struct code_manifest code;
    struct load_times times;
    bool linked, compiled; /* by this load, not found in the cache */
    bool failed;
    struct err error; /* when failed */
};

enum stage_result {
    STAGE_DONE,
    STAGE_PARKED,  /* the load is not the caller's any more */
    STAGE_FAILED,  /* load->error */
    STAGE_CHANGED, /* the file is not the one that was hashed: begin anew */
};

/* `out`: a user of its image from now on; who lets it go tells `images`.
 * `followers`: set to loads that have to be run again (lanes_leave), or NULL. */
enum stage_result stages_run(struct stages *stages, struct load *load, struct skill **out,
                             struct load **followers);

/* ---- stages_child.c: each runs its child and puts what it made into the cache. Called in a lane.
 * STAGE_DONE, _FAILED, _CHANGED. */
enum stage_result stage_link(struct stages *stages, struct load *load);
enum stage_result stage_compile(struct stages *stages, struct load *load);

#endif
