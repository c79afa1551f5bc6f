#include "kernel/memory_budget.h"

#define MIB       (1ull << 20)
#define UNLIMITED (1ull << 50)

/* A compiling child has about 400 MB, and is in the same control group as the kernel. */
static const uint64_t own_least = 400 * MIB;
enum {
    OWN_SHARE = 16,
    OWN_MOST = 2
}; /* more for large machines; at most the half of a small one */

/* What is not the kernel's own, in fifths. */
static const struct share {
    uint64_t fifths, least, most;
} guest_share = {4, 64 * MIB, UNLIMITED}, body_share = {1, MIB, 1024 * MIB};

static uint64_t least_of(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* `other` is what the user gave the other one; this one then has no more than what that leaves. */
static uint64_t take(const struct share *share, uint64_t rest, uint64_t other) {
    uint64_t left = other < rest ? rest - other : 0;
    uint64_t taken = least_of(least_of(rest / 5 * share->fifths, left), share->most);
    return taken > share->least ? taken : share->least;
}

struct memory_budget memory_budget(uint64_t total, uint64_t guests, uint64_t bodies) {
    struct memory_budget budget;
    uint64_t own = least_of(own_least + total / OWN_SHARE, total / OWN_MOST), rest = total - own;
    budget.guests = guests ? guests : take(&guest_share, rest, bodies);
    budget.bodies = bodies ? bodies : take(&body_share, rest, guests);
    budget.own = own;
    budget.too_much = budget.guests > rest || budget.bodies > rest - budget.guests;
    return budget;
}
