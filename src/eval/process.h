/* What a process takes, as /proc shows it (proc(5)). Any thread. */
#ifndef PK_EVAL_PROCESS_H
#define PK_EVAL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* KB and ms; all 0 when the process has ended. */
struct process_figures {
    uint64_t rss, vms;  /* VmRSS, VmSize */
    uint64_t rss_peak;  /* VmHWM */
    uint64_t pss, anon; /* of smaps_rollup: costs a walk over the page tables; only in full */
    uint64_t cpu_user, cpu_system;
    uint64_t children_cpu; /* user and system, of children that ended and were waited for */
    uint64_t children_rss; /* of the children that run now, together */
};

/* `full`: with pss and anon. False: there is no such process (any more). */
bool process_read(pid_t pid, bool full, struct process_figures *out);

#endif
