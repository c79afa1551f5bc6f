#include "runtime/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define READ_AFTER (2 * CLOCK_MS)
/* Executors may write so much between two looks though nobody holds much. */
#define DIRE_LEAST (64ull << 20)

bool pressure_init(struct pressure *pressure, uint64_t limit, uint64_t one, struct err *err) {
    *pressure = (struct pressure){.limit = limit};
    pressure->full = limit - (one < limit / 4 ? one : limit / 4);
    pressure->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (pressure->statm >= 0) return true;
    return err_errno(err, errno, "cannot see how much memory guests use: /proc/self/statm");
}

void pressure_free(struct pressure *pressure) {
    if (pressure->statm >= 0) close(pressure->statm);
    pressure->statm = -1;
}

enum pressure_level pressure_of(const struct pressure *pressure, uint64_t bytes) {
    if (bytes < pressure->limit / 2) return PRESSURE_NONE;
    if (bytes < pressure->full) return PRESSURE_TIGHT;
    if (bytes < pressure->limit) return PRESSURE_FULL;
    uint64_t more = pressure->limit / 8;
    if (more < DIRE_LEAST) more = DIRE_LEAST;
    return bytes - pressure->limit < more ? PRESSURE_OVER : PRESSURE_DIRE;
}

enum pressure_level pressure_look(struct pressure *pressure, uint64_t now) {
    uint64_t read_at = atomic_load_explicit(&pressure->read_at, memory_order_relaxed);
    /* Another's reading may be younger than the caller's clock. */
    if (now < read_at + READ_AFTER ||
        !atomic_compare_exchange_strong(&pressure->read_at, &read_at, now))
        return (enum pressure_level)atomic_load_explicit(&pressure->level, memory_order_relaxed);
    enum pressure_level level = pressure_of(pressure, memory_anonymous(pressure->statm));
    atomic_store_explicit(&pressure->level, level, memory_order_relaxed);
    return level;
}

bool pressure_take_turn(struct pressure *pressure, uint32_t index) {
    unsigned nobody = 0;
    return atomic_load(&pressure->owner) == index + 1 ||
           atomic_compare_exchange_strong(&pressure->owner, &nobody, index + 1);
}

void pressure_give_turn(struct pressure *pressure, uint32_t index) {
    unsigned mine = index + 1;
    atomic_compare_exchange_strong(&pressure->owner, &mine, 0);
}
