/* A loaded skill: code with its host functions, a memory image, what it exports. Constant, counted,
 * any thread. */
#ifndef PK_SKILL_SKILL_H
#define PK_SKILL_SKILL_H

#include <stdatomic.h>

#include "abi/host.h"
#include "cache/manifest.h"
#include "engine/engine.h"

typedef bool (*skill_find_host_fn)(struct str interface, struct str name,
                                   const struct host_function **out, struct err *err);

/* What several skills of one SDK share: interface, program, function names. */
struct skill_code {
    atomic_uint references;
    struct abi_interface interface;
    struct engine_program *program;
    struct skill_binding *bindings; /* one per import (callbacks.h) */
    skill_find_host_fn find;
    const struct host_function **drops; /* one per resource; NULL: nothing to do */
    char *names;                        /* "INDEX NAME\n" lines, or NULL */
    size_t names_size;
};

struct skill {
    atomic_uint references;
    char *name; /* "namespace/name" */
    enum skill_kind kind;
    uint32_t world_minor; /* of pharia:skill 0.MINOR */
    struct skill_code *code;
    struct engine_image *image;
    uint64_t *globals;                       /* initial values, one per interface.globals */
    const struct abi_export *run, *metadata; /* metadata: NULL in world 0.2 and stream skills */
    /* The runtime's (runtime/forecast.h): what the last calls were like, how many
     * wait for memory, and bytes of live ones. */
    atomic_uint slow_strikes, starved;
    _Atomic uint64_t memory, held;
};

struct skill *skill_retain(struct skill *skill);
void skill_release(struct skill *skill); /* NULL allowed */

/* ---- program.c: bind an interface to the host functions of wasi/ and csi/. Takes over nothing;
 * `interface` moves into the code. */
struct engine;
bool skill_code_new(struct engine *engine, struct engine_code *compiled,
                    struct abi_interface *interface, struct skill_code **out, struct err *err);
/* The same with host functions from elsewhere than wasi/ and csi/: tests bring their own. */
bool skill_code_new_with(struct engine *engine, struct engine_code *compiled,
                         struct abi_interface *interface, skill_find_host_fn find,
                         struct skill_code **out, struct err *err);
/* Any version of a world or of WASI that is supported; ERR_UNSUPPORTED names what is not. */
bool skill_find_host(struct str interface, struct str name, const struct host_function **out,
                     struct err *err);
/* Is the import of the type that the host function has? */
bool skill_check_import(const struct abi_interface *interface, const struct abi_import *import,
                        const struct host_function *function, struct err *err);
struct skill_code *skill_code_retain(struct skill_code *code);
void skill_code_release(struct skill_code *code);
/* What frees the host's part of a resource; NULL: nothing. */
const struct host_function *skill_code_drop(const struct skill_code *code, uint32_t resource);
/* Find the entries of `skill` in its code's interface, check their types against the world, set
 * kind, run and metadata. */
bool skill_bind_exports(struct skill *skill, enum skill_kind kind, struct err *err);
/* The name of a function of the linked code, for traps; an empty string when unknown. */
struct str skill_code_function_name(const struct skill_code *code, uint32_t index);

#endif
