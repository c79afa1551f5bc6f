/* A run: a kernel is started, a script executed, each command measured and logged. One thread. */
#ifndef PK_EVAL_RUNNER_H
#define PK_EVAL_RUNNER_H

#include "eval/kernel_process.h"
#include "eval/progress.h"
#include "eval/routes.h"
#include "eval/runlog.h"
#include "eval/script.h"
#include "eval/skills_folder.h"

struct run_options {
    const char *kernel;  /* path of the binary */
    const char *samples; /* folder of sample_*.wasm */
    const char *address;
    const char *folder; /* the run's own: skills/, cache/, the kernel's working directory */
    const char *logs;   /* where the logs go */
    uint64_t timeout;   /* ns, of one call, of waiting until a skill is listed, of start and stop */
    bool resources;     /* -m */
    bool warm, legacy, distinct;
};

struct run {
    const struct run_options *options;
    const struct script *script;
    struct routes routes;
    struct skills_folder skills;
    struct client *client;
    struct kernel_process kernel;
    struct runlog_writer *log;
    struct progress progress;
    const char *phase; /* "start", "stop"; NULL: a command runs */
    /* the entry that runs */
    const struct script_entry *entry;
    uint32_t *took; /* µs of each call */
    size_t calls, took_room;
    uint64_t entry_errors, children_peak;
    uint64_t waited; /* ns of its time that do not count */
    /* the run */
    struct process_figures before; /* the last sample */
    bool warm;                     /* there was something in the compile cache at the start */
    uint64_t failed;               /* errors of entries that may not fail */
    uint64_t resources_at;         /* when the next resource line is due */
    struct err stopped;            /* why the batch was given up by the tick */
};

/* The whole of it. Returns the program's exit code: 0, or 1 when something failed, which was told.
 */
int run_script(const struct run_options *options, const struct script *script);
/* SIGINT and SIGTERM end the run in order from now on. */
void run_catch_signals(void);

/* ---- runner_paths.c */
enum { RUN_PATH = 4096 };
/* What a run has made and what is taken away in the end. */
struct run_paths {
    char folder[RUN_PATH]; /* absolute, as the kernel gets it */
    char skills[RUN_PATH], cache[RUN_PATH], kernel_log[RUN_PATH];
    bool cache_is_mine; /* for this run only */
};
/* Locks the folder. */
bool run_paths_make(struct run *run, struct run_paths *paths, uint64_t began, struct err *err);
void run_paths_end(const struct run_paths *paths);
bool run_folder_is_empty(const char *path);

/* ---- runner_commands.c: one execution of an entry. False: the run cannot go on. */
bool run_command_once(struct run *run, struct err *err);

/* ---- runner_calls.c */
/* Make calls, at once or one after the other, and count what became of them as the entry's. */
bool run_calls(struct run *run, struct client_call *calls, size_t count, size_t parallel,
               struct err *err);
/* One call whose answer is wanted, not counted; false: the run cannot go on. `why` is empty when
 * the answer is 200 and its body whole in `body`; else it tells on what what failed. */
enum {
    RUN_WHY = 400,
    RUN_TOLD = 3 /* failures of an entry that are told, the others are counted */
};
bool run_ask(struct run *run, const struct buf *request, struct buf *body, char why[RUN_WHY],
             struct err *err);
/* What others wrote, to be shown: control characters become blanks. */
void run_one_line(char *text);
/* client_settings.tick: progress, resource lines, is the kernel alive, was there a signal. */
bool run_tick(void *context, size_t done, size_t count);
/* kernel_settings.stopping: the same, but the kernel may end. */
bool run_stopping(void *context);
/* For waits without calls. */
bool run_wait(struct run *run, uint64_t ns, struct err *err);

#endif
