/* Link a component into one core module.
 *
 * The result is split so that what is the same for all skills of one SDK is the same to the byte:
 *
 *   code       a core module: all core modules merged, data taken out, memory minimum 0, initial
 *              values of mutable numeric globals taken out, no custom sections; imports only host
 *              functions; exports pk-K (entries), memory, and pk-elements (elements of all tables
 * now) image      the initial memory: pages and the segments in it globals    initial values of the
 * mutable numeric globals, in the order in which the code asks for them interface  JSON text: value
 * types, resources, imports with component-level types and canonical options, exports
 * (abi/interface.h has the format) names      function names of the code, "INDEX NAME" a line, for
 * traps
 *
 * Deterministic: the same input and settings give the same bytes. docs/linking.md has the rest.
 *
 * How the code calls the host (module "pk", and one import per host function):
 *
 *   INTERFACE FIELD     host function with flat core types. FIELD is the function's name; when it
 *                       was lowered with several canonical options the second and later ones are
 *                       "pk-2:NAME", "pk-3:NAME", ...
 *   INTERFACE "pk-plan:NAME"
 *                       a function whose result needs guest memory: (params) -> i64, the first
 *                       request (align << 32 | size), 0 when there is none; "pk-plan-2:NAME"
 *                       likewise
 *   INTERFACE "[resource-drop]R"
 *                       drop of a handle
 *   "pk" "put"          (i32) -> i64: the address that realloc gave; returns the next request,
 *                       0 after the last
 *   "pk" "enter-K"      () -> i64: first request for the parameters of entry K
 *   "pk" "args-K"       () -> (flat ...): the flat parameters of entry K
 *   "pk" "result-K"     (flat) -> i32: the flat result of entry K; called again with the same while
 *                       it gives 1: the host takes a large result in pieces
 *   "pk" "resized"      (i32) -> (): the memory has grown to so many pages, as the guest sees it;
 *                       not with strict memory
 *   "pk" "start"        () -> (i32 i32 values...): size of the memory in pages, its limit in pages,
 *                       then the values of `globals`. Called once per instance, by the entry,
 *                       before anything else: mutable globals are set, then the start functions
 *                       run in their order
 *
 * The host derives from these calls when the instance may call imports: from "start" (start
 * functions may) to "enter-K", and from "args-K" to "result-K"; never inside a realloc that a shim
 * or an entry called. An instance is entered once: entry K may be called once in its life. */
#ifndef PK_LINK_LINK_H
#define PK_LINK_LINK_H

#include "base/buf.h"
#include "base/digest.h"
#include "component/component.h"

struct link_settings {
    /* true: memory.size and memory.grow stay as they are, grown pages are protected between calls;
     * false: they become a global and a call, so that a slot's pages stay open (docs/engine.md,
     * Grown memory). */
    bool strict_memory;
};

struct link_segment {
    uint64_t offset; /* in memory */
    struct slice bytes;
};

/* A numeric global's initial value: its type as encoded and its bits. */
struct link_global {
    uint8_t valtype;
    uint64_t bits;
};

struct link_result {
    struct buf code, interface, names;
    struct link_segment *segments; /* in the order in which they apply: later ones overwrite */
    uint32_t segment_count;
    uint32_t image_pages; /* of 64 KiB: the memory's initial size */
    struct link_global *globals;
    uint32_t global_count;
    bool data_in_image;      /* false: the code kept its data segments (right, but not shared) */
    const char *data_reason; /* static text: why not; NULL when data_in_image */
    struct component_world world;
};

/* `component` and `arena` must outlive the result; link_free frees the buffers only. Output is at
 * most LINK_OUTPUT_FACTOR times the input. Fails with ERR_UNSUPPORTED and a text that names
 * construct and place, or ERR_INVALID. */
enum { LINK_OUTPUT_FACTOR = 4 };
bool link_component(const struct component *component, const struct link_settings *settings,
                    struct arena *arena, struct link_result *result, struct err *err);
void link_free(struct link_result *result);

/* Write the image to a file descriptor that is empty: from the memory's beginning to its last page
 * (of LINK_IMAGE_PAGE bytes) that is not zero, with holes where nothing is. ERR_LIMIT: that is more
 * than LINK_MAX_IMAGE bytes, for whoever keeps the file needs blocks for the holes too. */
enum { LINK_IMAGE_PAGE = 4096, LINK_MAX_IMAGE = 1 << 30 };
bool link_write_image(const struct link_result *result, int fd, struct err *err);

#endif
