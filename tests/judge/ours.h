/* The component through our own chain: decode, link, compile, instantiate, canonical ABI. One
 * thread. */
#ifndef PK_JUDGE_OURS_H
#define PK_JUDGE_OURS_H

#include "skill/call.h"

struct ours;
/* Exits with a text when the component is not taken. */
struct ours *ours_new(const uint8_t *bytes, size_t size);
void ours_free(struct ours *ours);
const struct abi_interface *ours_interface(const struct ours *ours);
/* A new instance, one call; the result is copied into `arena`. False: it trapped. */
bool ours_call(struct ours *ours, const struct abi_export *export, const struct abi_value *params,
               struct arena *arena, struct abi_value *result, char *problem, size_t problem_size);

#endif
