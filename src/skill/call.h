/* One call of a skill's entry as host functions see it; embedded in the runtime's invocation.
 * Thread: its executor. */
#ifndef PK_SKILL_CALL_H
#define PK_SKILL_CALL_H

#include "abi/host.h"
#include "skill/skill.h"
#include "wasi/wasi.h"

struct skill_call {
    struct wasi_state wasi; /* first: wasi handlers find it by abi_call.context */
    struct abi_instance abi;
    struct arena arena;
    struct skill *skill;
    const struct abi_export *entry;
    uint32_t memory_limit; /* pages */
    const struct abi_value *params;
    /* The result of the entry, lifted: `finish` checks it and copies what is kept, a piece of
     * ABI_PIECE at a time. Called from "result-K" until it is done. */
    enum abi_step (*finish)(struct skill_call *call, const struct abi_value *result);
    void *finish_context;
    struct abi_value result;
    bool finishing;       /* `result` is lifted */
    bool importing;       /* a shim's allocations are under way, not the entry's */
    struct abi_call host; /* the host function that is running or parked */
    struct abi_value host_args[ABI_MAX_FLAT_PARAMS];
    uint64_t host_core[ABI_MAX_FLAT_PARAMS + 1]; /* its core arguments, kept while it is parked */
};

struct skill_call_limits {
    uint32_t memory; /* pages that the guest's memory may grow to */
    uint64_t log;    /* bytes that it may print to the log */
};

/* Prepare for a call; keeps memory of an earlier one on the same struct (zeroed by the caller the
 * first time). */
void skill_call_begin(struct skill_call *call, struct skill *skill, const struct abi_export *entry,
                      const struct abi_value *params, const struct skill_call_limits *limits);
/* After the run was deleted: frees handles and host state that the guest left. */
void skill_call_end(struct skill_call *call);
void skill_call_free(struct skill_call *call);
/* Bytes that the host keeps for it: lifted values, handles, pollables. */
uint64_t skill_call_cost(const struct skill_call *call);

#endif
