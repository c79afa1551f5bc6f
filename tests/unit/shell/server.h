/* A shell over the fakes, for a test: started and stopped, with a check that nothing was lost. */
#ifndef PK_TESTS_SERVER_H
#define PK_TESTS_SERVER_H

#include "base/clock.h"
#include "base/log.h"
#include "client.h"
#include "fake.h"
#include "shell/shell.h"
#include "test.h"

#include <unistd.h>

static struct shell *shell;
static const char *address;

static inline void server_start(void (*change)(struct shell_settings *settings)) {
    struct shell_settings settings;
    struct err err;
    shell_settings_default(&settings);
    settings.address = "127.0.0.1:0";
    if (change) change(&settings);
    fake_start();
    if (!shell_new(&settings, NULL, NULL, &shell, &err) || !shell_start(shell, &err))
        fail_msg("%s", err.text);
    address = shell_address(shell);
}

/* Until so many requests have reached the store or the runtime. */
static inline void server_await_work(unsigned long count) {
    for (int i = 0; i < 20000; i++) {
        struct fake_counts counts = fake_counts();
        if (counts.submitted + counts.loads >= count) return;
        usleep(1000);
    }
    fail_msg("%lu requests did not come", count);
}

/* Every request ended, every skill was released, no byte of a body is left. */
static inline void server_stop(void) {
    shell_stop_accepting(shell);
    fake_stop();
    shell_stop(shell, 30 * CLOCK_S);
    struct shell_stats stats;
    shell_get_stats(shell, &stats);
    assert_int_equal(stats.active, 0);
    assert_int_equal(stats.body_bytes, 0);
    struct fake_counts counts = fake_counts();
    assert_int_equal(counts.submitted, counts.ended);
    assert_int_equal(counts.skills_alive, 0);
    shell_free(shell);
}

#endif
