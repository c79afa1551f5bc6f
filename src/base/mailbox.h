/* Messages between threads: many senders, one receiver, no shared state but the list of messages.
 * The message is the sender's until mailbox_post, the receiver's after mailbox_take. */
#ifndef PK_BASE_MAILBOX_H
#define PK_BASE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* First member of every message. */
struct mail {
    struct mail *next;
};

struct mailbox {
    _Atomic(struct mail *) head; /* newest first */
    atomic_bool sleeping;        /* the receiver waits on `event` */
    int event; /* eventfd, non-blocking; may be put into the receiver's poll set */
};

bool mailbox_init(struct mailbox *box); /* false: no descriptor (errno) */
/* The box is empty and every mailbox_post to it has returned: a sender looks at the box after its
 * message is in it, so that a message's arrival does not prove that its sender is done. */
void mailbox_free(struct mailbox *box);
/* Any thread. Wakes the receiver only when it sleeps. */
void mailbox_post(struct mailbox *box, struct mail *mail);
/* Receiver only; one total order with the senders' posts (sequentially consistent). */
static inline bool mailbox_has_mail(struct mailbox *box) {
    return atomic_load(&box->head) != 0;
}
/* Receiver only: all messages in the order of posting, linked by `next`; NULL: there are none. */
struct mail *mailbox_take(struct mailbox *box);
/* Receiver only: sleep until a message is there or `timeout_ns` has passed (UINT64_MAX: no limit).
 * Spurious returns occur. */
void mailbox_wait(struct mailbox *box, uint64_t timeout_ns);
/* Receiver only, for one that waits in a poll of its own with `event` in the set (readable, level):
 *
 *     if (mailbox_sleep(box)) { epoll_wait(…); mailbox_awake(box); }
 *
 * mailbox_sleep asks for the wake-up; false: there is mail already, do not sleep. mailbox_awake
 * ends what a true began, whatever ended the poll. */
bool mailbox_sleep(struct mailbox *box);
void mailbox_awake(struct mailbox *box);

#endif
