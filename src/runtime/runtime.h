/* Invocations on executors: admission, fibers, limits, cancellation. Any thread unless stated. */
#ifndef PK_RUNTIME_RUNTIME_H
#define PK_RUNTIME_RUNTIME_H

#include <stdatomic.h>

#include "base/json_check.h"
#include "base/mailbox.h"
#include "skill/skill.h"

struct runtime_settings {
    uint32_t executors;       /* threads that run guests; 0: one per core */
    uint64_t wall_limit;      /* ns an invocation may take from its start; default 10 min */
    uint64_t memory_limit;    /* bytes of guest memory; default 1 GiB */
    uint64_t guest_memory;    /* bytes of all invocations together (room.h); 0: three quarters
                                 of what the process may use */
    uint64_t log_limit;       /* bytes that an invocation may print to the log; default 64 KiB */
    uint32_t max_invocations; /* accepted and not answered, in whatever state; more are refused
                                 with INVOCATION_REFUSED; default 20,000 */
    uint32_t queue_length;    /* of these, the ones that have not begun; more are refused the same
                                 way; default 15,000 */
};
void runtime_settings_default(struct runtime_settings *settings);

struct runtime;
bool runtime_new(struct engine *engine, const struct runtime_settings *settings,
                 struct runtime **out, struct err *err);
/* Wait until nothing runs or `deadline_ns` has passed; then cancel what is left. Submissions are
 * refused from the call on. */
void runtime_stop(struct runtime *runtime, uint64_t deadline_ns);
/* Makes a runtime_stop that waits cancel at once. Async-signal-safe is not needed. */
void runtime_hurry(struct runtime *runtime);
void runtime_free(struct runtime *runtime);
/* To be given to the skill store: executors forget the image's slots. `context` is the runtime. */
void runtime_image_dropped(void *context, struct engine_image *image);

enum invocation_entry { INVOCATION_RUN, INVOCATION_METADATA };

#define INVOCATION_OUTCOMES(X)                                                                     \
    X(INVOCATION_OK, "ok")                                                                         \
    X(INVOCATION_USER_ERROR, "user-error")         /* the skill returned error.internal */         \
    X(INVOCATION_INVALID_INPUT, "invalid-input")   /* the skill returned error.invalid-input */    \
    X(INVOCATION_INVALID_OUTPUT, "invalid-output") /* what it returned is not JSON */              \
    X(INVOCATION_TRAP, "trap")                     /* trap, limit, missing backend, no memory */   \
    X(INVOCATION_TIMEOUT, "timeout")               /* wall-clock limit */                          \
    X(INVOCATION_CANCELLED, "cancelled")           /* client gone or shutdown */                   \
    X(INVOCATION_REFUSED, "refused") /* too many at once, too much memory together, stopping */

enum invocation_outcome {
#define X(name, text) name,
    INVOCATION_OUTCOMES(X)
#undef X
};

/* A message to an executor; the kinds are the runtime's. */
struct runtime_mail {
    struct mail mail;
    int kind;
};

enum { DESCRIPTION_MAX = 64 << 10 }; /* bytes of the description in metadata */

/* A request and its answer. The caller's; must live until `done` was called. */
struct invocation_request {
    struct runtime_mail submit, cancel; /* the runtime's */
    struct skill *skill;                /* counted; the runtime releases it before `done` */
    enum invocation_entry entry;
    const uint8_t *input; /* JSON, checked; must live until done */
    size_t input_size;
    void (*done)(struct invocation_request *request); /* on an executor's thread; must not block */
    /* the answer */
    enum invocation_outcome outcome;
    uint8_t *output; /* malloc, the caller frees: run: the JSON; metadata: the input schema; NULL
                        otherwise */
    size_t output_size;
    uint8_t *output_schema; /* metadata only; malloc */
    size_t output_schema_size;
    uint8_t *description; /* metadata only; malloc; NULL: none, or longer than DESCRIPTION_MAX */
    size_t description_size;
    char *text; /* malloc; why it failed, or what the skill said; NULL when ok */
    /* ns: from its arrival on an executor to its end, and of that before it began, while it ran,
     * and while it waited (for its turn, for memory, for what it called) */
    uint64_t took, queued, ran, waited;
    struct json_check check;   /* the runtime's: of the output, while it is copied */
    void *invocation;          /* the runtime's, while it runs */
    struct executor *executor; /* likewise */
    atomic_int control;        /* likewise; zero when submitted */
};

/* Always answers by `done`, never before the call returns on the same stack unless refused (then
 * `done` is called within). */
void runtime_submit(struct runtime *runtime, struct invocation_request *request);
/* Ask to end it; `done` follows with INVOCATION_CANCELLED (or with its result if that was quicker).
 * Call only while `done` cannot have returned yet: the caller guards that with a lock of its own.
 */
void runtime_cancel(struct runtime *runtime, struct invocation_request *request);

struct runtime_stats {
    uint64_t running, parked, waiting, finished;
};
void runtime_get_stats(struct runtime *runtime, struct runtime_stats *out);

#endif
