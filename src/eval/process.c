#include "eval/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of /proc, whole, with a NUL behind it; false: not there, or longer than the buffer. */
static bool read_file(char *out, size_t room, const char *format, int pid) {
    char path[64];
    snprintf(path, sizeof path, format, pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    size_t size = 0;
    ssize_t got;
    while (size < room - 1 && (got = read(fd, out + size, room - 1 - size)) > 0)
        size += (size_t)got;
    close(fd);
    out[size] = '\0';
    return size > 0 && size < room - 1;
}

/* The number behind "\nNAME:", in KB. */
static uint64_t field(const char *text, const char *name) {
    char key[32];
    snprintf(key, sizeof key, "\n%s:", name);
    const char *at = strstr(text, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* proc_pid_stat(5): utime, stime, cutime, cstime are fields 14 to 17; the name in field 2 may hold
 * anything, so they are counted from its last parenthesis. */
static void read_times(const char *stat, struct process_figures *out) {
    const char *at = strrchr(stat, ')');
    uint64_t times[4] = {0};
    for (int i = 3; at && i <= 17; i++) {
        at = strchr(at + 1, ' ');
        if (at && i >= 14) times[i - 14] = strtoull(at + 1, NULL, 10);
    }
    uint64_t tick = 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
    out->cpu_user = times[0] * tick;
    out->cpu_system = times[1] * tick;
    out->children_cpu = (times[2] + times[3]) * tick;
}

/* The KB of one thread's children: proc_tid_children(5) lists those that this thread has made. */
static uint64_t thread_children(int thread) {
    char list[4096], status[8192];
    uint64_t sum = 0;
    if (!read_file(list, sizeof list, "/proc/%1$d/task/%1$d/children", thread)) return 0;
    for (char *at = list, *end; *at; at = end) {
        long child = strtol(at, &end, 10);
        if (end == at) break;
        if (read_file(status, sizeof status, "/proc/%d/status", (int)child))
            sum += field(status, "VmRSS");
    }
    return sum;
}

static uint64_t children_rss(pid_t pid) {
    char path[32];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads) return 0;
    for (struct dirent *thread; (thread = readdir(threads));)
        if (thread->d_name[0] != '.') sum += thread_children(atoi(thread->d_name));
    closedir(threads);
    return sum;
}

bool process_read(pid_t pid, bool full, struct process_figures *out) {
    char text[8192];
    *out = (struct process_figures){0};
    if (!read_file(text, sizeof text, "/proc/%d/status", pid)) return false;
    out->rss = field(text, "VmRSS");
    out->vms = field(text, "VmSize");
    out->rss_peak = field(text, "VmHWM");
    if (read_file(text, sizeof text, "/proc/%d/stat", pid)) read_times(text, out);
    if (full && read_file(text, sizeof text, "/proc/%d/smaps_rollup", pid)) {
        out->pss = field(text, "Pss");
        out->anon = field(text, "Anonymous");
    }
    out->children_rss = children_rss(pid);
    return out->vms > 0;
}
