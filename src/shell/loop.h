/* A loop: one thread, one libmicrohttpd daemon, its requests. Private to src/shell. */
#ifndef PK_SHELL_LOOP_H
#define PK_SHELL_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "shell/connection.h"
#include "shell/linger.h"
#include "shell/request.h"
#include "shell/shell.h"

struct schema_checker;

struct shell_loop {
    struct shell *shell;
    struct MHD_Daemon *daemon;
    struct mailbox mail; /* requests that other threads are done with */
    int epoll;           /* daemon, mailbox, control, clients' ends, lingering sockets */
    int control;         /* eventfd: look at shell->phase */
    int listener;        /* libmicrohttpd's, until `quiesced` */
    bool quiesced;
    uint64_t drain_until; /* 0: nobody has told us to stop */
    atomic_bool drained;  /* all that clients had sent when we were told to stop has been read */
    pthread_t thread;
    bool started;

    struct shell_request *free;
    unsigned free_count;
    struct list waiting; /* suspended requests, oldest first */
    struct list gone;    /* shell_connection.link: of clients that have gone, to be looked at */
    uint64_t gone_look;  /* when they are looked at next */
    struct linger_set linger;
    uint64_t now;      /* of this turn */
    bool idle;         /* it polled, and there was nothing */
    unsigned unpolled; /* turns since the last look at `epoll` */

    uint64_t outstanding;                        /* requests that other threads have */
    atomic_uint_fast64_t requests, active, left; /* written by the loop only */
    uint64_t state_time[REQUEST_STATE_COUNT];    /* ns */
};

enum shell_phase { SHELL_SERVING, SHELL_CLOSING, SHELL_ENDING };

struct shell {
    struct shell_settings settings;
    struct skill_store *store;
    struct runtime *runtime;
    struct schema_checker *checker;
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

/* Suspend the request's connection until loop_resume. */
void loop_suspend(struct shell_request *request);
void loop_resume(struct shell_request *request);

/* handler.c: libmicrohttpd's callbacks; `cls` is the loop. */
enum MHD_Result handler_access(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **state);
void handler_completed(void *cls, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code);
/* connection.c: the client of a suspended request is gone. */
void handler_client_left(struct shell_request *request);

#endif
