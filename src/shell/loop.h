/* A loop: one thread, one HTTP server, its requests. Private to src/shell. */
#ifndef PK_SHELL_LOOP_H
#define PK_SHELL_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"
#include "shell/listing.h"
#include "shell/request.h"
#include "shell/shell.h"

struct aside;
struct schema_cache;

struct shell_loop {
    struct shell *shell;
    struct http_server *http;
    struct mailbox mail;  /* requests that other threads are done with */
    int control;          /* eventfd: look at shell->phase */
    uint64_t drain_until; /* 0: nobody has told us to stop */
    bool quiesced;        /* nobody can connect any more */
    atomic_bool drained;  /* all that clients had sent when we were told to stop has been read */
    pthread_t thread;
    bool started;

    struct shell_request *free;
    unsigned free_count;

    uint64_t outstanding;                        /* requests that other threads have */
    atomic_uint_fast64_t requests, active, left; /* written by the loop only */
    uint64_t state_time[REQUEST_STATE_COUNT];    /* ns */
};

enum shell_phase { SHELL_SERVING, SHELL_CLOSING, SHELL_ENDING };

struct shell {
    struct shell_settings settings;
    struct skill_store *store;
    struct runtime *runtime;
    struct aside *aside;
    struct schema_cache *schemas; /* the thread aside's */
    struct listings listings;
    struct shell_loop *loops;
    atomic_int phase;
    atomic_size_t body_bytes;
    char *address;
    bool is_public;
    int listener; /* -1: none */
};

bool loop_new(struct shell_loop *loop, struct shell *shell, struct err *err);
/* Takes over the listening socket. */
bool loop_start(struct shell_loop *loop, int listener, struct err *err);
void loop_wake(struct shell_loop *loop); /* any thread */
void loop_join(struct shell_loop *loop);
void loop_free(struct shell_loop *loop);

#endif
