/* The judge: the untouched component through Wasmtime's own component implementation (C API). One
 * thread. */
#ifndef PK_JUDGE_THEIRS_H
#define PK_JUDGE_THEIRS_H

#include "abi/interface.h"
#include "abi/value.h"

struct theirs;
/* `echo`: the imported interface whose functions give back what they get; `things`: the one of
 * handles (may not be imported). */
struct theirs *theirs_new(const uint8_t *bytes, size_t size, const struct abi_interface *interface);
void theirs_free(struct theirs *theirs);
/* A new instance, one call. False: it trapped, the text is in `problem`. */
bool theirs_call(struct theirs *theirs, const struct abi_export *export,
                 const struct abi_value *params, struct arena *arena, struct abi_value *result,
                 char *problem, size_t problem_size);

#endif
