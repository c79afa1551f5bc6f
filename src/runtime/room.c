#include "runtime/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define READ_AFTER (2 * CLOCK_MS)
/* Executors may write so much between two looks though nobody holds much. */
#define DIRE_LEAST (64ull << 20)

bool room_init(struct room *room, uint64_t limit, uint32_t executors, struct err *err) {
    *room = (struct room){.limit = limit, .executors = executors, .statm = -1};
    room->most = calloc(executors, sizeof *room->most);
    if (!room->most) return err_set(err, ERR_MEMORY, "no memory for %u executors", executors);
    room->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (room->statm >= 0) return true;
    return err_errno(err, errno, "cannot see how much memory guests use: /proc/self/statm");
}

void room_free(struct room *room) {
    if (room->statm >= 0) close(room->statm);
    room->statm = -1;
    free(room->most);
    room->most = NULL;
}

enum room_level room_level_of(const struct room *room, uint64_t bytes) {
    if (bytes < room->limit / 2) return ROOM_AMPLE;
    if (bytes < room->limit) return ROOM_SCARCE;
    uint64_t more = room->limit / 8;
    if (more < DIRE_LEAST) more = DIRE_LEAST;
    return bytes - room->limit < more ? ROOM_OVER : ROOM_DIRE;
}

static uint64_t used(const struct room *room) {
    return atomic_load_explicit(&room->bytes, memory_order_relaxed);
}

enum room_level room_level(const struct room *room) {
    return room_level_of(room, used(room));
}

enum room_level room_look(struct room *room, uint64_t now) {
    uint64_t read_at = atomic_load_explicit(&room->read_at, memory_order_relaxed);
    /* Another's reading may be younger than the caller's clock. */
    if (now >= read_at + READ_AFTER &&
        atomic_compare_exchange_strong(&room->read_at, &read_at, now))
        atomic_store_explicit(&room->bytes, memory_anonymous(room->statm), memory_order_relaxed);
    return room_level(room);
}

uint64_t room_left(const struct room *room) {
    uint64_t taken = used(room) + atomic_load_explicit(&room->promised, memory_order_relaxed);
    return taken < room->limit ? room->limit - taken : 0;
}

bool room_promise(struct room *room, uint64_t bytes, uint64_t most) {
    uint64_t promised = atomic_load(&room->promised);
    do {
        if (used(room) + promised + bytes > most) return false;
    } while (!atomic_compare_exchange_weak(&room->promised, &promised, promised + bytes));
    return true;
}

void room_promise_change(struct room *room, int64_t change) {
    if (change) atomic_fetch_add(&room->promised, (uint64_t)change);
}

bool room_take_turn(struct room *room, uint32_t index) {
    unsigned nobody = 0;
    return atomic_load(&room->grower) == index + 1 ||
           atomic_compare_exchange_strong(&room->grower, &nobody, index + 1);
}

void room_give_turn(struct room *room, uint32_t index) {
    unsigned mine = index + 1;
    atomic_compare_exchange_strong(&room->grower, &mine, 0);
}

bool room_has_most(struct room *room, uint32_t index, uint64_t bytes) {
    atomic_store(&room->most[index], bytes);
    for (uint32_t i = 0; i < room->executors; i++) {
        uint64_t other = atomic_load(&room->most[i]);
        if (other > bytes || (other == bytes && i < index)) return false;
    }
    return bytes > 0;
}
