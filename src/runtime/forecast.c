#include "runtime/forecast.h"

/* Less is not noted: executors that run calls of one skill would write into one cache line. */
#define LEAST_CHANGE (64u << 10)

bool forecast_slow(const struct skill *skill) {
    return atomic_load_explicit(&skill->slow_strikes, memory_order_relaxed) >= FORECAST_STRIKES;
}

uint64_t forecast_memory(const struct skill *skill) {
    return atomic_load_explicit(&skill->memory, memory_order_relaxed);
}

uint64_t forecast_held(const struct skill *skill) {
    return atomic_load_explicit(&skill->held, memory_order_relaxed);
}

void forecast_note_time(struct skill *skill, bool slow) {
    unsigned now = atomic_load_explicit(&skill->slow_strikes, memory_order_relaxed);
    if (slow && now < 2 * FORECAST_STRIKES)
        atomic_store_explicit(&skill->slow_strikes, now + 2, memory_order_relaxed);
    else if (!slow && now > 0)
        atomic_store_explicit(&skill->slow_strikes, now - 1, memory_order_relaxed);
}

void forecast_note_memory(struct skill *skill, uint64_t bytes, bool ended) {
    uint64_t now = forecast_memory(skill), change = bytes < now ? now - bytes : bytes - now;
    if (change < LEAST_CHANGE || (bytes < now && !ended)) return;
    if (bytes < now) bytes = now - (now - bytes + 7) / 8;
    atomic_store_explicit(&skill->memory, bytes, memory_order_relaxed);
}

void forecast_note_held(struct skill *skill, int64_t change) {
    if (change) atomic_fetch_add_explicit(&skill->held, (uint64_t)change, memory_order_relaxed);
}

bool forecast_starved(const struct skill *skill) {
    return atomic_load_explicit(&skill->starved, memory_order_relaxed) > 0;
}

void forecast_note_starved(struct skill *skill, bool waits) {
    atomic_fetch_add_explicit(&skill->starved, waits ? 1u : -1u, memory_order_relaxed);
}
