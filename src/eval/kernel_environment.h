/* What the kernel under test finds around it: what would change what is measured is kept from it or
 * told. resource-eval knows the kernel only as a process, so names of settings stand here once
 * more. One thread. */
#ifndef PK_EVAL_KERNEL_ENVIRONMENT_H
#define PK_EVAL_KERNEL_ENVIRONMENT_H

#include "base/buf.h"
#include "base/err.h"

/* The environment that the kernel gets; NULL without memory. The caller frees it. */
char **kernel_environment_make(const char *address, const char *cache_dir);
void kernel_environment_free(char **environment);
/* Settings that it gets from our own environment: "EXECUTORS=1 GUEST_MEMORY=1Gi". */
bool kernel_environment_inherited(struct buf *out);
/* Refuses a working directory with a file of settings. */
bool kernel_environment_check(const char *folder, struct err *err);

#endif
