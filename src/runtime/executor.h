/* A thread that runs guests: it owns its invocations, slots and stacks, and shares nothing; it is
 * told things by mail. */
#ifndef PK_RUNTIME_EXECUTOR_H
#define PK_RUNTIME_EXECUTOR_H

#include <pthread.h>

#include "base/list.h"
#include "runtime/invocation.h"
#include "runtime/ready.h"

enum executor_mail {
    MAIL_SUBMIT,     /* runtime_mail in an invocation_request */
    MAIL_CANCEL,     /* likewise */
    MAIL_FORGET,     /* struct forget_mail: malloc, freed by the executor */
    MAIL_CANCEL_ALL, /* runtime_mail: malloc, freed by the executor */
    MAIL_STOP,       /* likewise; nothing may run any more */
};

struct forget_mail {
    struct runtime_mail mail;
    struct engine_image *image; /* counted */
};

struct executor {
    pthread_t thread;
    struct mailbox mailbox;
    struct engine *engine;
    struct engine_thread *guests;
    const struct runtime_settings *settings;
    struct runtime *runtime;
    struct pressure *pressure; /* the runtime's */
    uint32_t index;            /* among the executors */
    uint64_t keep;             /* bytes for engine_thread_keep */
    atomic_uint runnable; /* submitted or ready, not parked: what a new submission would wait for */
    atomic_uint parked;
    atomic_bool gives_way; /* runs a long invocation that mail is to interrupt */
    _Atomic uint64_t finished;
    /* its own thread only */
    struct ready ready;
    struct list live;  /* all invocations, oldest first */
    struct list awake; /* parked ones that do not rest, oldest first */
    struct invocation *free;
    struct timers timers;
    uint32_t begun;      /* live ones that have had a turn */
    uint64_t heavy_till; /* when its turn with heavy ones is over, while the memory is full */
    uint64_t over_since; /* when a sweep first found the memory used up; 0: it is not */
    uint64_t swept;      /* when those that memory holds were looked through last */
    uint64_t trimmed;    /* when slots were given back last */
    bool stop;
    struct err start_error;
};

/* Start the thread; `runtime_ended(runtime)` is called by it after every answer. */
bool executor_start(struct executor *executor, struct err *err);
/* Any thread. */
void executor_post(struct executor *executor, struct runtime_mail *mail, int kind);
/* Post a malloc'd message of that kind; false without memory. */
bool executor_tell(struct executor *executor, int kind);
void executor_join(struct executor *executor);

/* runtime.c: one invocation less. */
void runtime_ended(struct runtime *runtime);

#endif
