/* wasi:sockets. A skill gets a network, as every program does, and no socket of it. */
#include "wasi/internal.h"

enum host_outcome wasi_network(struct abi_call *call) {
    call->result.u = 0;
    return HOST_DONE;
}

/* A result's error: enum{unknown, access-denied, …}. */
enum host_outcome wasi_access_denied(struct abi_call *call) {
    static const struct abi_value code = {.n = 1};
    call->result = (struct abi_value){.n = 1, .items = &code};
    return HOST_DONE;
}
