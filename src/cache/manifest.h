/* What the cache knows about a skill and about a code: two small JSON documents, each written last,
 * after the files that it describes.
 *
 * A file is named by the SHA-256 of what is in it, so a manifest never says a file name and two
 * kernels that make the same file agree on its name. Format (keys in any order, every one
 * required):
 *   {"xxh3": "…16 hex digits over everything behind this member's comma…", "format": 2,
 *    "component": "…64 hex digits…",
 *    "code": {"size": N, "sha256": "…", "xxh3": "…"}, "interface": {…}, "names": {…}, "image": {…},
 *    "facts": {"kind": "function"|"message-stream", "minor": 3, "pages": 295,
 *              "globals": ["…16 hex digits…", …],
 *              "data_in_image": true, "data_reason": "…"|null}}
 *   {"xxh3": "…", "format": 2, "code": "…64 hex digits…", "compiled": {…}}
 * Numbers of 64 bits are hex texts: JSON readers make doubles of them. Thread: all functions are
 * pure. */
#ifndef PK_CACHE_MANIFEST_H
#define PK_CACHE_MANIFEST_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

enum skill_kind { SKILL_FUNCTION, SKILL_MESSAGE_STREAM };

enum {
    MANIFEST_FORMAT = 2,
    MANIFEST_MAX_GLOBALS =
        1000, /* WebAssembly engines take no more results of one function, "start" returns them */
    MANIFEST_MAX_PAGES = 65536,
    MANIFEST_MAX_SIZE = 64 * 1024,
};

/* A file of the cache, by its contents. */
struct artefact {
    uint64_t size;
    struct digest sha256;
    uint64_t xxh3;
};

/* What the linker found out about a skill beside its files. */
struct skill_facts {
    enum skill_kind kind;
    uint32_t minor; /* of pharia:skill 0.MINOR */
    uint32_t pages; /* of the image */
    uint32_t global_count;
    uint64_t globals[MANIFEST_MAX_GLOBALS];
    bool data_in_image;
    char data_reason[200]; /* why not; empty when data_in_image */
};

struct skill_manifest {
    struct digest component;
    struct artefact code, interface, names, image;
    struct skill_facts facts;
};

struct code_manifest {
    struct digest code;
    struct artefact compiled;
};

/* Can the image's file be the beginning of a memory of so many pages? */
bool skill_image_fits(const struct skill_manifest *manifest);
bool skill_manifest_write(const struct skill_manifest *manifest, struct buf *out);
bool skill_manifest_read(const char *text, size_t size, struct skill_manifest *manifest,
                         struct err *err);
bool code_manifest_write(const struct code_manifest *manifest, struct buf *out);
bool code_manifest_read(const char *text, size_t size, struct code_manifest *manifest,
                        struct err *err);

/* The facts alone, as the child that links hands them to its parent: the value of "facts" above. */
bool skill_facts_write(const struct skill_facts *facts, struct buf *out);
bool skill_facts_read(const char *text, size_t size, struct skill_facts *facts, struct err *err);
/* An error on its way from a child: {"kind": "unsupported", "text": "…"}. */
bool error_write(const struct err *error, struct buf *out);
bool error_read(const char *text, size_t size, struct err *error);

#endif
