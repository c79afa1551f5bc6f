/* The cache directory: what was linked and compiled, for this kernel and the next start.
 *
 * Compiled files are native code, so the directory is the security barrier: mode 0700, ours, opened
 * once without following a link, and everything in it is reached through that descriptor. Files:
 *   SHA256.wasm .interface .names .image   what the linker made of a component, named by contents
 *   SHA256.cwasm                           compiled code, likewise
 *   COMPONENT-LINKKEY.skill, CODE-ENGINEKEY.code   manifests (manifest.h), written last
 *   tmp-…                                  being written; removed at start when older than an hour
 * A file is written under no name or a temporary one, synced, made read-only and linked into place,
 * never changed afterwards. So a crash leaves whole files or none, kernels that share the directory
 * may race, and what another version wrote has another name. A file that is missing, damaged or not
 * ours is removed and counts as not there: the caller makes it again. Any thread. */
#ifndef PK_CACHE_CACHE_H
#define PK_CACHE_CACHE_H

#include "cache/manifest.h"

struct cache;

enum { CACHE_NAME = 256, CACHE_TEMPORARY_NAME = 40 }; /* bytes of names, with the NUL */

enum artefact_kind {
    ARTEFACT_CODE,
    ARTEFACT_INTERFACE,
    ARTEFACT_NAMES,
    ARTEFACT_IMAGE,
    ARTEFACT_COMPILED,
    ARTEFACT_KINDS
};

/* Makes the directory (and its parents) when it is missing; refuses one that others own or may
 * write, with the remedy. `link_key` and `engine_key` name everything that the link and the compile
 * depend on beside their input ([a-z0-9.-], copied). */
bool cache_open(const char *path, const char *link_key, const char *engine_key, struct cache **out,
                struct err *err);
void cache_close(struct cache *cache); /* NULL allowed */

/* A file being written: an open descriptor, without a name where the file system can do that. */
struct cache_file {
    int fd; /* read and write; -1: none */
    char name[CACHE_TEMPORARY_NAME];
};
bool cache_create(struct cache *cache, struct cache_file *file, struct err *err);
void cache_discard(struct cache *cache,
                   struct cache_file *file); /* one that was not sealed; otherwise does nothing */
/* Give it blocks for its holes, so that no touch of its mapping can find the disk full; sync,
 * measure and give it its name. `file->fd` stays open, for reading what is now in the cache,
 * and is the caller's to close. */
bool cache_seal(struct cache *cache, struct cache_file *file, enum artefact_kind kind,
                struct artefact *artefact, struct err *err);
/* For opening an artefact again, whatever has become of it: its name in the directory, and a
 * descriptor of that, the cache's. */
void cache_artefact_name(enum artefact_kind kind, const struct artefact *artefact,
                         char name[CACHE_NAME]);
int cache_directory(const struct cache *cache);
/* A checked descriptor for reading, the caller's; -1: not there, or it was bad and is removed. */
int cache_open_artefact(struct cache *cache, enum artefact_kind kind,
                        const struct artefact *artefact);

/* False: not there, or it was bad and is removed. */
bool cache_find_skill(struct cache *cache, const struct digest *component,
                      struct skill_manifest *manifest);
bool cache_find_code(struct cache *cache, const struct digest *code,
                     struct code_manifest *manifest);
bool cache_add_skill(struct cache *cache, const struct skill_manifest *manifest, struct err *err);
bool cache_add_code(struct cache *cache, const struct code_manifest *manifest, struct err *err);
/* A manifest whose files turned out missing or bad. */
void cache_forget_skill(struct cache *cache, const struct digest *component);
void cache_forget_code(struct cache *cache, const struct digest *code);

/* Tests: asked before each step ("create", "write", "reserve", "chmod", "fsync", "link", "rename",
 * "sync-directory"); an errno that it returns becomes the step's failure. NULL outside of tests;
 * set before threads start. */
extern int (*cache_fault)(const char *step);

#endif
