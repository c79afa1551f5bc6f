/* spawn: what a child gets, and that no child can hold, flood or outlive its parent's call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/spawn.h"

static struct err err;
static struct spawn_result result;

static unsigned open_descriptors(void) {
    unsigned count = 0;
    DIR *listing = opendir("/proc/self/fd");
    while (readdir(listing) != NULL) count++;
    closedir(listing);
    return count;
}

static int memory_file(size_t size) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    uint8_t *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(i * 7 + i / 1000);
    for (size_t at = 0; at < size;) {
        ssize_t wrote = write(fd, bytes + at, size - at);
        assert_true(wrote > 0);
        at += (size_t)wrote;
    }
    free(bytes);
    return fd;
}

static const char *text_of(int fd) {
    static char text[10000];
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    assert_true(got >= 0);
    text[got] = '\0';
    return text;
}

/* Run a shell script with `size` bytes of input; `task` may say more. */
static bool run_task(const char *script, size_t size, struct spawn_task task) {
    const char *argv[] = {"sh", "-c", script, NULL};
    int input = memory_file(size);
    unsigned before = open_descriptors();
    if (task.program == NULL) task.program = "/bin/sh";
    if (task.time_limit == 0) task.time_limit = 100 * CLOCK_S;
    if (task.stop == 0) task.stop = -1;
    if (task.input_size == 0) task.input_size = size;
    task.argv = argv;
    task.input = input;
    bool good = spawn_run(&task, &result, &err);
    assert_int_equal(open_descriptors(), before);
    close(input);
    return good;
}

static void run(const char *script, size_t size, struct spawn_task task) {
    if (!run_task(script, size, task)) fail_msg("%s", err.text);
}

static void exited_with(int code) {
    if (result.end != SPAWN_EXITED || result.code != code)
        fail_msg("end %d, code %d, stderr: %s", result.end, result.code, result.stderr_text);
}

static void streams_and_hashes(void **state) {
    (void)state;
    enum { SIZE = 3 * SPAWN_PIECE + 12345 };
    int output = memory_file(0), expected = memory_file(SIZE);
    struct digest_state *digest = digest_begin();
    run("cat >&4", SIZE,
        (struct spawn_task){.outputs = &output, .output_count = 1, .digest = digest});
    exited_with(0);
    struct digest streamed = digest_end(digest);
    uint8_t *in = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, expected, 0);
    uint8_t *out = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, output, 0);
    assert_int_equal(lseek(output, 0, SEEK_END), SIZE);
    assert_memory_equal(in, out, SIZE);
    struct digest whole = digest_of(in, SIZE);
    assert_memory_equal(&streamed, &whole, sizeof whole);
    assert_false(result.input_failed);
    assert_true(result.took > 0 && result.peak > 0);
    munmap(in, SIZE), munmap(out, SIZE);
    close(output), close(expected);
}

static void outputs_in_order(void **state) {
    (void)state;
    int outputs[3] = {memory_file(0), memory_file(0), memory_file(0)};
    run("echo one >&4; echo two >&5; echo three >&6; echo '{}' >&3; echo words >&2; echo lost", 0,
        (struct spawn_task){.outputs = outputs, .output_count = 3});
    exited_with(0);
    assert_string_equal(text_of(outputs[0]), "one\n");
    assert_string_equal(text_of(outputs[1]), "two\n");
    assert_string_equal(text_of(outputs[2]), "three\n");
    assert_int_equal(result.report_size, 3);
    assert_memory_equal(result.report, "{}\n", 3);
    assert_string_equal(result.stderr_text, "words\n");
    for (int i = 0; i < 3; i++) close(outputs[i]);
}

/* Low numbers are free in this process: the outputs' own numbers must not be overwritten by each
 * other. */
static void outputs_with_low_numbers(void **state) {
    (void)state;
    int low[SPAWN_MAX_OUTPUTS];
    for (int i = SPAWN_MAX_OUTPUTS; i-- > 0;) low[i] = memory_file(0);
    run("for i in 4 5 6 7 8 9; do echo $i >/proc/$$/fd/$i; done; echo 10 >/proc/$$/fd/10; echo 11 "
        ">/proc/$$/fd/11",
        0, (struct spawn_task){.outputs = low, .output_count = SPAWN_MAX_OUTPUTS});
    for (int i = 0; i < SPAWN_MAX_OUTPUTS; i++) {
        char expected[20];
        snprintf(expected, sizeof expected, "%d\n", SPAWN_FIRST_OUTPUT + i);
        assert_string_equal(text_of(low[i]), expected);
        close(low[i]);
    }
}

static void nothing_else_is_inherited(void **state) {
    (void)state;
    int output = memory_file(0), other[10];
    for (int i = 0; i < 10; i++) other[i] = memory_file(0);
    setenv("SECRET", "word", 1);
    run("cd /proc/$$/fd && echo * >&4; cat /proc/$$/environ >&4", 0,
        (struct spawn_task){.outputs = &output, .output_count = 1});
    exited_with(0);
    /* One more than it got: the shell has the directory open while it lists it. */
    const char *text = text_of(output);
    for (char *end; *text != '\n'; text = end + (*end == ' ')) {
        long fd = strtol(text, &end, 10);
        assert_true(end != text && (fd <= SPAWN_FIRST_OUTPUT + 1 || fd == 10));
    }
    /* And an empty environment, but for a sanitizer's options. */
    assert_null(strstr(text, "SECRET"));
    if (!SPAWN_SANITIZED) assert_string_equal(text, "\n");
    unsetenv("SECRET");
    for (int i = 0; i < 10; i++) close(other[i]);
    close(output);
}

static void ends(void **state) {
    (void)state;
    run("exit 7", 0, (struct spawn_task){0});
    exited_with(7);
    run("kill -SEGV $$", 0, (struct spawn_task){0});
    assert_int_equal(result.end, SPAWN_SIGNAL);
    assert_int_equal(result.code, SIGSEGV);
}

/* What the calling thread blocks and ignores is not the child's. */
static void signals_are_default(void **state) {
    (void)state;
    sigset_t all, before;
    sigfillset(&all);
    signal(SIGTERM, SIG_IGN);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    run("kill -TERM $$; exit 3", 0, (struct spawn_task){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGTERM, SIG_DFL);
    assert_int_equal(result.end, SPAWN_SIGNAL);
    assert_int_equal(result.code, SIGTERM);
}

static void input_not_read(void **state) {
    (void)state;
    run("exit 5", 20 << 20, (struct spawn_task){0});
    exited_with(5);
    run("head -c 10 >&2; exit 6", 20 << 20, (struct spawn_task){0});
    exited_with(6);
    run("exec 0<&-; sleep 0.2; exit 4", 20 << 20, (struct spawn_task){0});
    exited_with(4);
}

static void input_shorter_than_said(void **state) {
    (void)state;
    run("cat >/dev/null", 1000, (struct spawn_task){.input_size = 5000});
    exited_with(0);
    assert_true(result.input_failed);
}

static void hangs(void **state) {
    (void)state;
    uint64_t begin = clock_monotonic();
    run("sleep 100", 4 << 20, (struct spawn_task){.time_limit = 200 * CLOCK_MS});
    assert_int_equal(result.end, SPAWN_TIMEOUT);
    run("trap '' TERM INT HUP; while :; do :; done", 4 << 20,
        (struct spawn_task){.time_limit = 200 * CLOCK_MS});
    assert_int_equal(result.end, SPAWN_TIMEOUT);
    assert_true(clock_monotonic() - begin < 50 * CLOCK_S);
}

static void floods(void **state) {
    (void)state;
    run("head -c 50000000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 3", 0,
        (struct spawn_task){0});
    exited_with(3);
    assert_int_equal(strlen(result.stderr_text), SPAWN_MAX_STDERR);
    run("head -c 50000000 /dev/zero >&3; exit 2", 0, (struct spawn_task){0});
    exited_with(2);
    assert_int_equal(result.report_size, SPAWN_MAX_REPORT);
    run("yes >&2", 0, (struct spawn_task){.time_limit = 300 * CLOCK_MS});
    assert_int_equal(result.end, SPAWN_TIMEOUT);
}

static void *stop_soon(void *argument) {
    usleep(100000);
    eventfd_write(*(int *)argument, 1);
    return NULL;
}

static void stopped(void **state) {
    (void)state;
    int stop = eventfd(0, EFD_CLOEXEC);
    pthread_t thread;
    pthread_create(&thread, NULL, stop_soon, &stop);
    uint64_t begin = clock_monotonic();
    run("sleep 100", 0, (struct spawn_task){.stop = stop});
    pthread_join(thread, NULL);
    assert_int_equal(result.end, SPAWN_STOPPED);
    assert_true(clock_monotonic() - begin < 50 * CLOCK_S);
    run("sleep 100", 0, (struct spawn_task){.stop = stop}); /* it is readable already */
    assert_int_equal(result.end, SPAWN_STOPPED);
    close(stop);
}

/* A grandchild that holds all pipes: the call ends with the child, and the grandchild with it. */
static void leaves_a_grandchild(void **state) {
    (void)state;
    uint64_t begin = clock_monotonic();
    run("sleep 100 & echo $! >&3; exit 0", 0, (struct spawn_task){0});
    exited_with(0);
    assert_true(clock_monotonic() - begin < 50 * CLOCK_S);
    result.report[result.report_size < 20 ? result.report_size : 20] = '\0';
    pid_t pid = atoi(result.report);
    assert_true(pid > 1);
    for (int i = 0; i < 2000; i++) {
        char path[40], text[200] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        int fd = open(path, O_RDONLY);
        if (fd < 0) return; /* reaped */
        ssize_t got = read(fd, text, sizeof text - 1);
        close(fd);
        if (got <= 0 || strstr(text, ") Z ") != NULL) return;
        usleep(10000);
    }
    kill(pid, SIGKILL);
    fail_msg("the grandchild lives");
}

static void cannot_start(void **state) {
    (void)state;
    assert_false(run_task("", 0, (struct spawn_task){.program = "/nonexistent/program"}));
    assert_non_null(strstr(err.text, "/nonexistent/program"));
    assert_int_equal(err.kind, ERR_IO);
    assert_false(run_task("", 0, (struct spawn_task){.program = "/etc/passwd"}));
}

/* Then the system forgets children at once: an error, not some end that was none; whether the child
 * has ended before we can watch it, or not (which it is changes from one time to the next). */
static void children_are_ignored(void **state) {
    (void)state;
    for (int i = 0; i < 50; i++) {
        signal(SIGCHLD, SIG_IGN);
        bool good = run_task("exit 0", 0, (struct spawn_task){0});
        signal(SIGCHLD, SIG_DFL);
        assert_false(good);
        assert_string_equal(err.text, "cannot learn how /bin/sh ended: No child processes");
    }
    assert_true(run_task("exit 0", 0, (struct spawn_task){0}));
}

/* Every number of free descriptors: it works or says why, and loses none (run_task counts). */
static void few_descriptors(void **state) {
    (void)state;
    struct rlimit before, few;
    int outputs[2] = {memory_file(0), memory_file(0)};
    unsigned worked = 0;
    getrlimit(RLIMIT_NOFILE, &before);
    for (rlim_t limit = open_descriptors() + 2; limit < 40; limit++) {
        const char *argv[] = {"sh", "-c", "exit 0", NULL};
        struct spawn_task task = {.program = "/bin/sh",
                                  .argv = argv,
                                  .input = outputs[0],
                                  .outputs = outputs,
                                  .output_count = 2,
                                  .time_limit = 100 * CLOCK_S,
                                  .stop = -1};
        unsigned open = open_descriptors();
        few = (struct rlimit){limit, before.rlim_max};
        setrlimit(RLIMIT_NOFILE, &few);
        bool good = spawn_run(&task, &result, &err);
        setrlimit(RLIMIT_NOFILE, &before);
        assert_int_equal(open_descriptors(), open);
        worked += good;
        if (good) exited_with(0);
    }
    assert_true(worked > 0);
    close(outputs[0]), close(outputs[1]);
}

static void *run_many(void *argument) {
    for (int i = 0; i < 20; i++) {
        static _Thread_local struct spawn_result mine;
        const char *argv[] = {"sh", "-c", "cat >/dev/null; exit 9", NULL};
        struct err problem;
        struct spawn_task task = {.program = "/bin/sh",
                                  .argv = argv,
                                  .input = *(int *)argument,
                                  .input_size = 300000,
                                  .time_limit = 100 * CLOCK_S,
                                  .stop = -1};
        if (!spawn_run(&task, &mine, &problem) || mine.code != 9 || mine.input_failed)
            return argument;
    }
    return NULL;
}

static void many_at_once(void **state) {
    (void)state;
    pthread_t threads[4];
    int input = memory_file(300000);
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, run_many, &input);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    close(input);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_and_hashes),
        cmocka_unit_test(outputs_in_order),
        cmocka_unit_test(outputs_with_low_numbers),
        cmocka_unit_test(nothing_else_is_inherited),
        cmocka_unit_test(ends),
        cmocka_unit_test(signals_are_default),
        cmocka_unit_test(input_not_read),
        cmocka_unit_test(input_shorter_than_said),
        cmocka_unit_test(hangs),
        cmocka_unit_test(floods),
        cmocka_unit_test(stopped),
        cmocka_unit_test(leaves_a_grandchild),
        cmocka_unit_test(cannot_start),
        cmocka_unit_test(children_are_ignored),
        cmocka_unit_test(few_descriptors),
        cmocka_unit_test(many_at_once),
    };
    signal(SIGPIPE, SIG_IGN);
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC); /* what whoever runs the tests left open */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
