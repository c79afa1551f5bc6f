/* Who may begin on an executor: the calls that have not begun, skill by skill, and the rules by
 * which one of them begins, or goes on to grow. docs/architecture.md has the rules as a table.
 *
 * Each skill has a line of its own, first come first served; lines take turns, so that a thousand
 * calls of one skill delay another skill by one call. While memory is scarce the skill whose calls
 * hold least of it goes first. Thread: the executor's. */
#ifndef PK_RUNTIME_ADMISSION_H
#define PK_RUNTIME_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "skill/skill.h"

struct invocation;

enum {
    ADMISSION_MIDDLE_MAX = 32, /* calls in the middle beside which no slow one begins */
    /* A skill may hold so many times what it leaves to others: alone seven eighths of the memory,
     * two together seven fifteenths each, and a skill that holds nothing always finds something. */
    ADMISSION_SHARE = 7,
    ADMISSION_BUCKETS = 64,
};

/* After so many ns without one a slow call begins though others are to be finished; and while less
 * than half of the memory is left one that needs some of it. */
#define ADMISSION_PATIENCE        40000000ull
#define ADMISSION_PATIENCE_SCARCE 1000000000ull

/* Bytes: a call that is expected to cost less is promised nothing, and may grow without asking. */
#define ADMISSION_SMALL (1ull << 20)

/* What is known of a call that is to begin, from its skill. */
struct admission_ask {
    bool slow;       /* its skill's calls use a slice or more */
    uint64_t memory; /* bytes that it will cost */
    uint64_t held;   /* bytes that its skill's calls hold */
    bool starved;    /* some of these wait for more */
};

/* What the executor and all of them have. */
struct admission_state {
    uint64_t left;   /* bytes that are neither in use nor promised */
    uint64_t limit;  /* bytes of all calls together */
    bool alone;      /* no call has begun anywhere, and nothing is promised */
    bool growing;    /* a call has the turn to grow (room.h), or waits for it */
    uint32_t middle; /* calls in the middle that are ready here */
    bool big_middle; /* one of them holds much */
    uint64_t waited; /* ns since a slow call has begun here */
};

/* May it begin? */
bool admission_may_begin(const struct admission_ask *ask, const struct admission_state *state);
/* Bytes that are promised to it when it begins: 0 when it needs little. */
uint64_t admission_promise(const struct admission_ask *ask, const struct admission_state *state);

/* What is known of a call that has begun and wants its next turn. */
struct admission_growth {
    uint64_t cost;     /* bytes that it costs */
    uint64_t promised; /* bytes that it was promised */
    uint64_t forecast; /* bytes that its skill's calls cost */
    bool grew;         /* its cost rose in its last turn */
};

/* Bytes that it is expected to cost soon; 0: it does not grow beyond what it was promised. */
uint64_t admission_growth_wanted(const struct admission_growth *growth);

/* The line of one skill. It lives in the first call of the line and moves with it. */
struct admission_line {
    struct list calls; /* by `queue_link` */
    struct list_link link, bucket_link;
    bool slow; /* the list that it is in */
};

struct admission {
    struct list lines[2]; /* of skills that are quick, of others */
    struct list buckets[ADMISSION_BUCKETS];
    uint32_t count;
    uint64_t slow_begun; /* when a slow call began last, or came while there was none */
};

void admission_push(struct admission *admission, struct invocation *invocation, uint64_t now);
void admission_remove(struct admission *admission, struct invocation *invocation);
/* The call that begins next among the slow ones, or among the others; it stays in its line. NULL:
 * none may. `scarce`: the skill that holds least goes first. */
struct invocation *admission_next(struct admission *admission, const struct admission_state *state,
                                  bool slow, bool scarce);
/* Call `look` for every call; it may not change the lines. */
void admission_each(const struct admission *admission,
                    void (*look)(void *context, struct invocation *invocation), void *context);
/* The next call of the line that it was first of comes after those of all other skills. */
void admission_begin(struct admission *admission, struct invocation *invocation, uint64_t now);
struct admission_ask admission_ask_of(const struct skill *skill);

#endif
