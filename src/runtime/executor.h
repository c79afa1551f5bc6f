/* A thread that runs guests: it owns its invocations, slots and stacks, and shares nothing but
 * counters (room.h); it is told things by mail. */
#ifndef PK_RUNTIME_EXECUTOR_H
#define PK_RUNTIME_EXECUTOR_H

#include <pthread.h>

#include "base/list.h"
#include "runtime/admission.h"
#include "runtime/invocation.h"
#include "runtime/room.h"
#include "runtime/run_queue.h"

enum executor_mail {
    MAIL_SUBMIT,     /* runtime_mail in an invocation_request */
    MAIL_CANCEL,     /* runtime_mail in an invocation_request */
    MAIL_FORGET,     /* struct forget_mail: malloc, freed by the executor */
    MAIL_CANCEL_ALL, /* runtime_mail: malloc, freed by the executor */
    MAIL_STOP,       /* runtime_mail: malloc, freed by the executor; no call is live any more */
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
    struct room *room;    /* the runtime's */
    uint32_t index;       /* among the executors */
    uint64_t keep;        /* bytes for engine_thread_keep */
    atomic_uint runnable; /* submitted or ready, not parked: what a new submission would wait for */
    atomic_uint parked;
    atomic_uint *queued;   /* the runtime's: calls that have not begun, on all executors */
    atomic_bool gives_way; /* runs a long invocation that mail is to interrupt */
    _Atomic uint64_t finished;
    /* its own thread only */
    struct admission admission; /* calls that have not begun */
    struct run_queue ready;
    struct list starved; /* calls that wait for memory; the one with the turn to grow first */
    bool new_is_next;    /* a short call went last, where a quick one waits to begin */
    bool out_of_turn;    /* the last turn was: the next is not, however slow the slices are */
    struct list live;    /* all invocations, oldest first */
    struct list awake;   /* parked ones that do not rest, oldest first */
    struct invocation *free;
    struct timers timers;
    struct invocation *grower;          /* its call that has the turn to grow (room.h), or NULL */
    uint64_t grower_since, grower_grew; /* when it got the turn, when it grew last */
    uint64_t over_since;  /* when a sweep first found the memory used up; 0: it is not */
    uint64_t swept;       /* when the calls that wait were looked through last */
    uint64_t trimmed;     /* when slots that were not used for a while were given back last */
    uint64_t emptied;     /* when all free slots were given back last, for others' sake */
    uint64_t cpu, cpu_at; /* the thread's time, and when it was read last (monotonic ns) */
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
