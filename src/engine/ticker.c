/* Moves the epoch on while guests run, so that none keeps its thread for longer than a tick.
 *
 * It sleeps in the kernel only after LINGER_TICKS without a busy thread, so a server that is idle
 * between two calls pays no wake-up per call. Each side stores, then loads what the other stores
 * (sequentially consistent), so at least one of them sees the other:
 *
 *     ticker: asleep = 1; if (busy == 0) wait
 *     thread: busy++; if (asleep) wake */
#include "engine/internal.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/must.h"

enum { LINGER_TICKS = 50 };

static void futex_wait(atomic_uint *word, unsigned value) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void ticker_wake(struct ticker *ticker) {
    if (atomic_load(&ticker->asleep) && atomic_exchange(&ticker->asleep, 0))
        futex_wake(&ticker->asleep);
}

void ticker_count(struct ticker *ticker, bool on) {
    if (!on) {
        must(atomic_fetch_sub(&ticker->busy, 1) > 0);
        return;
    }
    atomic_fetch_add(&ticker->busy, 1);
    ticker_wake(ticker);
}

static void ticker_sleep(struct ticker *ticker) {
    atomic_store(&ticker->asleep, 1);
    while (atomic_load(&ticker->asleep) && atomic_load(&ticker->busy) == 0 &&
           !atomic_load(&ticker->stop))
        futex_wait(&ticker->asleep, 1);
    atomic_store(&ticker->asleep, 0);
}

static void *ticker_main(void *argument) {
    struct engine *engine = argument;
    struct ticker *ticker = &engine->ticker;
    struct timespec tick = {engine->settings.tick_us / 1000000,
                            engine->settings.tick_us % 1000000 * 1000L};
    unsigned idle = 0;
    while (!atomic_load(&ticker->stop)) {
        if (idle >= LINGER_TICKS) {
            ticker_sleep(ticker);
            idle = 0;
        }
        clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
        wasmtime_engine_increment_epoch(engine->wasm);
        idle = atomic_load(&ticker->busy) ? 0 : idle + 1;
    }
    return NULL;
}

bool engine_start_ticker(struct engine *engine, struct err *err) {
    struct ticker *ticker = &engine->ticker;
    if (ticker->running) return true;
    atomic_store(&ticker->stop, false);
    sigset_t all, before; /* signals are for the threads that ask for them */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&ticker->thread, NULL, ticker_main, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) return err_errno(err, failed, "engine: cannot start the ticker");
    pthread_setname_np(ticker->thread, "pk-ticker");
    ticker->running = true;
    return true;
}

void engine_stop_ticker(struct engine *engine) {
    struct ticker *ticker = &engine->ticker;
    if (!ticker->running) return;
    atomic_store(&ticker->stop, true);
    ticker_wake(ticker);
    pthread_join(ticker->thread, NULL);
    ticker->running = false;
}

void engine_preempt(struct engine *engine) {
    wasmtime_engine_increment_epoch(engine->wasm);
}
