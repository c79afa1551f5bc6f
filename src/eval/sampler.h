/* Figures of the kernel's process around each command. One thread. */
#ifndef PK_EVAL_SAMPLER_H
#define PK_EVAL_SAMPLER_H

#include "eval/process.h"
#include "eval/runlog.h"

/* Begin a command: the process's peak of memory counts from here on. */
void sampler_begin(pid_t pid);
/* The command's end: `now` is read (in full), the differences to `before` go into the entry. A
 * process that has ended has figures of 0. */
void sampler_end(pid_t pid, const struct process_figures *before, struct process_figures *now,
                 struct runlog_entry *entry);

#endif
