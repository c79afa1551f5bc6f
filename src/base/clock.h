/* Time. All durations and instants are nanoseconds in uint64_t unless a name says otherwise.
 * Thread-safe. */
#ifndef PK_BASE_CLOCK_H
#define PK_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_US 1000ull
#define CLOCK_MS 1000000ull
#define CLOCK_S  1000000000ull

struct err;

uint64_t clock_monotonic(void);
uint64_t clock_realtime(void);
uint64_t clock_thread_cpu(void); /* CPU time of the calling thread */
/* RFC 3339 in UTC with milliseconds, "2026-11-24T08:30:25.123Z"; `out` holds at least 25 bytes. */
void clock_format(uint64_t realtime, char *out, size_t size);
/* "10s", "250ms", "1m 30s", "2h", "PT10S", plain "0"; units ns us ms s m h d. As the existing
 * Kernel's configuration has them (humantime and ISO 8601 durations). */
bool clock_parse_duration(const char *text, uint64_t *nanoseconds, struct err *err);

#endif
