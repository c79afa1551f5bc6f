/* The machine of a run, as its log's head shows it. Any thread. */
#ifndef PK_EVAL_MACHINE_H
#define PK_EVAL_MACHINE_H

#include <stdint.h>

struct machine {
    char arch[32];   /* "X86_64" as the logs of 2024 have it */
    char brand[128]; /* of /proc/cpuinfo, or "unknown" */
    uint32_t cores;
    uint64_t memory_total, memory_available; /* GiB, cut */
};
void machine_read(struct machine *out);

#endif
