/* cmocka takes SIGSEGV, SIGILL, SIGFPE and SIGBUS for itself in every test, after the engine was
 * made; but these are how a guest traps. A test that runs guests calls signals_save after the first
 * engine_new, outside of cmocka's functions, and signals_restore in each test before a guest may
 * trap. cmocka puts its own back at the test's end. */
#ifndef PK_TESTS_ENGINE_SIGNALS_H
#define PK_TESTS_ENGINE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static const int signals_of_traps[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS};
static struct sigaction signals_saved[4];
static bool signals_are_saved;

static inline void signals_save(void) {
    if (signals_are_saved) return;
    signals_are_saved = true;
    for (size_t i = 0; i < 4; i++) sigaction(signals_of_traps[i], NULL, &signals_saved[i]);
}

static inline void signals_restore(void) {
    for (size_t i = 0; i < 4; i++) sigaction(signals_of_traps[i], &signals_saved[i], NULL);
}

#endif
