/* The process's descriptors: raises the limit and divides it. Thread: main, before others start. */
#ifndef PK_KERNEL_FILES_H
#define PK_KERNEL_FILES_H

#include "kernel/config.h"
#include "kernel/file_budget.h"

/* Raises RLIMIT_NOFILE as far as the system lets us, and logs what everybody gets of it. */
struct file_budget files_divide(const struct config *config);

#endif
