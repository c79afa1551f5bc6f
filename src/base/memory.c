#include "base/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

/* The number in a file; UINT64_MAX for "max", or when there is none. */
static uint64_t read_limit(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) return UINT64_MAX;
    unsigned long long value;
    uint64_t limit = fscanf(file, "%llu", &value) == 1 ? value : UINT64_MAX;
    fclose(file);
    return limit;
}

/* Of the group `path` and those above it: the limit of each counts. In a container the path may be
 * one that is not mounted there; the mount's own root is then the container's group. */
static uint64_t least_limit(const char *mount, const char *path, const char *name) {
    char group[PATH_ROOM], file[2 * PATH_ROOM];
    snprintf(group, sizeof group, "%s", path);
    uint64_t least = UINT64_MAX;
    for (;;) {
        snprintf(file, sizeof file, "%s%s/%s", mount, group, name);
        uint64_t limit = read_limit(file);
        if (limit < least) least = limit;
        char *slash = strrchr(group, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}

/* Beyond memory.high a group is slowed down until it stands still: a limit, too. */
static uint64_t least_of_both(const char *mount, const char *path) {
    uint64_t max = least_limit(mount, path, "memory.max");
    uint64_t high = least_limit(mount, path, "memory.high");
    return high < max ? high : max;
}

/* The limits of the process itself, setrlimit(2). RLIMIT_AS is none: it counts the reserved
 * addresses of guests, which are far more than the memory that they have. */
static uint64_t process_limit(void) {
    struct rlimit data;
    return getrlimit(RLIMIT_DATA, &data) || data.rlim_cur == RLIM_INFINITY ? UINT64_MAX
                                                                           : data.rlim_cur;
}

/* Is "memory" one of "cpu,memory"? */
static bool has_memory(const char *list, size_t size) {
    for (const char *at = list, *end = list + size; at < end;) {
        size_t length = strcspn(at, ",:");
        if (length == 6 && memcmp(at, "memory", 6) == 0) return true;
        at += length + 1;
    }
    return false;
}

uint64_t memory_group_limit(const char *self, const char *mount) {
    char line[PATH_ROOM], v1[PATH_ROOM];
    uint64_t least = UINT64_MAX;
    FILE *file = fopen(self, "re");
    if (!file) return least;
    snprintf(v1, sizeof v1, "%s/memory", mount);
    while (fgets(line, sizeof line, file)) { /* "ID:CONTROLLERS:PATH" */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path) continue;
        size_t size = (size_t)(path - controllers - 1);
        uint64_t limit = UINT64_MAX;
        if (size == 0)
            limit = least_of_both(mount, path + 1);
        else if (has_memory(controllers + 1, size))
            limit = least_limit(v1, path + 1, "memory.limit_in_bytes");
        if (limit < least) least = limit;
    }
    fclose(file);
    return least;
}

uint64_t memory_total(void) {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t machine = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    uint64_t group = memory_group_limit("/proc/self/cgroup", "/sys/fs/cgroup");
    uint64_t least = group < machine ? group : machine, own = process_limit();
    return own < least ? own : least;
}

uint64_t memory_anonymous(int statm) {
    char text[128];
    ssize_t got = pread(statm, text, sizeof text - 1, 0);
    if (got <= 0) return 0;
    text[got] = '\0';
    unsigned long long size, resident, shared;
    if (sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || shared > resident)
        return 0;
    return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}
