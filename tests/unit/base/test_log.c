#include "base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"

#define STAMP "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "

static int pipe_ends[2];
static char *output; /* what a test read, with a NUL */
static size_t output_size;

static void add_output(const char *bytes, size_t size) {
    output = realloc(output, output_size + size + 1);
    assert_non_null(output);
    memcpy(output + output_size, bytes, size);
    output_size += size;
    output[output_size] = '\0';
}

static struct log_settings all_of(enum log_level level) {
    return (struct log_settings){.levels = log_levels_all(level)};
}

static void start_with(int flags, const struct log_settings *settings) {
    struct err err;
    assert_int_equal(pipe2(pipe_ends, flags), 0);
    output_size = 0;
    add_output("", 0);
    if (!log_start(pipe_ends[1], settings, &err)) fail_msg("%s", err.text);
}

static void start(int flags, enum log_level level) {
    struct log_settings settings = all_of(level);
    start_with(flags, &settings);
}

/* Reads until the writing end is closed. */
static void *read_all(void *unused) {
    (void)unused;
    char bytes[65536];
    ssize_t got;
    while ((got = read(pipe_ends[0], bytes, sizeof bytes)) != 0)
        if (got > 0) add_output(bytes, (size_t)got);
    return NULL;
}

static pthread_t start_reader(void) {
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_all, NULL), 0);
    return reader;
}

/* Stops the log while the reader reads; afterwards everything is in `output`. */
static void stop(pthread_t reader) {
    log_stop(10000);
    close(pipe_ends[1]);
    pthread_join(reader, NULL);
    close(pipe_ends[0]);
}

static void stop_and_read(void) {
    stop(start_reader());
}

static void expect(const char *pattern) {
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
    int missing = regexec(&regex, output, 0, NULL, 0);
    regfree(&regex);
    if (missing) fail_msg("no line is like\n%s\nin\n%s", pattern, output);
}

static size_t count_lines(void) {
    size_t lines = 0;
    for (size_t i = 0; i < output_size; i++) lines += output[i] == '\n';
    return lines;
}

static void test_lines(void **state) {
    (void)state;
    start(0, LOG_DEBUG);
    log_error("shell", "port %d is taken", 8081);
    log_warn("skill", "w");
    log_info("engine", "i");
    log_debug("link", "d");
    log_line(LOG_TRACE, "link", 0, "not wanted");
    log_line(LOG_OFF, "link", 0, "not wanted");
    log_info("shell", "%s", "");
    stop_and_read();
    assert_int_equal(count_lines(), 5);
    expect(STAMP "ERROR shell: port 8081 is taken$");
    expect(STAMP "WARN skill: w$");
    expect(STAMP "INFO engine: i$");
    expect(STAMP "DEBUG link: d$");
    expect(STAMP "INFO shell: -$"); /* never empty */
    expect("^20");
}

static void test_escapes(void **state) {
    (void)state;
    start(0, LOG_INFO);
    log_info("a", "%s", "one\ntwo\tthree\r\x1b[31m \\n \x7f");
    log_info("b", "%s", "\u00e9\u20ac\U0001f600 \xff \xc3");
    log_info("c", "%s", "\xc2\x85 \xc2\x9b \u00a0 \u2028 \u2029 \u202a");
    log_info("d", "%s", "\u202egnp.exe \u200b \ufeff \u00ad \U000e0041");
    log_guest("dev/sa\nmple", "stdout", "x\0y\n", 4);
    log_guest("dev/sample", "stderr", "", 0);
    stop_and_read();
    assert_int_equal(count_lines(), 6);
    expect("INFO a: one\\\\ntwo\\\\tthree\\\\x0d\\\\x1b\\[31m \\\\n \\\\x7f$");
    assert_non_null(strstr(output, "INFO b: \u00e9\u20ac\U0001f600 \\xff \\xc3\n"));
    assert_non_null(strstr(
        output,
        "INFO c: \\xc2\\x85 \\xc2\\x9b \u00a0 \\xe2\\x80\\xa8 \\xe2\\x80\\xa9 \\xe2\\x80\\xaa\n"));
    assert_non_null(strstr(output, "INFO d: \\xe2\\x80\\xaegnp.exe \\xe2\\x80\\x8b \\xef\\xbb\\xbf "
                                   "\\xc2\\xad \\xf3\\xa0\\x81\\x81\n"));
    assert_non_null(strstr(output, "INFO skill: dev/sa\\nmple stdout: x\\x00y\\n\n"));
    assert_non_null(strstr(output, "INFO skill: dev/sample stderr: \n"));
}

static void test_long_lines(void **state) {
    (void)state;
    static char text[100000];
    memset(text, 'x', sizeof text - 1);
    start(0, LOG_INFO);
    log_info("a", "%s", text);
    log_guest("dev/long", "stdout", text, sizeof text - 1);
    memset(text, 1, sizeof text - 1); /* four characters each */
    log_info("b", "%s", text);
    log_guest("dev/long", "stdout", text, sizeof text - 1);
    log_info("c", "short");
    stop_and_read();
    assert_int_equal(count_lines(), 5);
    assert_in_range(output_size, 4000 + 3 * 8000, 4 * 8192 + 200);
    expect("INFO a: xxx.*xxx \\[cut\\]$");
    expect("INFO skill: dev/long stdout: xxx.*xxx \\[cut\\]$");
    expect("INFO b: (\\\\x01)* \\[cut\\]$"); /* not cut inside an escape */
    expect("INFO skill: dev/long stdout: (\\\\x01)* \\[cut\\]$");
    expect("INFO c: short$");
}

static void test_levels(void **state) {
    (void)state;
    for (int i = LOG_OFF; i <= LOG_TRACE; i++) {
        start(0, (enum log_level)i);
        for (int j = LOG_ERROR; j <= LOG_TRACE; j++) {
            assert_int_equal(log_enabled((enum log_level)j, "x"), j <= i);
            log_line((enum log_level)j, "x", 0, "y");
        }
        assert_false(log_enabled(LOG_OFF, "x"));
        log_guest("dev/g", "stdout", "z", 1);
        stop_and_read();
        assert_int_equal(count_lines(), i + (i >= LOG_INFO));
    }
}

static void test_levels_of_areas(void **state) {
    (void)state;
    struct err err;
    struct log_settings settings = {0};
    assert_true(log_levels_parse("warn,shell=debug,skill=off", &settings.levels, &err));
    start_with(0, &settings);
    log_debug("shell", "wanted");
    log_line(LOG_TRACE, "shell", 0, "too fine");
    log_info("runtime", "not wanted");
    log_warn("runtime", "wanted");
    log_error("skill", "not wanted");
    log_guest("dev/g", "stdout", "not wanted", 10);
    stop_and_read();
    assert_int_equal(count_lines(), 2);
    expect("DEBUG shell: wanted$");
    expect("WARN runtime: wanted$");
}

static void test_start_twice(void **state) {
    (void)state;
    struct err err;
    start(0, LOG_INFO);
    struct log_settings settings = all_of(LOG_INFO);
    assert_false(log_start(1, &settings, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    stop_and_read();
    log_stop(10); /* stopping what does not run is nothing */
}

/* Without a writer thread lines go to stderr, and are dropped rather than waited for. */
static void test_not_started(void **state) {
    (void)state;
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(dup2(pipe_ends[1], STDERR_FILENO), STDERR_FILENO);
    uint64_t before = clock_monotonic();
    for (int i = 0; i < 2000; i++) log_error("kernel", "early %d %100s", i, "");
    assert_in_range(clock_monotonic() - before, 0, 20 * CLOCK_S);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
    output_size = 0;
    stop_and_read();
    expect("ERROR kernel: early 0 ");
    expect("ERROR kernel: early 100 ");
    assert_true(count_lines() < 2000);
}

/* All lines are there or counted as lost. */
static void check_complete(size_t posted) {
    size_t lost = 0, reports = 0;
    for (const char *at = output; (at = strstr(at, "WARN log: ")) != NULL; reports++) {
        at += strlen("WARN log: ");
        lost += strtoul(at, NULL, 10);
    }
    assert_true(reports > 0);
    assert_int_equal(count_lines() - reports + lost, posted);
    expect("WARN log: [0-9]+ lines lost: the reader of the log is too slow$");
    for (char *at = strtok(output, "\n"); at != NULL; at = strtok(NULL, "\n"))
        if (strstr(at, " INFO full: line ") == NULL && strstr(at, " WARN log: ") == NULL)
            fail_msg("not a whole line: '%s'", at);
}

#define MANY 30000

/* Nobody reads: callers go on, at once; what does not fit is counted. */
static void check_full_pipe(int flags) {
    start(flags, LOG_INFO);
    uint64_t slowest = 0, begin = clock_monotonic();
    for (int i = 0; i < MANY; i++) {
        uint64_t before = clock_monotonic();
        log_info("full", "line %d %60s", i, ".");
        uint64_t took = clock_monotonic() - before;
        if (took > slowest) slowest = took;
    }
    assert_in_range(clock_monotonic() - begin, 0, 60 * CLOCK_S);
    assert_in_range(slowest, 0, 10 * CLOCK_S);
    stop_and_read();
    check_complete(MANY);
}

static void test_full_pipe(void **state) {
    (void)state;
    check_full_pipe(0);
}

static void test_full_pipe_nonblocking(void **state) {
    (void)state;
    check_full_pipe(O_NONBLOCK);
}

/* A reader that takes a little now and then, from a non-blocking pipe of one page. */
static void test_slow_reader(void **state) {
    (void)state;
    start(O_NONBLOCK, LOG_INFO);
    assert_true(fcntl(pipe_ends[1], F_SETPIPE_SZ, 4096) >= 0);
    for (int i = 0; i < MANY; i++) {
        log_info("full", "line %d %60s", i, ".");
        char bytes[1000];
        ssize_t got = i % 20 == 0 ? read(pipe_ends[0], bytes, sizeof bytes) : 0;
        if (got > 0) add_output(bytes, (size_t)got);
    }
    fcntl(pipe_ends[0], F_SETFL, 0);
    stop_and_read();
    check_complete(MANY);
}

/* Whole lines go into a pipe at once, so that other writers' lines stay apart: a packet is a write.
 */
static void test_portions(void **state) {
    (void)state;
    char packet[PIPE_BUF + 1];
    ssize_t got;
    start(O_DIRECT, LOG_INFO);
    for (int i = 0; i < 5000; i++) log_info("full", "line %d %*s", i, i % 90, "."); /* < the ring */
    assert_int_equal(fcntl(pipe_ends[0], F_SETFL, O_DIRECT | O_NONBLOCK), 0);
    int packets = 0;
    for (int lines = 0; lines < 5000;) {
        got = read(pipe_ends[0], packet, sizeof packet);
        if (got < 0) usleep(100);
        if (got <= 0) continue;
        packets++;
        assert_int_equal(packet[got - 1], '\n');
        for (ssize_t i = 0; i < got; i++) lines += packet[i] == '\n';
    }
    assert_in_range(packets, 50, 1000);
    stop_and_read();
}

/* log_stop does not wait for a reader that never comes. */
static void check_stop(int timeout_ms) {
    start(0, LOG_INFO);
    for (int i = 0; i < 2000; i++) log_info("full", "line %d %100s", i, ".");
    uint64_t cpu = (uint64_t)clock();
    usleep(100000);
    assert_in_range((uint64_t)clock() - cpu, 0, CLOCKS_PER_SEC / 20); /* the writer does not spin */
    uint64_t before = clock_monotonic();
    log_stop(timeout_ms);
    uint64_t least = (uint64_t)timeout_ms * CLOCK_MS;
    assert_in_range(clock_monotonic() - before, least, least + 20 * CLOCK_S);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

static void test_stop_with_full_pipe(void **state) {
    (void)state;
    check_stop(100);
    check_stop(0);
    start(0, LOG_INFO); /* and the log can be started again, with nothing left from before */
    log_info("full", "fresh");
    stop_and_read();
    assert_int_equal(count_lines(), 1);
}

/* The writing end of a pipe whose reader is gone, and a descriptor that is none. */
static void test_no_reader(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_DFL); /* the writer must not die of it */
    start(0, LOG_INFO);
    close(pipe_ends[0]);
    for (int i = 0; i < 50000; i++) log_info("full", "line %d %100s", i, ".");
    uint64_t cpu = (uint64_t)clock(), before = clock_monotonic();
    usleep(100000);
    assert_in_range((uint64_t)clock() - cpu, 0, CLOCKS_PER_SEC / 20); /* nobody spins */
    log_stop(30000);
    assert_in_range(clock_monotonic() - before, 0, 10 * CLOCK_S); /* it does not wait */
    close(pipe_ends[1]);
    struct err err;
    struct log_settings settings = all_of(LOG_INFO);
    assert_true(log_start(pipe_ends[1], &settings, &err)); /* closed */
    log_info("full", "into nothing");
    log_stop(1000);
}

/* After a time without use (here a full device) lines come through again, with the number of those
 * lost. */
static void test_recovers(void **state) {
    (void)state;
    struct err err;
    struct log_settings settings = all_of(LOG_INFO);
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0 && log_start(fd, &settings, &err));
    for (int i = 0; i < 10; i++) log_info("full", "line %d", i);
    usleep(500000); /* until the writer has tried, on a busy machine too */
    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(dup2(pipe_ends[1], fd), fd);
    log_info("full", "line again");
    log_stop(1000);
    close(fd);
    output_size = 0;
    stop_and_read();
    expect("INFO full: line again$");
    check_complete(11);
}

#define THREADS 4
#define LINES   2000

static void *log_many(void *argument) {
    for (int i = 0; i < LINES; i++) {
        log_info("thread", "%d says %d", (int)(intptr_t)argument, i);
        if (i % 50 == 0) usleep(100);
    }
    return NULL;
}

/* Lines of several threads: whole, each thread's in its order. */
static void test_threads(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    int next[THREADS] = {0};
    start(0, LOG_INFO);
    pthread_t reader = start_reader();
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    stop(reader);
    for (char *line = strtok(output, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        int thread, number;
        assert_int_equal(sscanf(line, "%*s INFO thread: %d says %d", &thread, &number), 2);
        assert_int_equal(number, next[thread]++);
    }
    for (int i = 0; i < THREADS; i++) assert_int_equal(next[i], LINES);
}

/* ---- the rate of a kind */

static void one_of_many(int number) {
    log_info("storm", "call %d of an unknown skill", number);
}

/* The sum of all "N more in the last second like: …MARK". */
static size_t told(const char *mark) {
    size_t sum = 0;
    for (const char *at = output; (at = strstr(at, " more in the last second like: ")); at++) {
        const char *number = at, *end = strchr(at, '\n'), *found = strstr(at, mark);
        while (number[-1] != ' ') number--;
        if (found && found < end) sum += strtoul(number, NULL, 10);
    }
    return sum;
}

static size_t count_of(const char *text) {
    size_t count = 0;
    for (const char *at = output; (at = strstr(at, text)); at++) count++;
    return count;
}

static void start_limited(unsigned most) {
    struct log_settings settings = all_of(LOG_INFO);
    settings.most = most;
    start_with(0, &settings);
}

/* However long it takes, each line is there or counted; other kinds lose nothing. */
static void test_rate(void **state) {
    (void)state;
    start_limited(20);
    pthread_t reader = start_reader();
    uint64_t begin = clock_monotonic();
    for (int i = 0; i < 100000; i++) one_of_many(i);
    for (unsigned i = 0; i < 5; i++)
        for (int j = 0; j < 3; j++) log_line(LOG_INFO, "storm", i, "kind %u", i);
    log_warn("storm", "another kind");
    uint64_t windows = (clock_monotonic() - begin) / CLOCK_S + 1;
    stop(reader);
    size_t lines = count_of("INFO storm: call ");
    assert_in_range(lines, 20, 20 * windows);
    assert_int_equal(lines + told("of an unknown skill"), 100000);
    assert_int_equal(count_of("INFO storm: kind "), 15);
    expect("WARN storm: another kind$");
    expect("INFO storm: [0-9]+ more in the last second like: call [0-9]+ of an unknown skill$");
}

static void *storm(void *argument) {
    (void)argument;
    for (int i = 0; i < 20000; i++) one_of_many(i);
    return NULL;
}

static void test_rate_of_threads(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    start_limited(20);
    pthread_t reader = start_reader();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, storm, NULL), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    stop(reader);
    assert_int_equal(count_of("INFO storm: call ") + told("of an unknown skill"), THREADS * 20000);
}

/* The count comes by itself, when nobody logs any more. */
static void test_rate_is_told_when_it_is_quiet(void **state) {
    (void)state;
    char bytes[4096];
    start_limited(2);
    for (int i = 0; i < 5; i++) one_of_many(i);
    while (told("of an unknown skill") < 3) { /* ends by the program's time limit */
        ssize_t got = read(pipe_ends[0], bytes, sizeof bytes);
        assert_true(got > 0);
        add_output(bytes, (size_t)got);
    }
    stop_and_read();
}

/* What is shown of a line is not cut in a character, and a long second keeps no count. */
static void test_rate_shows_whole_characters(void **state) {
    (void)state;
    start_limited(1);
    for (int i = 0; i < 3; i++)
        log_info("storm", "%s", "xéééééééééééééééééééééééééééééééééééééééééééééééééééé");
    stop_and_read();
    assert_non_null(strstr(output, "2 more in the last second like: x\u00e9"));
    assert_null(strstr(output, "\\x"));
}

static int free_output(void **state) {
    (void)state;
    free(output);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_levels_of_areas),
        cmocka_unit_test(test_start_twice),
        cmocka_unit_test(test_not_started),
        cmocka_unit_test(test_full_pipe),
        cmocka_unit_test(test_full_pipe_nonblocking),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_portions),
        cmocka_unit_test(test_stop_with_full_pipe),
        cmocka_unit_test(test_no_reader),
        cmocka_unit_test(test_recovers),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_rate_of_threads),
        cmocka_unit_test(test_rate_is_told_when_it_is_quiet),
        cmocka_unit_test(test_rate_shows_whole_characters),
    };
    return cmocka_run_group_tests(tests, NULL, free_output);
}
