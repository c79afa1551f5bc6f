/* Which figures of a process go where in a run log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "eval/sampler.h"

enum { MANY = 40 << 20 };

static void samples(void **state) {
    (void)state;
    struct process_figures before, now;
    struct runlog_entry entry = {.cmd = "x"};
    assert_true(process_read(getpid(), true, &before));
    sampler_begin(getpid());
    before.rss -= 1;
    before.vms -= 20;
    before.cpu_user -= 300; /* may go below 0, as it may not in a run */
    before.cpu_system -= 4000;
    before.children_cpu -= 50000;
    sampler_end(getpid(), &before, &now, &entry);
    const int64_t expected[][2] = {
        {RUNLOG_RSS, (int64_t)now.rss},
        {RUNLOG_RSS_DIFF, (int64_t)(now.rss - before.rss)},
        {RUNLOG_VMS, (int64_t)now.vms},
        {RUNLOG_VMS_DIFF, (int64_t)(now.vms - before.vms)},
        {RUNLOG_PSS, (int64_t)now.pss},
        {RUNLOG_ANON, (int64_t)now.anon},
        {RUNLOG_RSS_PEAK, (int64_t)now.rss_peak},
        {RUNLOG_CPU_USER, (int64_t)(now.cpu_user - before.cpu_user)},
        {RUNLOG_CPU_SYSTEM, (int64_t)(now.cpu_system - before.cpu_system)},
        {RUNLOG_CHILDREN_CPU, (int64_t)(now.children_cpu - before.children_cpu)},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(runlog_has(&entry, (enum runlog_figure)expected[i][0]));
        assert_int_equal(entry.figure[expected[i][0]], expected[i][1]);
    }
    assert_int_not_equal(now.pss, now.anon);
}

static void ended(void **state) {
    (void)state;
    struct process_figures before = {.rss = 70, .vms = 800, .cpu_user = 9}, now;
    struct runlog_entry entry = {.cmd = "stop"};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
    sampler_begin(pid); /* nothing to begin with */
    sampler_end(pid, &before, &now, &entry);
    assert_int_equal(entry.figure[RUNLOG_RSS], 0);
    assert_int_equal(entry.figure[RUNLOG_RSS_DIFF], -70);
    assert_int_equal(entry.figure[RUNLOG_VMS_DIFF], -800);
    assert_false(runlog_has(&entry, RUNLOG_PSS) || runlog_has(&entry, RUNLOG_CPU_USER));
}

/* The peak counts from sampler_begin on. */
static void peaks(void **state) {
    (void)state;
    struct process_figures before, now;
    struct runlog_entry entry = {.cmd = "x"};
    uint64_t had = 0;
    /* Not by malloc: sanitizers keep what is freed. */
    char *memory = mmap(NULL, MANY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    for (size_t i = 0; i < MANY; i += 1024) memory[i] = (char)i;
    assert_true(process_read(getpid(), true, &before));
    had = before.rss_peak;
    assert_true(had >= MANY / 1024);
    assert_int_equal(munmap(memory, MANY), 0);
    sampler_begin(getpid());
    sampler_end(getpid(), &before, &now, &entry);
    assert_true(entry.figure[RUNLOG_RSS_PEAK] > 0);
    assert_true(entry.figure[RUNLOG_RSS_PEAK] + 20000 < (int64_t)had);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples),
        cmocka_unit_test(ended),
        cmocka_unit_test(peaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
