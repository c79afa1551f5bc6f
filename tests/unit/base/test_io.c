/* io: whole writes, however little the system takes at once, and errors. A signal ends a write that
 * waits with what it has written so far, or with EINTR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"

enum { SIZE = 1 << 20 }; /* many times what a pipe holds */

static char bytes[SIZE], back[SIZE];

static volatile sig_atomic_t alarms;

static void on_alarm(int number) {
    (void)number;
    alarms++;
}

static void *read_slowly(void *argument) {
    size_t size = 0;
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    for (ssize_t got; (got = read(*(int *)argument, back + size, 4000)) > 0; usleep(200))
        size += (size_t)got;
    return NULL;
}

static void all_of_it(void **state) {
    (void)state;
    int ends[2];
    pthread_t reader;
    for (size_t i = 0; i < SIZE; i++) bytes[i] = (char)(i * 7 + i / 251);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, &ends[0]), 0);
    struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    bool whole = io_write_all(ends[1], bytes, SIZE);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_true(whole);
    assert_true(alarms > 0);
    assert_true(io_write_all(ends[1], NULL, 0));
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
    assert_memory_equal(bytes, back, SIZE);
}

static void errors(void **state) {
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_false(io_write_all(full, bytes, 10));
    assert_int_equal(errno, ENOSPC);
    close(full);
    assert_false(io_write_all(-1, bytes, 10));
    assert_int_equal(errno, EBADF);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_of_it), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
