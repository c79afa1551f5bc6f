#include "runtime/executor.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/must.h"
#include "base/owner.h"
#include "runtime/executor_internal.h"

enum {
    IDLE_TRIM_S = 2, /* slots that were not used for so long are given back */
    RESTS = 8,       /* so many parked ones are put to rest before others get their turn */
};
#define REST_AFTER (50 * CLOCK_MS) /* what has been parked for so long rests */
/* How often an idle executor asks whether calls that memory holds back may go on; and, while memory
 * is scarce, whether one of its own has to make room. */
#define ASK_AGAIN   (5 * CLOCK_MS)
#define SWEEP_AGAIN (100 * CLOCK_MS)

/* `control` of a request: who ends it. A cancel in flight keeps the request alive until its mail
 * was taken. */
enum { CONTROL_ACTIVE, CONTROL_CANCEL_POSTED, CONTROL_ENDED };

static void parked_remove(struct executor *executor, struct invocation *invocation) {
    if (invocation->resting) return;
    invocation->resting = true;
    list_remove(&executor->awake, &invocation->parked_link);
}

/* Hand the answer over. `request` is the caller's again after `done`; a client that has its answer
 * must not find its own invocation counted still. */
static void deliver(struct executor *executor, struct invocation_request *request) {
    skill_release(request->skill);
    request->skill = NULL;
    atomic_fetch_add_explicit(&executor->finished, 1, memory_order_relaxed);
    runtime_ended(executor->runtime);
    request->done(request);
}

/* Answer the request unless a cancel is in flight, which then does it. */
static void finish(struct executor *executor, struct invocation_request *request) {
    request->invocation = NULL;
    atomic_fetch_sub_explicit(&executor->runnable, 1, memory_order_relaxed);
    int active = CONTROL_ACTIVE;
    if (atomic_compare_exchange_strong(&request->control, &active, CONTROL_ENDED))
        deliver(executor, request);
}

void executor_retire(struct executor *executor, struct invocation *invocation) {
    struct invocation_request *request = invocation->request;
    executor_account_end(executor, invocation);
    invocation_move(invocation, STATE_FREE, invocation->since);
    list_remove(&executor->live, &invocation->live_link);
    invocation->request = NULL;
    invocation->next = executor->free;
    executor->free = invocation;
    finish(executor, request);
}

static void submit(struct executor *executor, struct invocation_request *request) {
    struct invocation *invocation = executor->free;
    if (invocation)
        executor->free = invocation->next;
    else
        invocation = calloc(1, sizeof *invocation);
    if (!invocation) {
        atomic_fetch_sub_explicit(executor->queued, 1, memory_order_relaxed);
        request->outcome = INVOCATION_TRAP;
        request->text = strdup("the kernel has no memory for another invocation");
        finish(executor, request);
        return;
    }
    uint64_t now = clock_monotonic();
    invocation_begin(invocation, request, executor->settings, now);
    request->invocation = invocation;
    list_append(&executor->live, &invocation->live_link);
    admission_push(&executor->admission, invocation, now);
}

void executor_unpark(struct executor *executor, struct invocation *invocation, uint64_t now) {
    timers_remove(&executor->timers, &invocation->timer);
    parked_remove(executor, invocation);
    atomic_fetch_sub_explicit(&executor->parked, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&executor->runnable, 1, memory_order_relaxed);
    engine_run_wake(invocation->run);
    invocation_move(invocation, STATE_READY, now);
    run_queue_push(&executor->ready, invocation, now);
}

/* One that waits to begin, or for memory, is ended by the next sweep. */
static void cancel(struct executor *executor, struct invocation *invocation) {
    if (!invocation->over)
        invocation_conclude(invocation, INVOCATION_CANCELLED, "it was cancelled");
    if (invocation->state == STATE_PARKED) executor_unpark(executor, invocation, clock_monotonic());
}

static void forget(struct executor *executor, struct forget_mail *mail) {
    engine_thread_forget(executor->guests, mail->image);
    engine_image_release(mail->image);
    free(mail);
}

static void open_mail(struct executor *executor, struct runtime_mail *mail) {
    switch (mail->kind) {
    case MAIL_SUBMIT:
        submit(executor, OWNER(mail, struct invocation_request, submit));
        break;
    case MAIL_CANCEL: {
        struct invocation_request *request = OWNER(mail, struct invocation_request, cancel);
        if (request->invocation) {
            cancel(executor, request->invocation);
            atomic_store(&request->control,
                         CONTROL_ACTIVE); /* the mail is taken: executor_retire() may deliver */
        } else
            deliver(executor, request); /* it ended while the mail was under way */
        break;
    }
    case MAIL_FORGET:
        forget(executor, OWNER(mail, struct forget_mail, mail));
        break;
    case MAIL_CANCEL_ALL:
        for (struct list_link *each = executor->live.first; each; each = each->next)
            cancel(executor, OWNER(each, struct invocation, live_link));
        free(mail);
        break;
    case MAIL_STOP:
        must(!executor->live.first);
        executor->stop = true;
        free(mail);
        break;
    default:
        must(!"a kind of mail");
    }
}

static void take_mail(struct executor *executor) {
    struct mail *mail = mailbox_take(&executor->mailbox);
    while (mail) {
        struct mail *next = mail->next;
        open_mail(executor, OWNER(mail, struct runtime_mail, mail));
        mail = next;
    }
}

static void wake_due(struct executor *executor, uint64_t now) {
    for (struct timer *timer; (timer = timers_first(&executor->timers)) && timer->at <= now;)
        executor_unpark(executor, OWNER(timer, struct invocation, timer), now);
}

/* One that was concluded meanwhile does not wait. One that will sleep for long leaves the turn to
 * grow to others. */
void executor_park(struct executor *executor, struct invocation *invocation) {
    if (!invocation->over && !timers_add(&executor->timers, &invocation->timer))
        invocation_conclude(invocation, INVOCATION_TRAP, "the kernel has no memory for a timer");
    if (invocation->over) {
        invocation_move(invocation, STATE_READY, invocation->since);
        run_queue_put_back(&executor->ready, invocation, invocation->since);
        return;
    }
    if (invocation->timer.at > invocation->since + REST_AFTER)
        executor_stop_growing(executor, invocation);
    atomic_fetch_sub_explicit(&executor->runnable, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&executor->parked, 1, memory_order_relaxed);
    invocation->resting = false;
    list_append(&executor->awake, &invocation->parked_link);
}

/* While there is nothing else to do, a few at a time. Returns how many ns there is nothing more to
 * rest, at most `until`. */
static uint64_t rest_parked(struct executor *executor, uint64_t now, uint64_t until) {
    struct list_link *first = executor->awake.first;
    for (int i = 0; first && i < RESTS; i++, first = executor->awake.first) {
        struct invocation *invocation = OWNER(first, struct invocation, parked_link);
        uint64_t at = invocation->since + REST_AFTER;
        if (at > now) return at - now < until ? at - now : until;
        if (mailbox_has_mail(&executor->mailbox)) break;
        parked_remove(executor, invocation);
        engine_run_rest(invocation->run);
    }
    return first ? 0 : until;
}

/* Nothing is ready: sleep until mail comes or a timer is due; give memory back that nobody has used
 * for a while. */
static void idle(struct executor *executor) {
    uint64_t now = clock_monotonic(), until = UINT64_MAX;
    struct timer *timer = timers_first(&executor->timers);
    if (timer) until = timer->at > now ? timer->at - now : 0;
    uint64_t trim_at = executor->trimmed + IDLE_TRIM_S * CLOCK_S;
    if (trim_at <= now) {
        engine_thread_trim(executor->guests, IDLE_TRIM_S * CLOCK_S);
        executor->trimmed = now;
        trim_at = now + IDLE_TRIM_S * CLOCK_S;
    }
    if (until > trim_at - now) until = trim_at - now;
    if (executor_has_waiting(executor) && until > ASK_AGAIN) until = ASK_AGAIN;
    if (room_level(executor->room) >= ROOM_SCARCE && executor->live.first && until > SWEEP_AGAIN)
        until = SWEEP_AGAIN;
    until = rest_parked(executor, now, until);
    engine_thread_busy(executor->guests, false);
    mailbox_wait(&executor->mailbox, until);
    engine_thread_busy(executor->guests, true);
}

static void *executor_main(void *argument) {
    struct executor *executor = argument;
    engine_thread_busy(executor->guests, true);
    while (!executor->stop) {
        take_mail(executor);
        uint64_t now = clock_monotonic();
        wake_due(executor, now);
        bool out_of_turn;
        struct invocation *invocation = executor_choose(executor, now, &out_of_turn);
        if (invocation)
            executor_turn(executor, invocation, out_of_turn, now);
        else if (!executor->stop)
            idle(executor);
    }
    engine_thread_busy(executor->guests, false);
    for (struct invocation *next; executor->free; executor->free = next) {
        next = executor->free->next;
        skill_call_free(&executor->free->call);
        free(executor->free);
    }
    engine_thread_free(executor->guests);
    timers_free(&executor->timers);
    return NULL;
}

bool executor_start(struct executor *executor, struct err *err) {
    if (!mailbox_init(&executor->mailbox))
        return err_set(err, ERR_IO, "no descriptor for an executor's mailbox");
    timers_init(&executor->timers);
    if (!engine_thread_new(executor->engine, &executor->guests, err)) return false;
    engine_thread_keep(executor->guests, executor->keep);
    int failed = pthread_create(&executor->thread, NULL, executor_main, executor);
    if (failed) return err_errno(err, failed, "cannot start an executor's thread");
    pthread_setname_np(executor->thread, "pk-executor");
    return true;
}

void executor_post(struct executor *executor, struct runtime_mail *mail, int kind) {
    mail->kind = kind;
    mailbox_post(&executor->mailbox, &mail->mail);
    if (atomic_load(&executor->gives_way)) engine_preempt(executor->engine);
}

bool executor_tell(struct executor *executor, int kind) {
    struct runtime_mail *mail = malloc(sizeof *mail);
    if (!mail) return false;
    executor_post(executor, mail, kind);
    return true;
}

void executor_join(struct executor *executor) {
    pthread_join(executor->thread, NULL);
    mailbox_free(&executor->mailbox);
}
