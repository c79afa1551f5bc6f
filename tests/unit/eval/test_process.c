/* What /proc tells: our own process, a child, one that has ended; the machine; the kernel's address
 * and its life. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "eval/kernel_process.h"
#include "eval/machine.h"
#include "eval/process.h"
#include "support/folder.h"

enum { MANY = 40 << 20 };

/* A child that has written MANY bytes and used some time, and tells by a byte; it waits. */
static pid_t start_child(void) {
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_NAME, "a) b (c");
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* when an assertion fails */
        char *memory = malloc(MANY);
        if (!memory) _exit(1);
        for (int i = 0; i < 20; i++) memset(memory, i, MANY);
        if (write(ends[1], memory, 1) != 1) _exit(1);
        pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void end_child(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void our_own(void **state) {
    (void)state;
    struct process_figures now;
    assert_true(process_read(getpid(), false, &now));
    assert_true(now.rss > 500 && now.rss <= now.vms && now.rss <= now.rss_peak + 500);
    assert_int_equal(now.pss, 0);
    assert_int_equal(now.anon, 0);
    assert_true(process_read(getpid(), true, &now));
    assert_true(now.pss > 0 && now.pss <= now.rss + 500);
    assert_true(now.anon > 0 && now.anon <= now.rss + 500);
    assert_true(now.pss > now.anon); /* this program's own pages, which its file backs */
}

static uint64_t ms(clock_t ticks) {
    return (uint64_t)ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* System calls until this process has spent ten ticks in them. */
static void work_in_system(void) {
    static char bytes[1 << 20];
    struct tms now;
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    do
        if (read(fd, bytes, sizeof bytes) < 0) _exit(1);
    while (times(&now) == (clock_t)-1 || now.tms_stime < 10);
    close(fd);
}

static void work_as_user(void) {
    struct tms now;
    do
        for (volatile int i = 0; i < 1000000; i++) {
        }
    while (times(&now) == (clock_t)-1 || now.tms_utime < now.tms_stime + 10);
}

static void cpu_times(void **state) {
    (void)state;
    struct process_figures figures;
    struct tms before, after;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        work_in_system();
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    work_as_user();
    times(&before);
    assert_true(process_read(getpid(), false, &figures));
    times(&after);
    assert_in_range(figures.cpu_user, ms(before.tms_utime), ms(after.tms_utime));
    assert_in_range(figures.cpu_system, ms(before.tms_stime), ms(after.tms_stime));
    assert_true(before.tms_cstime >= 10);
    assert_in_range(figures.children_cpu, ms(before.tms_cutime + before.tms_cstime),
                    ms(after.tms_cutime + after.tms_cstime));
}

static void a_child(void **state) {
    (void)state;
    struct process_figures child, parent, after;
    pid_t pid = start_child();
    assert_true(process_read(pid, true, &child)); /* its name has parentheses */
    assert_true(child.rss >= MANY / 1024 && child.rss < 2 * MANY / 1024 + 20000);
    assert_true(child.anon >= MANY / 1024);
    assert_true(child.cpu_user + child.cpu_system > 0);
    assert_true(child.cpu_user + child.cpu_system < 100000);
    assert_true(process_read(getpid(), false, &parent));
    assert_true(parent.children_rss >= MANY / 1024);
    end_child(pid);
    assert_true(process_read(getpid(), false, &after));
    assert_int_equal(after.children_rss, 0);
    assert_true(after.children_cpu > parent.children_cpu);
}

static void ended(void **state) {
    (void)state;
    struct process_figures now = {.rss = 1};
    pid_t pid = start_child();
    kill(pid, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_false(process_read(pid, true, &now)); /* not yet waited for */
    assert_int_equal(now.rss, 0);
    waitpid(pid, NULL, 0);
    assert_false(process_read(pid, true, &now));
    assert_int_equal(now.vms, 0);
    assert_false(process_read(0, false, &now));
}

/* GiB, cut. */
static uint64_t meminfo(const char *name) {
    char line[200];
    uint64_t kib = 0;
    FILE *file = fopen("/proc/meminfo", "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) kib = strtoull(line + strlen(name), NULL, 10);
    fclose(file);
    return kib / (1024 * 1024);
}

static void the_machine(void **state) {
    (void)state;
    struct machine machine;
    uint64_t before = meminfo("MemAvailable:"); /* others work here too */
    machine_read(&machine);
    uint64_t after = meminfo("MemAvailable:");
    assert_string_equal(machine.arch, "X86_64");
    assert_true(machine.brand[0] != '\0' && !strchr(machine.brand, '\n'));
    assert_true(machine.cores >= 1 && machine.cores < 100000);
    assert_int_equal(machine.memory_total, meminfo("MemTotal:"));
    uint64_t least = before < after ? before : after, most = before < after ? after : before;
    assert_in_range(machine.memory_available + 1, least, most + 2);
    assert_true(machine.memory_total >= 1 && machine.memory_total < 100000);
}

/* ---- the kernel's process */

static void addresses(void **state) {
    (void)state;
    struct sockaddr_in out;
    struct err err;
    assert_true(kernel_parse_address("127.0.0.1:8081", &out, &err));
    assert_int_equal(ntohs(out.sin_port), 8081);
    assert_int_equal(ntohl(out.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_true(kernel_parse_address("localhost:1", &out, &err));
    assert_int_equal(ntohl(out.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_true(kernel_parse_address("127.9.8.7:65535", &out, &err));
    assert_int_equal(ntohl(out.sin_addr.s_addr), 0x7f090807);
    static const char *const bad[] = {"",
                                      ":8081",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:0",
                                      "8081",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:+80",
                                      "127.0.0.1: 80",
                                      "127.0.0.1:80 ",
                                      "localhost:",
                                      "127.0.0.1:80x",
                                      "127.0.0.1:-65455",
                                      "0.0.0.0:80",
                                      "192.168.0.1:80",
                                      "[::1]:80",
                                      "::1:80",
                                      "example.org:80",
                                      " 127.0.0.1:80",
                                      "127.1:80",
                                      "localhost:x",
                                      "127.0.0.1:999999999999999999999",
                                      "127.0.0.1:-18446744073709551535"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (kernel_parse_address(bad[i], &out, &err)) fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.text, "write for example 127.0.0.1:8081"));
    }
}

static struct kernel_process kernel;
static struct client *client;

static int setup(void **state) {
    struct err err;
    struct client_settings settings = {.timeout = 5 * CLOCK_S};
    if (folder_make(state)) return 1;
    kernel = (struct kernel_process){.log = -1};
    return !kernel_parse_address("127.0.0.1:9", &settings.server, &err) ||
           !client_new(&settings, &client, &err);
}

static int teardown(void **state) {
    kernel_close(&kernel);
    client_free(client);
    return folder_remove(state);
}

/* A "kernel" that is a shell script; it is never ready. It has so long that a shell can begin on a
 * busy machine. */
static bool start_script(const char *text, struct err *err) {
    struct kernel_settings settings = {
        .self = PROGRAM,
        .binary = in_folder("kernel"),
        .folder = folder,
        .address = "127.0.0.1:9",
        .cache_dir = in_folder("c"),
        .log_path = in_folder("log"),
        .ready_path = "/ready",
        .start_timeout = 3 * CLOCK_S,
        .stop_timeout = 300 * CLOCK_MS,
    };
    folder_put("kernel", text);
    chmod(settings.binary, 0755);
    return kernel_start(&kernel, &settings, client, err);
}

static void refuses(const char *script, const char *why, const char *last) {
    struct err err;
    assert_false(start_script(script, &err));
    if (!strstr(err.text, why) || !strstr(err.text, last)) fail_msg("%s", err.text);
    assert_non_null(strstr(err.text, in_folder("kernel")));
    assert_int_equal(kernel.pid, 0);
    kernel_close(&kernel);
    unlink(in_folder("log"));
}

static void that_does_not_start(void **state) {
    (void)state;
    refuses("#!/bin/sh\necho 'one\n\033[31mtwo\n'\nexit 3\n", "ended with status 3",
            "its last line: \\x1b[31mtwo (");
    refuses("#!/bin/sh\nkill -9 $$\n", "was killed by signal 9", "it said nothing");
    refuses("#!/no/such\n", "ended with status 127", "cannot execute it: No such file");
    refuses("#!/bin/sh\necho hello\nexec sleep 100\n", "was not ready within 3 s (--timeout)",
            "last line: hello");
}

static void what_it_leaves_is_ended(void **state) {
    (void)state;
    struct err err;
    char text[20] = "";
    /* The first ends by itself, the second has to be killed; both have a child. */
    static const char *const ways[] = {"exit 0", "trap '' TERM; sleep 100"};
    for (int i = 0; i < 2; i++) {
        char script[200];
        snprintf(script, sizeof script, "#!/bin/sh\nsleep 100 & echo $! > child\n%s\n", ways[i]);
        assert_false(start_script(script, &err));
        FILE *file = fopen(in_folder("child"), "re");
        assert_non_null(file);
        assert_non_null(fgets(text, sizeof text, file));
        fclose(file);
        pid_t child = atoi(text);
        for (int round = 0; round < 500 && kill(child, 0) == 0; round++) usleep(10000);
        struct process_figures now;
        assert_false(process_read(child, false, &now)); /* at most somebody's zombie */
        kernel_close(&kernel);
        unlink(in_folder("log"));
    }
}

static void values_of_its_log(void **state) {
    (void)state;
    char value[20];
    folder_put("log", "x strategy=linked-open, y\ntier=no x tier=a-very-long-one-for-this\nend=");
    kernel.log = open(in_folder("log"), O_RDONLY | O_CLOEXEC);
    kernel_log_value(&kernel, "strategy", value, sizeof value);
    assert_string_equal(value, "linked-open");
    kernel_log_value(&kernel, "tier", value, sizeof value);
    assert_string_equal(value, "a-very-long-one-for");
    kernel_log_value(&kernel, "other", value, sizeof value);
    assert_string_equal(value, "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        cmocka_unit_test(our_own),   cmocka_unit_test(a_child),     cmocka_unit_test(ended),
        cmocka_unit_test(cpu_times), cmocka_unit_test(addresses),   cmocka_unit_test(the_machine),
        TEST(that_does_not_start),   TEST(what_it_leaves_is_ended), TEST(values_of_its_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
