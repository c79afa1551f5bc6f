#include "runtime/runtime.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/must.h"
#include "runtime/executor.h"

/* So much of what guests may have together may stay with free slots of skills that are in use (an
 * idle kernel gives it back). */
enum { KEPT_SHARE = 16 };

struct runtime {
    struct runtime_settings settings;
    struct executor *executors;
    uint32_t count; /* of them; 0: stopped */
    struct room room;
    atomic_uint invocations; /* accepted and not answered */
    atomic_uint queued;      /* of these, the ones that have not begun */
    atomic_bool stopping;
    pthread_mutex_t lock; /* for the condition, and when `count` becomes 0 */
    pthread_cond_t changed;
    bool hurry;
};

void runtime_settings_default(struct runtime_settings *settings) {
    *settings = (struct runtime_settings){
        .wall_limit = 600 * CLOCK_S,
        .memory_limit = 1ull << 30,
        .log_limit = WASI_OUTPUT_CAP,
        .max_invocations = 20000,
        .queue_length = 15000,
    };
}

static void init_condition(struct runtime *runtime) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&runtime->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&runtime->lock, NULL);
}

/* Skills may be dropped at any time: whoever finds the count of 0 sends no mail that nobody would
 * take. */
static void stop_executors(struct runtime *runtime) {
    pthread_mutex_lock(&runtime->lock);
    uint32_t count = runtime->count;
    runtime->count = 0;
    pthread_mutex_unlock(&runtime->lock);
    for (uint32_t i = 0; i < count; i++) {
        must(executor_tell(&runtime->executors[i], MAIL_STOP));
        executor_join(&runtime->executors[i]);
    }
}

bool runtime_new(struct engine *engine, const struct runtime_settings *settings,
                 struct runtime **out, struct err *err) {
    struct runtime *runtime = calloc(1, sizeof *runtime);
    if (!runtime) return err_set(err, ERR_MEMORY, "no memory for the runtime");
    runtime->settings = *settings;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t wanted = settings->executors ? settings->executors : (uint32_t)(cores > 0 ? cores : 1);
    init_condition(runtime);
    runtime->room.statm = -1;
    uint64_t limit = settings->guest_memory ? settings->guest_memory : memory_total() / 4 * 3;
    if (!room_init(&runtime->room, limit, wanted, err)) {
        runtime_free(runtime);
        return false;
    }
    runtime->executors = calloc(wanted, sizeof *runtime->executors);
    if (!runtime->executors) {
        runtime_free(runtime);
        return err_set(err, ERR_MEMORY, "no memory for %u executors", wanted);
    }
    bool good = true;
    for (uint32_t i = 0; good && i < wanted; i++) {
        struct executor *executor = &runtime->executors[i];
        executor->engine = engine;
        executor->settings = &runtime->settings;
        executor->runtime = runtime;
        executor->room = &runtime->room;
        executor->queued = &runtime->queued;
        executor->index = i;
        executor->keep = limit / KEPT_SHARE / wanted;
        good = executor_start(executor, err);
        if (good) runtime->count++;
    }
    if (good) {
        log_info("runtime", "%u executors; invocations may have %.1f GiB of memory together",
                 wanted, (double)limit / (1 << 30));
        *out = runtime;
    } else {
        stop_executors(runtime);
        runtime_free(runtime);
    }
    return good;
}

void runtime_free(struct runtime *runtime) {
    if (!runtime) return;
    pthread_cond_destroy(&runtime->changed);
    pthread_mutex_destroy(&runtime->lock);
    room_free(&runtime->room);
    free(runtime->executors);
    free(runtime);
}

void runtime_ended(struct runtime *runtime) {
    bool last = atomic_fetch_sub(&runtime->invocations, 1) == 1;
    if (!last || !atomic_load(&runtime->stopping)) return;
    pthread_mutex_lock(&runtime->lock);
    pthread_cond_broadcast(&runtime->changed);
    pthread_mutex_unlock(&runtime->lock);
}

/* The executor with the least to do; with equal ones a skill keeps to the same, whose slot is then
 * warm. */
static struct executor *choose(struct runtime *runtime, const struct skill *skill) {
    uint32_t home = (uint32_t)(((uintptr_t)skill >> 6) % runtime->count);
    struct executor *best = &runtime->executors[home];
    unsigned least = atomic_load_explicit(&best->runnable, memory_order_relaxed);
    for (uint32_t i = 0; least && i < runtime->count; i++) {
        unsigned load = atomic_load_explicit(&runtime->executors[i].runnable, memory_order_relaxed);
        if (load >= least) continue;
        least = load;
        best = &runtime->executors[i];
    }
    return best;
}

static void refuse(struct runtime *runtime, struct invocation_request *request, const char *text) {
    request->outcome = INVOCATION_REFUSED;
    request->text = strdup(text);
    skill_release(request->skill);
    request->skill = NULL;
    runtime_ended(runtime);
    request->done(request);
}

static bool enqueue(struct runtime *runtime) {
    unsigned before = atomic_fetch_add_explicit(&runtime->queued, 1, memory_order_relaxed);
    if (before < runtime->settings.queue_length) return true;
    atomic_fetch_sub_explicit(&runtime->queued, 1, memory_order_relaxed);
    return false;
}

void runtime_submit(struct runtime *runtime, struct invocation_request *request) {
    atomic_store_explicit(&request->control, 0, memory_order_relaxed);
    request->invocation = NULL;
    /* Counted before looking at `stopping`: runtime_stop sets it first and then waits for the
     * count. */
    unsigned before = atomic_fetch_add(&runtime->invocations, 1);
    const char *refusal = NULL;
    if (atomic_load(&runtime->stopping)) refusal = "the kernel is stopping";
    if (before >= runtime->settings.max_invocations)
        refusal = "too many invocations at once (setting MAX_INVOCATIONS); try again later";
    if (request->entry == INVOCATION_METADATA && !request->skill->metadata)
        refusal = "the skill has no metadata";
    if (!refusal && !enqueue(runtime))
        refusal = "too many invocations wait to begin (setting QUEUE_LENGTH); try again later";
    if (refusal) {
        refuse(runtime, request, refusal);
        return;
    }
    struct executor *executor = choose(runtime, request->skill);
    request->executor = executor;
    atomic_fetch_add_explicit(&executor->runnable, 1, memory_order_relaxed);
    executor_post(executor, &request->submit, MAIL_SUBMIT);
}

void runtime_cancel(struct runtime *runtime, struct invocation_request *request) {
    (void)runtime;
    int active = 0;
    if (atomic_compare_exchange_strong(&request->control, &active, 1))
        executor_post(request->executor, &request->cancel, MAIL_CANCEL);
}

void runtime_image_dropped(void *context, struct engine_image *image) {
    struct runtime *runtime = context;
    /* First: an invocation that is accepted already may begin after an executor has forgotten it.
     */
    engine_image_retire(image);
    pthread_mutex_lock(&runtime->lock);
    for (uint32_t i = 0; i < runtime->count; i++) {
        struct forget_mail *mail = malloc(sizeof *mail);
        if (!mail) break; /* the slots are trimmed when they have been idle */
        mail->image = engine_image_retain(image);
        executor_post(&runtime->executors[i], &mail->mail, MAIL_FORGET);
    }
    pthread_mutex_unlock(&runtime->lock);
}

/* Until nothing runs, or `deadline` (monotonic), or somebody is in a hurry. */
static void wait_for_end(struct runtime *runtime, uint64_t deadline, bool heed_hurry) {
    struct timespec until = {.tv_sec = (time_t)(deadline / CLOCK_S),
                             .tv_nsec = (long)(deadline % CLOCK_S)};
    pthread_mutex_lock(&runtime->lock);
    while (atomic_load(&runtime->invocations) && !(heed_hurry && runtime->hurry))
        if (pthread_cond_timedwait(&runtime->changed, &runtime->lock, &until) == ETIMEDOUT) break;
    pthread_mutex_unlock(&runtime->lock);
}

void runtime_stop(struct runtime *runtime, uint64_t deadline_ns) {
    atomic_store(&runtime->stopping, true);
    wait_for_end(runtime, clock_monotonic() + deadline_ns, true);
    unsigned left = atomic_load(&runtime->invocations);
    if (left) log_warn("runtime", "cancelling %u invocations that are still running", left);
    while (atomic_load(
        &runtime->invocations)) { /* again for what was submitted just before `stopping` */
        for (uint32_t i = 0; i < runtime->count; i++)
            (void)executor_tell(&runtime->executors[i], MAIL_CANCEL_ALL);
        wait_for_end(runtime, clock_monotonic() + 100 * CLOCK_MS, false);
    }
    stop_executors(runtime);
}

void runtime_hurry(struct runtime *runtime) {
    pthread_mutex_lock(&runtime->lock);
    runtime->hurry = true;
    pthread_cond_broadcast(&runtime->changed);
    pthread_mutex_unlock(&runtime->lock);
}

void runtime_get_stats(struct runtime *runtime, struct runtime_stats *out) {
    *out = (struct runtime_stats){0};
    for (uint32_t i = 0; i < runtime->count; i++) {
        struct executor *executor = &runtime->executors[i];
        out->running += atomic_load_explicit(&executor->runnable, memory_order_relaxed);
        out->parked += atomic_load_explicit(&executor->parked, memory_order_relaxed);
        out->finished += atomic_load_explicit(&executor->finished, memory_order_relaxed);
    }
    out->waiting = out->running > runtime->count ? out->running - runtime->count : 0;
}
