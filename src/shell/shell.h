/* The shell around the runtime: routes, request bodies, answers, clients that leave. The protocol
 * is src/http's.
 *
 * One thread per loop, each with an HTTP server of its own and a mailbox for what other threads
 * have finished. A request lives on its loop's thread from beginning to end;
 * executors and loaders only post it back. So nothing here is locked, and which loop took a
 * connection does not matter to who computes: guests run on the runtime's executors.
 *
 * Order of use: shell_new, shell_start, …, shell_stop_accepting, (runtime_stop, skill_store_stop),
 * shell_stop, (runtime_free, skill_store_free), shell_free. All calls from one thread. */
#ifndef PK_SHELL_SHELL_H
#define PK_SHELL_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct runtime;
struct skill_store;

struct shell_settings {
    const char *address; /* "HOST:PORT" or "[V6]:PORT"; port 0: any free one */
    uint32_t threads;    /* loops; default 1 */
    size_t body_limit;   /* bytes of one request body; default 50 MiB */
    size_t body_memory; /* bytes of all bodies but small ones held at once, beyond it 503; default 1
                           GiB */
    uint32_t connections;     /* open at once, per loop; should be above what the runtime admits, or
                                 clients wait; default 30,000 */
    uint64_t idle_timeout;    /* ns that a connection may have no request; default 75 s */
    uint64_t header_timeout;  /* ns from a head's first byte to its last; default 10 s */
    uint64_t transfer_period; /* ns; in each such period of a body or an answer … */
    uint64_t transfer_rate;   /* … so many bytes per second must move; default 1 KiB/s in 10 s */
};
void shell_settings_default(struct shell_settings *settings);

struct shell;
/* Store and runtime must outlive the shell's threads (until shell_stop). */
bool shell_new(const struct shell_settings *settings, struct skill_store *store,
               struct runtime *runtime, struct shell **out, struct err *err);
/* Bind, listen, serve. /ready is 200 from here to shell_stop_accepting. */
bool shell_start(struct shell *shell, struct err *err);
/* The address that it listens on, "127.0.0.1:8081"; valid until shell_free. */
const char *shell_address(const struct shell *shell);
/* True when it listens on more than the loopback interface. */
bool shell_is_public(const struct shell *shell);
/* Close the listeners; open connections get "Connection: close" with their next answer, and /ready
 * is 503. Returns when the store and the runtime have all that clients had sent by then, so that a
 * call is not refused because it came a moment before the stop; after a second at most, if clients
 * go on connecting. */
void shell_stop_accepting(struct shell *shell);
/* Wait until every request is answered or `deadline_ns` has passed, then end threads and
 * connections. By now store and runtime have answered, or will answer at once, every request that
 * they hold. */
void shell_stop(struct shell *shell, uint64_t deadline_ns);
/* After the threads of store and runtime have ended. NULL allowed. */
void shell_free(struct shell *shell);

struct shell_stats {
    uint64_t requests;   /* begun */
    uint64_t active;     /* of them not ended yet */
    uint64_t left;       /* ended by a client that left before its answer */
    uint64_t body_bytes; /* held now */
};
void shell_get_stats(struct shell *shell, struct shell_stats *out);

#endif
