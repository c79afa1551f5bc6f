#include "base/log_rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void log_rate_init(struct log_rate *rate, unsigned most) {
    memset(rate, 0, sizeof *rate);
    rate->most = most;
    rate->due = UINT64_MAX;
}

static bool is_same(const struct log_kind *a, const struct log_kind *b) {
    return a->format == b->format && a->module == b->module && a->level == b->level &&
           a->number == b->number;
}

/* By open addressing; nothing is ever removed. NULL: the table is full. */
static struct log_rate_kind *find_kind(struct log_rate *rate, const struct log_kind *kind) {
    size_t at = ((uintptr_t)kind->format >> 3) * 31 + (size_t)kind->number * 7 + kind->level;
    for (size_t i = 0; i < LOG_RATE_KINDS; i++) {
        struct log_rate_kind *found = &rate->kinds[(at + i) % LOG_RATE_KINDS];
        if (!found->kind.format) found->kind = *kind;
        if (is_same(&found->kind, kind)) return found;
    }
    return NULL;
}

bool log_rate_take(struct log_rate *rate, const struct log_kind *kind, uint64_t now, char **like) {
    struct log_rate_kind *found = rate->most ? find_kind(rate, kind) : NULL;
    *like = NULL;
    if (!found) return true;
    if (now >= found->end) found->end = now + CLOCK_S, found->lines = 0;
    if (found->lines < rate->most) {
        found->lines++;
        *like = found->like;
        return true;
    }
    found->more++;
    if (found->end < rate->due) rate->due = found->end;
    return false;
}

static void describe(struct log_rate_kind *kind, struct log_text *line) {
    char text[64];
    int size =
        snprintf(text, sizeof text, "%" PRIu64 " more in the last second like: ", kind->more);
    log_text_begin(line, kind->kind.level, kind->kind.module);
    log_text_add(line, text, (size_t)size);
    log_text_add(line, kind->like, strlen(kind->like));
    log_text_end(line);
    kind->more = 0;
}

bool log_rate_tell(struct log_rate *rate, uint64_t now, struct log_text *line) {
    if (now < rate->due) return false;
    rate->due = UINT64_MAX;
    bool told = false;
    for (size_t i = 0; i < LOG_RATE_KINDS; i++) {
        struct log_rate_kind *kind = &rate->kinds[i];
        if (kind->more == 0) continue;
        if (!told && now >= kind->end) {
            describe(kind, line);
            told = true;
        } else if (kind->end < rate->due)
            rate->due = kind->end;
    }
    return told;
}
