/* Random values of any type, and whether two are equal. For the judge only; one thread. */
#ifndef PK_JUDGE_VALUES_H
#define PK_JUDGE_VALUES_H

#include "abi/interface.h"
#include "abi/value.h"

struct random {
    uint64_t state;
};
uint32_t random_below(struct random *random, uint32_t bound);

/* Everything in the arena. Lists get shorter with depth. */
bool value_random(struct random *random, struct arena *arena, const struct abi_type *type,
                  uint32_t depth, struct abi_value *out);
bool value_equal(const struct abi_type *type, const struct abi_value *a, const struct abi_value *b);
/* JSON-like text, for messages. */
void value_show(const struct abi_type *type, const struct abi_value *value, struct buf *out);

#endif
