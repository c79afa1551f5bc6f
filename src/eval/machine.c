#include "eval/machine.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The value of the first line that begins with `name`, without blanks around it. */
static bool find_line(const char *path, const char *name, char *out, size_t size) {
    char line[512];
    bool found = false;
    FILE *file = fopen(path, "re");
    if (!file) return false;
    while (!found && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) != 0) continue;
        const char *value = strchr(line, ':');
        if (!value) continue;
        value += 1 + strspn(value + 1, " \t");
        snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
        found = out[0] != '\0';
    }
    fclose(file);
    return found;
}

static uint64_t gigabytes(const char *name) {
    char value[64];
    if (!find_line("/proc/meminfo", name, value, sizeof value)) return 0;
    return strtoull(value, NULL, 10) >> 20; /* from KiB */
}

void machine_read(struct machine *out) {
    struct utsname system;
    *out = (struct machine){.arch = "UNKNOWN"};
    if (uname(&system) == 0) {
        snprintf(out->arch, sizeof out->arch, "%.31s", system.machine);
        for (char *at = out->arch; *at; at++) *at = (char)toupper((unsigned char)*at);
    }
    if (!find_line("/proc/cpuinfo", "model name", out->brand, sizeof out->brand))
        snprintf(out->brand, sizeof out->brand, "unknown");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    out->cores = cores > 0 ? (uint32_t)cores : 1;
    out->memory_total = gigabytes("MemTotal");
    out->memory_available = gigabytes("MemAvailable");
}
