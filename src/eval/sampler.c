#include "eval/sampler.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* proc_pid_clear_refs(5): 5 sets VmHWM back to what is resident now. */
void sampler_begin(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    ssize_t put = write(fd, "5", 1);
    (void)put; /* then it is the peak of the process's life */
    close(fd);
}

static int64_t since(uint64_t before, uint64_t now) {
    return (int64_t)now - (int64_t)before;
}

void sampler_end(pid_t pid, const struct process_figures *before, struct process_figures *now,
                 struct runlog_entry *entry) {
    bool lives = process_read(pid, true, now);
    runlog_set(entry, RUNLOG_RSS, (int64_t)now->rss);
    runlog_set(entry, RUNLOG_RSS_DIFF, since(before->rss, now->rss));
    runlog_set(entry, RUNLOG_VMS, (int64_t)now->vms);
    runlog_set(entry, RUNLOG_VMS_DIFF, since(before->vms, now->vms));
    if (!lives) return;
    runlog_set(entry, RUNLOG_PSS, (int64_t)now->pss);
    runlog_set(entry, RUNLOG_ANON, (int64_t)now->anon);
    runlog_set(entry, RUNLOG_RSS_PEAK, (int64_t)now->rss_peak);
    runlog_set(entry, RUNLOG_CPU_USER, since(before->cpu_user, now->cpu_user));
    runlog_set(entry, RUNLOG_CPU_SYSTEM, since(before->cpu_system, now->cpu_system));
    runlog_set(entry, RUNLOG_CHILDREN_CPU, since(before->children_cpu, now->children_cpu));
}
