/* The kernel under test: started, waited for, measured, stopped. One thread. */
#ifndef PK_EVAL_KERNEL_PROCESS_H
#define PK_EVAL_KERNEL_PROCESS_H

#include <netinet/in.h>

#include "eval/client.h"
#include "eval/process.h"

struct kernel_settings {
    const char *self; /* this program (launch.h) */
    const char *binary;
    const char *folder;     /* its working directory */
    const char *address;    /* "127.0.0.1:8081" */
    const char *cache_dir;  /* made by the caller; goes to the environment as CACHE_DIR */
    const char *log_path;   /* its stdout and stderr; made here */
    const char *ready_path; /* asked until it answers 200 */
    uint64_t start_timeout, stop_timeout; /* ns */
    bool (*stopping)(void *context); /* asked every 100 ms while it stops: false kills it at once */
    void *context;
};

struct kernel_process {
    struct kernel_settings settings;
    pid_t pid;  /* 0: not running */
    int log;    /* the log's descriptor, for lines of our own */
    int status; /* of waitpid, once it has ended */
};

/* "127.0.0.1:8081", "localhost:8081": only loopback is taken. */
bool kernel_parse_address(const char *text, struct sockaddr_in *out, struct err *err);
/* Refuses a busy port; starts it; waits until it is ready. When it fails, nothing runs. */
bool kernel_start(struct kernel_process *kernel, const struct kernel_settings *settings,
                  struct client *client, struct err *err);
/* False when it has ended by itself; `err` says how, with the last line of its log. */
bool kernel_alive(struct kernel_process *kernel, struct err *err);
/* SIGTERM, and when it does not end within the time, SIGKILL and false. */
bool kernel_stop(struct kernel_process *kernel, struct err *err);
/* At once, whatever it does, and its children. Nothing when it does not run. */
void kernel_kill(struct kernel_process *kernel);
void kernel_close(struct kernel_process *kernel);
/* The value behind "KEY=" in the kernel's log so far, or "unknown". */
void kernel_log_value(const struct kernel_process *kernel, const char *key, char *out, size_t size);

#endif
