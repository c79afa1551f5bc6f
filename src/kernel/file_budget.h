/* How the descriptors that the system allows (RLIMIT_NOFILE) are divided. Pure: nothing is owned.
 */
#ifndef PK_KERNEL_FILE_BUDGET_H
#define PK_KERNEL_FILE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct file_users {
    uint64_t executors, shell_threads, loaders, namespaces;
    uint64_t connections; /* that are wanted */
};

struct file_budget {
    uint64_t own;         /* the kernel itself, its threads, loads and their children */
    uint64_t codes;       /* compiled codes that stay mapped; skills need no other descriptor */
    uint64_t connections; /* not more than wanted */
    bool too_little;      /* the least of each is more than the total */
};

struct file_budget file_budget(uint64_t total, const struct file_users *users);

#endif
