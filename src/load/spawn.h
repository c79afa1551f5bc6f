/* Run a child process to its end: bytes stream into its stdin, it writes to descriptors that it is
 * given, its stderr and its report are kept (bounded), it is killed when its time is over or the
 * caller stops.
 *
 * Started by posix_spawn, never by fork (docs/engine.md, rule 3). Descriptors in the child: 0
 * input, 1 /dev/null, 2 stderr (kept), 3 its report, 4… outputs; everything else of ours is
 * close-on-exec. No environment. Blocks the calling thread; any thread, as many at once as are
 * called. SIGPIPE must be ignored or blocked. */
#ifndef PK_LOAD_SPAWN_H
#define PK_LOAD_SPAWN_H

#include "base/digest.h"
#include "base/err.h"

/* A sanitizer needs terabytes of address space for its shadow, and its options in the environment.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SPAWN_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SPAWN_SANITIZED true
#endif
#endif
#ifndef SPAWN_SANITIZED
#define SPAWN_SANITIZED false
#endif

enum {
    SPAWN_REPORT_FD = 3,
    SPAWN_FIRST_OUTPUT = 4,
    SPAWN_MAX_OUTPUTS = 8,
    SPAWN_MAX_STDERR = 2000,
    SPAWN_MAX_REPORT = 32 * 1024,
    SPAWN_PIECE = 1024 * 1024, /* of the input */
};

struct spawn_task {
    const char *program;
    const char *const *argv; /* NULL-terminated */
    int input;               /* a file, read from its beginning with pread */
    uint64_t input_size;
    struct digest_state *digest; /* what the child was given is added here; NULL: not wanted */
    const int *outputs;
    size_t output_count;
    uint64_t time_limit; /* ns */
    int stop; /* a descriptor that becomes readable when everything has to end; -1: none */
};

enum spawn_end {
    SPAWN_EXITED,  /* `code` */
    SPAWN_SIGNAL,  /* `code`: the signal that ended it */
    SPAWN_TIMEOUT, /* killed by us */
    SPAWN_STOPPED, /* killed by us */
};

struct spawn_result {
    enum spawn_end end;
    int code;
    bool input_failed; /* the input could not be read, or ended before input_size */
    uint64_t took;     /* ns */
    uint64_t cpu;      /* ns, user and system */
    uint64_t peak;     /* bytes of its largest resident set */
    char stderr_text[SPAWN_MAX_STDERR + 1]; /* the beginning */
    size_t report_size;
    char report[SPAWN_MAX_REPORT];
};

/* False: it could not be started. Otherwise it has ended and is reaped. */
bool spawn_run(const struct spawn_task *task, struct spawn_result *result, struct err *err);

#endif
