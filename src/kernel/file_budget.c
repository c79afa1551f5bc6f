#include "kernel/file_budget.h"

/* Counted at a kernel that serves: 20 with one executor, one shell thread and one namespace; a
 * load in which a child links has 18 at once (the skill's file, the directory, four outputs and
 * their copies, three pipes of which both ends are open for a moment, the child's pidfd). */
enum {
    OWN = 32,
    OF_EXECUTOR = 3, /* two, and the image that it opens for a new slot */
    OF_SHELL_THREAD = 4,
    OF_LOADER = 20,
    OF_NAMESPACE = 3,   /* its directory, and two while it is read */
    LOADERS_BESIDE = 2, /* threads of the store that load what is in the cache */
};
enum { CODES_SHARE = 4, CODES_MOST = 8192, CODES_LEAST = 8, CONNECTIONS_LEAST = 16 };

static uint64_t least_of(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

struct file_budget file_budget(uint64_t total, const struct file_users *users) {
    struct file_budget budget = {
        .own = OWN + OF_EXECUTOR * users->executors + OF_SHELL_THREAD * users->shell_threads +
               OF_LOADER * (users->loaders + LOADERS_BESIDE) + OF_NAMESPACE * users->namespaces};
    uint64_t rest = total > budget.own ? total - budget.own : 0;
    budget.codes = least_of(rest / CODES_SHARE, CODES_MOST);
    if (budget.codes < CODES_LEAST) budget.codes = CODES_LEAST;
    uint64_t left = rest > budget.codes ? rest - budget.codes : 0;
    budget.too_little = left < CONNECTIONS_LEAST;
    budget.connections = least_of(users->connections, budget.too_little ? CONNECTIONS_LEAST : left);
    return budget;
}
