/* The steps of a load (load.c has their table). Each is run when its work is not there yet; those
 * that work in a child put what it made into the cache, and are called in a lane. */
#ifndef PK_LOAD_STEPS_H
#define PK_LOAD_STEPS_H

#include "load/load.h"

/* Read the file; sets `identity`, `component`. */
enum load_result load_hash(struct loads *loads, struct load *load);
/* Link the component in a child; sets `manifest`. */
enum load_result load_link(struct loads *loads, struct load *load);
/* Compile what was linked in a child; sets `code`. */
enum load_result load_compile(struct loads *loads, struct load *load);
/* Map code and image; sets `skill`. */
enum load_result load_map(struct loads *loads, struct load *load);

#endif
