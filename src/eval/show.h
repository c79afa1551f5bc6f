/* Words of others in texts for people: as much of them as helps, cut between characters. */
#ifndef PK_EVAL_SHOW_H
#define PK_EVAL_SHOW_H

#include "base/str.h"

struct shown {
    int size;
    const char *data, *more; /* "…" when it was cut, else "" */
};

/* `word` is UTF-8 and stays the caller's. */
static inline struct shown show(struct str word) {
    enum { MOST = 60 };
    if (word.size <= MOST) return (struct shown){(int)word.size, word.data, ""};
    size_t size = 0, next;
    while ((next = utf8_sequence(word.data + size, word.size - size)) > 0 && size + next <= MOST)
        size += next;
    return (struct shown){(int)size, word.data, "…"};
}

/* For printf's "%.*s%s". */
#define SHOW(word) show(word).size, show(word).data, show(word).more

#endif
