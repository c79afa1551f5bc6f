#include "base/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/must.h"

bool mailbox_init(struct mailbox *box) {
    atomic_init(&box->head, NULL);
    atomic_init(&box->sleeping, false);
    box->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return box->event >= 0;
}

void mailbox_free(struct mailbox *box) {
    must(atomic_load(&box->head) == NULL); /* nobody would free these messages */
    close(box->event);
}

/* How no wake-up gets lost. Each side writes its own variable and then reads the other's:
 *
 *     sender                       receiver
 *     head = mail       (W)        sleeping = true        (W)
 *     read sleeping     (R)        read head              (R)
 *
 * The danger is that both read the old value: the receiver sees no mail and sleeps, the sender sees
 * nobody asleep and does not ring. Release and acquire permit that (a store may still sit in the
 * store buffer while the later load of another variable is done). All four are seq_cst instead, so
 * they have one total order; whichever write comes second in it, the read after it sees the other
 * side's write. The message's contents need less: the push releases, the exchange in mailbox_take
 * acquires. */
void mailbox_post(struct mailbox *box, struct mail *mail) {
    struct mail *head = atomic_load_explicit(&box->head, memory_order_relaxed);
    do {
        mail->next = head; /* a pushed mail is never popped singly, so there is no ABA problem */
    } while (!atomic_compare_exchange_weak_explicit(&box->head, &head, mail, memory_order_seq_cst,
                                                    memory_order_relaxed));
    /* Of many senders that find the receiver asleep, the one that clears the flag rings. */
    if (!atomic_load(&box->sleeping) || !atomic_exchange(&box->sleeping, false)) return;
    uint64_t one = 1;
    ssize_t written = write(box->event, &one, sizeof one);
    must(written == sizeof one); /* the counter is one of 64 bits, never full */
}

struct mail *mailbox_take(struct mailbox *box) {
    if (atomic_load_explicit(&box->head, memory_order_relaxed) == NULL) return NULL;
    struct mail *newest = atomic_exchange_explicit(&box->head, NULL, memory_order_acquire);
    struct mail *list = NULL;
    while (newest != NULL) {
        struct mail *older = newest->next;
        newest->next = list;
        list = newest;
        newest = older;
    }
    return list;
}

bool mailbox_sleep(struct mailbox *box) {
    atomic_store(&box->sleeping, true);
    if (atomic_load(&box->head) == NULL) return true;
    mailbox_awake(box);
    return false;
}

void mailbox_awake(struct mailbox *box) {
    if (atomic_exchange(&box->sleeping, false)) return; /* no sender has rung */
    /* One has, or is about to: then there is nothing to read yet, and the next sleep ends at once.
     */
    uint64_t count;
    ssize_t got = read(box->event, &count, sizeof count);
    must(got == sizeof count || errno == EAGAIN || errno == EINTR);
}

void mailbox_wait(struct mailbox *box, uint64_t timeout_ns) {
    if (!mailbox_sleep(box)) return;
    struct pollfd event = {.fd = box->event, .events = POLLIN};
    struct timespec limit = {.tv_sec = (time_t)(timeout_ns / CLOCK_S),
                             .tv_nsec = (long)(timeout_ns % CLOCK_S)};
    ppoll(&event, 1, timeout_ns == UINT64_MAX ? NULL : &limit, NULL); /* EINTR: a spurious return */
    mailbox_awake(box);
}
