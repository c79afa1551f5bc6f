/* What an event of the loop's epoll set is about: a kind in the low bits, a pointer or an index
 * above. Private to src/shell. */
#ifndef PK_SHELL_POLL_TAG_H
#define PK_SHELL_POLL_TAG_H

#include <stdint.h>

enum poll_kind {
    POLL_CLIENT,
    POLL_DAEMON,
    POLL_MAIL,
    POLL_CONTROL,
    POLL_LINGER,
    POLL_KIND_MASK = 7
};

static inline uint64_t poll_tag(enum poll_kind kind, unsigned index) {
    return (uint64_t)index << 3 | kind;
}
static inline unsigned poll_index(uint64_t tag) {
    return (unsigned)(tag >> 3);
}
/* POLL_CLIENT is 0, so that a connection's address (a multiple of 8) is its own tag. */

#endif
