#include "runtime/executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"

#define OWNER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

enum {
    IDLE_TRIM_S = 2, /* slots that were not used for so long are given back */
    RESTS = 8,       /* so many parked ones are put to rest before others get their turn */
};
#define REST_AFTER (50 * CLOCK_MS) /* what has been parked for so long rests */
/* Where the memory is full: an executor's turn with its heavy calls; how often the others ask. */
#define MEMORY_TURN (2 * CLOCK_S)
#define ASK_AGAIN   (5 * CLOCK_MS)
/* How often those that wait for memory are looked through for cancelled ones; and how much one must
 * hold to be ended for others' sake. */
#define SWEEP_AFTER (100 * CLOCK_MS)
#define HELD_LEAST  (1u << 20)
/* When the memory has been used up for so long, what free slots keep is given back; and when that
 * did not help, nor did it on executors that are idle (IDLE_TRIM_S), calls are ended. */
#define TRIM_AFTER  CLOCK_S
#define EVICT_AFTER (5 * CLOCK_S)

/* `control` of a request: who ends it. A cancel in flight keeps the request alive until its mail
 * was taken. */
enum { CONTROL_ACTIVE, CONTROL_CANCEL_POSTED, CONTROL_ENDED };

static void live_add(struct executor *executor, struct invocation *invocation) {
    invocation->newer = NULL;
    invocation->older = executor->live;
    if (executor->live) executor->live->newer = invocation;
    executor->live = invocation;
}

static void live_remove(struct executor *executor, struct invocation *invocation) {
    if (invocation->newer)
        invocation->newer->older = invocation->older;
    else
        executor->live = invocation->older;
    if (invocation->older) invocation->older->newer = invocation->newer;
}

static void parked_add(struct executor *executor, struct invocation *invocation) {
    invocation->resting = false;
    invocation->parked_next = NULL;
    invocation->parked_previous = executor->parked_last;
    if (executor->parked_last)
        executor->parked_last->parked_next = invocation;
    else
        executor->parked_first = invocation;
    executor->parked_last = invocation;
}

static void parked_remove(struct executor *executor, struct invocation *invocation) {
    if (invocation->resting) return;
    invocation->resting = true;
    if (invocation->parked_previous)
        invocation->parked_previous->parked_next = invocation->parked_next;
    else
        executor->parked_first = invocation->parked_next;
    if (invocation->parked_next)
        invocation->parked_next->parked_previous = invocation->parked_previous;
    else
        executor->parked_last = invocation->parked_previous;
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

/* An ended invocation goes back to the free list; its request is answered. */
static void retire(struct executor *executor, struct invocation *invocation) {
    struct invocation_request *request = invocation->request;
    invocation_move(invocation, STATE_FREE, invocation->since);
    live_remove(executor, invocation);
    executor->begun -= invocation->begun;
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
        request->outcome = INVOCATION_TRAP;
        request->text = strdup("the kernel has no memory for another invocation");
        finish(executor, request);
        return;
    }
    uint64_t now = clock_monotonic();
    invocation_begin(invocation, request, executor->settings, now);
    request->invocation = invocation;
    live_add(executor, invocation);
    ready_push(&executor->ready, invocation, now);
}

/* From parked to the ready queue. */
static void unpark(struct executor *executor, struct invocation *invocation, uint64_t now) {
    timers_remove(&executor->timers, &invocation->timer);
    parked_remove(executor, invocation);
    atomic_fetch_sub_explicit(&executor->parked, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&executor->runnable, 1, memory_order_relaxed);
    engine_run_wake(invocation->run);
    invocation_move(invocation, STATE_READY, now);
    ready_push(&executor->ready, invocation, now);
}

static void cancel(struct executor *executor, struct invocation *invocation) {
    invocation->cancelled = true;
    if (invocation->state == STATE_PARKED) unpark(executor, invocation, clock_monotonic());
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
                         CONTROL_ACTIVE); /* the mail is taken: retire() may deliver */
        } else
            deliver(executor, request); /* it ended while the mail was under way */
        break;
    }
    case MAIL_FORGET:
        forget(executor, OWNER(mail, struct forget_mail, mail));
        break;
    case MAIL_CANCEL_ALL:
        for (struct invocation *each = executor->live; each; each = each->older)
            cancel(executor, each);
        free(mail);
        break;
    case MAIL_STOP:
        must(!executor->live);
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
        unpark(executor, OWNER(timer, struct invocation, timer), now);
}

static void park(struct executor *executor, struct invocation *invocation) {
    if (!timers_add(&executor->timers, &invocation->timer)) {
        invocation_abandon(invocation, INVOCATION_TRAP, "the kernel has no memory for a timer",
                           clock_monotonic());
        retire(executor, invocation);
        return;
    }
    atomic_fetch_sub_explicit(&executor->runnable, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&executor->parked, 1, memory_order_relaxed);
    parked_add(executor, invocation);
}

static void refuse(struct executor *executor, struct invocation *invocation, uint64_t now) {
    uint64_t grown = invocation->grown, held = invocation->held;
    char text[300];
    snprintf(
        text, sizeof text,
        "all invocations together have more than %llu MiB of memory (setting GUEST_MEMORY), so "
        "this one, which had %llu MiB, was ended; try again later",
        (unsigned long long)executor->pressure->limit >> 20,
        (unsigned long long)(grown > held ? grown : held) >> 20);
    invocation_abandon(invocation, INVOCATION_REFUSED, text, now);
}

/* What it has written into its image: only the page table knows, so it is asked when memory runs
 * short, and of those that will sleep a little earlier, as they are not seen again then. True: it
 * is more than at the last look. */
static bool look_at_held(struct invocation *invocation, enum pressure_level level) {
    bool parked = invocation->state == STATE_PARKED;
    if (level < (parked ? PRESSURE_TIGHT : PRESSURE_FULL)) return false;
    uint64_t before = invocation->held;
    invocation->held = engine_run_private(invocation->run);
    return invocation->held > before && invocation->held >= HELD_LEAST;
}

/* After a turn of one that goes on: note what it holds. True: it was ended, as the memory of all is
 * used up and it holds much, or wants more still. */
static bool account(struct executor *executor, struct invocation *invocation) {
    uint64_t now = invocation->since, grown = engine_run_grown(invocation->run);
    enum pressure_level level = pressure_look(executor->pressure, now);
    bool parked = invocation->state == STATE_PARKED;
    bool grew = look_at_held(invocation, level) || grown > invocation->grown;
    invocation->grown = grown;
    executor->begun += !invocation->begun;
    invocation->begun = true;
    if (level < PRESSURE_OVER || (parked && !grew)) return false;
    if (!ready_is_hog(invocation) && (level < PRESSURE_DIRE || !grew)) return false;
    refuse(executor, invocation, now);
    return true;
}

/* One turn of an invocation. A short one keeps the thread for a whole slice, though the tick may
 * come at once after its start: so it is not set aside for nothing, with its slot kept from the
 * next one. Time is the thread's own: what the system gave to others meanwhile does not count; and
 * it is read from the first tick on only, which most calls never see. One that waits again and
 * again never saw it either: it is charged by the clock, up to a part of a slice. A longer one
 * gives way at once when mail comes: `gives_way` asks the senders to preempt it. (A preemption that
 * comes before the guest has been resumed is not noticed: then the tick does it.) */
static void turn(struct executor *executor, struct invocation *invocation, bool out_of_turn) {
    bool is_long = invocation->class >= READY_HOG, gives_way = is_long && !out_of_turn;
    uint64_t begin = is_long ? clock_thread_cpu() : 0, used = 0;
    uint64_t slice = engine_thread_slice(executor->guests);
    uint64_t ran = invocation->time[STATE_RUNNING];
    if (gives_way) atomic_store(&executor->gives_way, true);
    bool ended = false;
    do {
        if (gives_way && mailbox_has_mail(&executor->mailbox)) break;
        ended = invocation_turn(invocation, executor->guests, clock_monotonic());
        if (ended || invocation->state == STATE_PARKED) break;
        if (!begin) begin = clock_thread_cpu();
        used = clock_thread_cpu() - begin;
    } while (!gives_way && used < slice);
    if (gives_way) atomic_store_explicit(&executor->gives_way, false, memory_order_relaxed);
    ran = invocation->time[STATE_RUNNING] - ran;
    if (!used) used = ran < slice / 4 ? ran : slice / 4;
    invocation->used += used;
    if (!ended && invocation->run) ended = account(executor, invocation);
    if (ended) {
        if (ran) ready_ended(invocation);
        retire(executor, invocation);
    } else if (invocation->state == STATE_PARKED)
        park(executor, invocation);
    else
        ready_put_back(&executor->ready, invocation, clock_monotonic());
}

/* While there is nothing else to do, a few at a time. Returns how many ns there is nothing more to
 * rest, at most `until`. */
static uint64_t rest_parked(struct executor *executor, uint64_t now, uint64_t until) {
    struct invocation *first = executor->parked_first;
    for (int i = 0; first && i < RESTS; i++, first = executor->parked_first) {
        uint64_t at = first->since + REST_AFTER;
        if (at > now) return at - now < until ? at - now : until;
        if (mailbox_has_mail(&executor->mailbox)) break;
        parked_remove(executor, first);
        engine_run_rest(first->run);
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
    if (ready_any(&executor->ready) && until > ASK_AGAIN) until = ASK_AGAIN; /* memory holds it */
    until = rest_parked(executor, now, until);
    engine_thread_busy(executor->guests, false);
    mailbox_wait(&executor->mailbox, until);
    engine_thread_busy(executor->guests, true);
}

/* While the memory is full, heavy calls go on only where the turn is, and it goes round. */
static bool heavy_may_run(struct executor *executor, enum pressure_level level, uint64_t now) {
    bool wanted = level >= PRESSURE_FULL && ready_any_heavy(&executor->ready);
    if (!wanted || (executor->heavy_till && now >= executor->heavy_till)) {
        if (executor->heavy_till) pressure_give_turn(executor->pressure, executor->index);
        executor->heavy_till = 0;
        return level < PRESSURE_FULL;
    }
    if (executor->heavy_till) return true;
    if (!pressure_take_turn(executor->pressure, executor->index)) return false;
    executor->heavy_till = now + MEMORY_TURN;
    return true;
}

static bool is_over(const struct invocation *invocation, uint64_t now) {
    return invocation->cancelled || invocation->evicted || now >= invocation->deadline;
}

/* Nothing can begin, and what fills the memory may sleep or compute for long, without wanting more:
 * when waiting has not helped, the one that holds most makes room. */
static void evict(struct executor *executor, enum pressure_level level, uint64_t now) {
    if (level < PRESSURE_OVER || !executor->over_since) {
        executor->over_since = level < PRESSURE_OVER ? 0 : now;
        return;
    }
    if (now - executor->over_since < TRIM_AFTER) return;
    engine_thread_trim(executor->guests, 0);
    if (now - executor->over_since < EVICT_AFTER) return;
    struct invocation *most = NULL;
    for (struct invocation *each = executor->live; each; each = each->older)
        if (each->held >= HELD_LEAST && (!most || each->held > most->held)) most = each;
    if (!most) return;
    most->evicted = true;
    if (most->state == STATE_PARKED) unpark(executor, most, now);
}

/* Those that wait for memory have no turn in which they would notice that they are over. */
static void sweep(struct executor *executor, enum pressure_level level, uint64_t now) {
    if (now - executor->swept < SWEEP_AFTER) return;
    executor->swept = now;
    evict(executor, level, now);
    struct invocation *next = ready_take_if(&executor->ready, is_over, now);
    while (next) {
        struct invocation *invocation = next;
        next = next->next;
        if (invocation->evicted)
            refuse(executor, invocation, now);
        else
            must(invocation_turn(invocation, executor->guests, now));
        retire(executor, invocation);
    }
}

static struct invocation *choose(struct executor *executor, uint64_t now, bool *out_of_turn) {
    enum pressure_level level = pressure_look(executor->pressure, now);
    if (level >= PRESSURE_TIGHT) sweep(executor, level, now);
    struct ready_leave leave = {.level = level,
                                .heavy = heavy_may_run(executor, level, now),
                                .alone = executor->begun == 0};
    return ready_pop(&executor->ready, now, &leave, out_of_turn);
}

static void *executor_main(void *argument) {
    struct executor *executor = argument;
    engine_thread_busy(executor->guests, true);
    while (!executor->stop) {
        take_mail(executor);
        uint64_t now = clock_monotonic();
        wake_due(executor, now);
        bool out_of_turn;
        struct invocation *invocation = choose(executor, now, &out_of_turn);
        if (invocation)
            turn(executor, invocation, out_of_turn);
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
