/* How much memory there is and how much of it this process has. Any thread. */
#ifndef PK_BASE_MEMORY_H
#define PK_BASE_MEMORY_H

#include <stdint.h>

/* Bytes that the process may use: the machine's memory, or less where a control group limits it
 * (cgroup v2 memory.max and memory.high of every level, v1 memory.limit_in_bytes) or RLIMIT_DATA
 * does. */
uint64_t memory_total(void);
/* The least limit of a control group; UINT64_MAX: none. `self` is /proc/self/cgroup, `mount` where
 * the groups are mounted (cgroups(7)). */
uint64_t memory_group_limit(const char *self, const char *mount);

/* Anonymous bytes of this process that are in memory, from `statm`, a descriptor of
 * /proc/self/statm (proc(5): resident less shared pages); 0 when it cannot be read. */
uint64_t memory_anonymous(int statm);

#endif
