/* wasi:random. One generator for all three interfaces: "insecure" allows a better one. */
#include <string.h>

#include "base/digest.h"
#include "wasi/internal.h"

/* Small requests are the rule (Python's hash seed: 24 bytes) and a call of the generator costs more
 * than they do. Bytes are erased when they are handed out, so that the pool never holds what a
 * skill already has. */
static void pooled_bytes(uint8_t *out, size_t size) {
    static _Thread_local uint8_t pool[4096];
    static _Thread_local size_t left;
    if (size > sizeof pool / 8) {
        random_bytes(out, size);
        return;
    }
    if (left < size) {
        random_bytes(pool, sizeof pool);
        left = sizeof pool;
    }
    left -= size;
    memcpy(out, pool + left, size);
    memset(pool + left, 0, size);
}

static enum host_outcome next_piece(struct abi_call *call) {
    uint64_t left = call->args[0].u - call->result.n;
    uint32_t piece = left < ABI_PIECE ? (uint32_t)left : ABI_PIECE;
    pooled_bytes((uint8_t *)call->result.bytes + call->result.n, piece);
    call->result.n += piece;
    if (piece == left) return HOST_DONE;
    call->wake_at = 0; /* at once, but not before others */
    return HOST_PARK;
}

/* Called again until all bytes are there: others have their turn after each piece. */
enum host_outcome wasi_random_bytes(struct abi_call *call) {
    if (call->result.bytes != NULL) return next_piece(call);
    uint64_t size = call->args[0].u;
    if (size > WASI_MAX_RANDOM) {
        abi_fail(call->instance, "more than %d bytes of random numbers at once", WASI_MAX_RANDOM);
        return HOST_FAIL;
    }
    uint8_t *bytes = arena_alloc(abi_call_arena(call), size);
    if (bytes == NULL) {
        abi_fail(call->instance, "no memory for random numbers");
        return HOST_FAIL;
    }
    call->result = (struct abi_value){.bytes = bytes};
    return next_piece(call);
}

enum host_outcome wasi_random_u64(struct abi_call *call) {
    pooled_bytes((uint8_t *)&call->result.u, sizeof call->result.u);
    return HOST_DONE;
}

enum host_outcome wasi_random_seed(struct abi_call *call) {
    struct abi_value *halves = abi_values(abi_call_arena(call), 2);
    if (halves == NULL) {
        abi_fail(call->instance, "no memory for a seed");
        return HOST_FAIL;
    }
    pooled_bytes((uint8_t *)&halves[0].u, sizeof halves[0].u);
    pooled_bytes((uint8_t *)&halves[1].u, sizeof halves[1].u);
    call->result = (struct abi_value){.n = 2, .items = halves};
    return HOST_DONE;
}
