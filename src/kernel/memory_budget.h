/* How the memory of the machine or of the container is divided. Pure: nothing is owned. */
#ifndef PK_KERNEL_MEMORY_BUDGET_H
#define PK_KERNEL_MEMORY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct memory_budget {
    uint64_t guests; /* GUEST_MEMORY */
    uint64_t bodies; /* BODY_MEMORY */
    uint64_t own;    /* left for the kernel itself and the children that compile skills */
    bool too_much;   /* what was given does not fit into the total */
};

/* `guests` and `bodies` as the user gave them; 0: not given, the share of the rest is taken. */
struct memory_budget memory_budget(uint64_t total, uint64_t guests, uint64_t bodies);

#endif
