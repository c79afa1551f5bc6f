#include "base/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define SENDERS  4
#define MESSAGES 20000          /* of each sender */
#define ROUNDS   20000          /* there and back */
#define FOREVER  (20 * CLOCK_S) /* a wait that takes so long has lost its wake-up */

struct message {
    struct mail mail;
    int sender, number;
};

static bool rung(struct mailbox *box) {
    struct pollfd event = {.fd = box->event, .events = POLLIN};
    return poll(&event, 1, 0) == 1;
}

static void test_order(void **state) {
    (void)state;
    struct mailbox box;
    struct mail mails[5];
    assert_true(mailbox_init(&box));
    assert_null(mailbox_take(&box));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 5; i++) mailbox_post(&box, &mails[i]);
        struct mail *mail = mailbox_take(&box);
        for (int i = 0; i < 5; i++, mail = mail->next) assert_ptr_equal(mail, &mails[i]);
        assert_null(mail);
        assert_null(mailbox_take(&box));
    }
    mailbox_free(&box);
}

/* The descriptor is written only for a receiver that sleeps, once. */
static void test_rings(void **state) {
    (void)state;
    struct mailbox box;
    struct mail a, b;
    uint64_t count = 0;
    assert_true(mailbox_init(&box));
    mailbox_post(&box, &a);
    assert_false(rung(&box));
    assert_false(mailbox_sleep(&box)); /* there is mail */
    assert_false(rung(&box));
    mailbox_take(&box);
    assert_true(mailbox_sleep(&box));
    mailbox_post(&box, &a);
    mailbox_post(&box, &b);
    assert_true(rung(&box));
    assert_int_equal(read(box.event, &count, sizeof count), sizeof count);
    assert_int_equal(count, 1);
    mailbox_awake(&box); /* the ring has been read: no harm */
    mailbox_take(&box);
    assert_true(mailbox_sleep(&box));
    mailbox_post(&box, &a);
    mailbox_awake(&box);
    assert_false(rung(&box)); /* it was read */
    mailbox_take(&box);
    assert_true(mailbox_sleep(&box));
    mailbox_awake(&box); /* the poll ended for another reason */
    mailbox_post(&box, &a);
    assert_false(rung(&box));
    mailbox_take(&box);
    mailbox_free(&box);
}

static void test_timeout(void **state) {
    (void)state;
    struct mailbox box;
    struct mail mail;
    assert_true(mailbox_init(&box));
    uint64_t before = clock_monotonic();
    mailbox_wait(&box, 30 * CLOCK_MS);
    assert_in_range(clock_monotonic() - before, 30 * CLOCK_MS, 10 * CLOCK_S);
    mailbox_wait(&box, 0);
    mailbox_post(&box, &mail);
    before = clock_monotonic();
    mailbox_wait(&box, UINT64_MAX); /* returns at once: there is mail */
    assert_in_range(clock_monotonic() - before, 0, 10 * CLOCK_S);
    mailbox_take(&box);
    mailbox_free(&box);
}

struct sender {
    struct mailbox *box;
    struct message *messages;
    int number;
};

static void *send_all(void *argument) {
    struct sender *sender = argument;
    for (int i = 0; i < MESSAGES; i++) {
        sender->messages[i] = (struct message){.sender = sender->number, .number = i};
        mailbox_post(sender->box, &sender->messages[i].mail);
        if (i % 64 == 0) usleep(1); /* lets the receiver fall asleep */
    }
    return NULL;
}

static void wait_for_mail(struct mailbox *box) {
    uint64_t before = clock_monotonic();
    mailbox_wait(box, FOREVER);
    if (clock_monotonic() - before >= FOREVER) fail_msg("a wake-up was lost");
}

/* Many senders: nothing is lost or doubled, each sender's messages come in its order. */
static void test_many_senders(void **state) {
    (void)state;
    struct mailbox box;
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    int next[SENDERS] = {0}, left = SENDERS * MESSAGES;
    assert_true(mailbox_init(&box));
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&box, calloc(MESSAGES, sizeof(struct message)), i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    while (left > 0) {
        struct mail *mail = mailbox_take(&box);
        if (mail == NULL) wait_for_mail(&box);
        for (; mail != NULL; mail = mail->next, left--) {
            struct message *message = (struct message *)mail;
            assert_int_equal(message->number, next[message->sender]++);
        }
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
        free(senders[i].messages);
    }
    assert_null(mailbox_take(&box));
    mailbox_free(&box);
}

static struct mail *await(struct mailbox *box) {
    struct mail *mail;
    while ((mail = mailbox_take(box)) == NULL) wait_for_mail(box);
    return mail;
}

static void *echo(void *argument) {
    struct mailbox *boxes = argument;
    for (int i = 0; i < ROUNDS; i++) mailbox_post(&boxes[1], await(&boxes[0]));
    return NULL;
}

/* One message there and back: each side sleeps, or is about to, when it comes. */
static void test_ping_pong(void **state) {
    (void)state;
    struct mailbox boxes[2];
    struct mail mail;
    pthread_t thread;
    assert_true(mailbox_init(&boxes[0]) && mailbox_init(&boxes[1]));
    assert_int_equal(pthread_create(&thread, NULL, echo, boxes), 0);
    for (int i = 0; i < ROUNDS; i++) {
        mailbox_post(&boxes[0], &mail);
        assert_ptr_equal(await(&boxes[1]), &mail);
    }
    pthread_join(thread, NULL);
    mailbox_free(&boxes[0]);
    mailbox_free(&boxes[1]);
}

#define LITMUS 100000

/* Both threads go on at the same instant, apart by a few turns of a loop. */
static void meet(atomic_int *count, int round, int turns) {
    atomic_fetch_add(count, 1);
    for (int spins = 1; atomic_load(count) < 2 * round; spins++)
        if (spins % 1000 == 0) sched_yield();
    for (volatile int i = 0; i < turns; i++) {
    }
}

struct litmus {
    struct mailbox box;
    struct mail mail;
    atomic_int before, after;
};

static void *litmus_post(void *argument) {
    struct litmus *litmus = argument;
    for (int round = 1; round <= LITMUS; round++) {
        meet(&litmus->before, round, round % 13);
        mailbox_post(&litmus->box, &litmus->mail);
        meet(&litmus->after, round, 0);
    }
    return NULL;
}

/* The race that mailbox.c explains, again and again: once both are through, a receiver that was
 * told to sleep has been rung. */
static void test_no_lost_wakeup(void **state) {
    (void)state;
    struct litmus litmus = {.before = 0};
    pthread_t thread;
    int slept = 0;
    assert_true(mailbox_init(&litmus.box));
    assert_int_equal(pthread_create(&thread, NULL, litmus_post, &litmus), 0);
    for (int round = 1; round <= LITMUS; round++) {
        meet(&litmus.before, round, round % 11);
        bool asleep = mailbox_sleep(&litmus.box);
        meet(&litmus.after, round, 0);
        if (asleep && !rung(&litmus.box)) fail_msg("round %d: asleep beside its mail", round);
        if (asleep) mailbox_awake(&litmus.box);
        slept += asleep;
        assert_ptr_equal(mailbox_take(&litmus.box), &litmus.mail);
    }
    pthread_join(thread, NULL);
    mailbox_free(&litmus.box);
    print_message("the receiver was first in %d of %d rounds\n", slept,
                  LITMUS); /* the scheduler's choice */
}

static void test_no_descriptor(void **state) {
    (void)state;
    int held[2000], count = 0; /* take them all */
    while (count < 2000 && (held[count] = dup(0)) >= 0) count++;
    if (count < 2000) {
        struct mailbox box;
        assert_false(mailbox_init(&box));
        assert_int_equal(errno, EMFILE);
    }
    while (count > 0) close(held[--count]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),         cmocka_unit_test(test_rings),
        cmocka_unit_test(test_timeout),       cmocka_unit_test(test_many_senders),
        cmocka_unit_test(test_ping_pong),     cmocka_unit_test(test_no_lost_wakeup),
        cmocka_unit_test(test_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
