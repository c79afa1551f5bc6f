/* A value of the component model as the host sees it. What its members mean follows from its type:
 *
 *   bool, integers, char    u         signed ones sign-extended to 64 bits
 *   flags                   u         bit i: label i
 *   own, borrow             u         the representation (rep) that the host gave the resource
 *   f32, f64                f         NaNs are canonical
 *   string, list<u8>        n, bytes  strings are always UTF-8 here
 *   list of others          n, items
 *   record, tuple           n, items  one per field
 *   variant, enum,          n, items  n: the case (option: 0 none, 1 some; result: 0 ok, 1 error),
 *   option, result                    items: the payload, or NULL
 *
 * A value owns nothing: items live in the invocation's arena, bytes may point into guest memory.
 * Those stay valid until the guest runs again, which for a host function is when it returns (or,
 * parked, is resumed and returns). What leaves the executor's thread, and what is given back as a
 * result, must be a copy (abi_value_copy). */
#ifndef PK_ABI_VALUE_H
#define PK_ABI_VALUE_H

#include "abi/type.h"
#include "base/arena.h"

struct abi_value {
    uint32_t n;
    union {
        uint64_t u;
        double f;
        const uint8_t *bytes;
        const struct abi_value *items;
    };
};

/* Helpers for host functions. The arena ones return NULL (or false) when the invocation's budget is
 * used up. */
struct abi_value *abi_values(struct arena *arena, uint32_t count); /* cleared */
bool abi_value_copy(struct arena *arena, const struct abi_type *type, const struct abi_value *from,
                    struct abi_value *to);
static inline struct abi_value abi_string(const char *data, uint32_t size) {
    return (struct abi_value){.n = size, .bytes = (const uint8_t *)data};
}

#endif
