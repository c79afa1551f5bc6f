/* From an entry's lifted result to the request's answer: what is kept is copied out of the guest's
 * memory. */
#ifndef PK_RUNTIME_ANSWER_H
#define PK_RUNTIME_ANSWER_H

#include "runtime/runtime.h"
#include "skill/call.h"

/* skill_call.finish: `call->finish_context` is the request. */
enum abi_step answer_finish(struct skill_call *call, const struct abi_value *result);
/* Free what an answer holds. */
void answer_clear(struct invocation_request *request);

#endif
