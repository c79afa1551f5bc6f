/* wasi:cli. No environment, arguments, directory or terminal: those are wasi_nothing. */
#include "wasi/internal.h"

enum host_outcome wasi_exit(struct abi_call *call) {
    abi_fail(call->instance, "the skill called exit");
    return HOST_FAIL;
}

enum host_outcome wasi_get_stdin(struct abi_call *call) {
    call->result.u = WASI_STDIN;
    return HOST_DONE;
}

enum host_outcome wasi_get_stdout(struct abi_call *call) {
    call->result.u = WASI_STDOUT;
    return HOST_DONE;
}

enum host_outcome wasi_get_stderr(struct abi_call *call) {
    call->result.u = WASI_STDERR;
    return HOST_DONE;
}
