/* runlog: the log of 2024 that we were given, ours written and read again, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "eval/runlog.h"

#define REAL SOURCE_ROOT "/tests/unit/eval/logs/241022_204217.737_run.log"

static char top[100];
static struct runlog log_read;
static struct err err;

static int setup(void **state) {
    (void)state;
    strcpy(top, "/tmp/test_eval_runlog.XXXXXX");
    return mkdtemp(top) == NULL;
}

static int teardown(void **state) {
    (void)state;
    return rmdir(top);
}

/* ---- The given log. */

static void the_log_of_2024(void **state) {
    (void)state;
    if (!runlog_read(REAL, &log_read, &err)) fail_msg("%s", err.text);
    const char *const *text = log_read.header.text;
    assert_string_equal(text[RUNLOG_ARCH], "X86_64");
    assert_string_equal(text[RUNLOG_BRAND], "AMD Ryzen 7 PRO 5750G with Radeon Graphics");
    assert_string_equal(text[RUNLOG_CORES], "16");
    assert_string_equal(text[RUNLOG_MEMORY_TOTAL], "15");
    assert_string_equal(text[RUNLOG_MEMORY_AVAILABLE], "11");
    assert_string_equal(text[RUNLOG_BIN],
                        "/home/peter/dev/pharia-kernel/target/debug/pharia-kernel");
    assert_string_equal(text[RUNLOG_BIN_HASH], "8f652eac0741839d18d96d2f7a9cff291fdc4e7c");
    assert_string_equal(text[RUNLOG_BIN_MODIFIED], "241022_170002.191");
    assert_string_equal(text[RUNLOG_FILENAME], "bench.cmds");
    assert_string_equal(text[RUNLOG_HASH], "3c6d21c18c26d4130b6f57d617d2131cedd58d1d");
    assert_string_equal(text[RUNLOG_MODIFIED], "241022_164951.279");
    assert_null(text[RUNLOG_STRATEGY]);
    assert_int_equal(log_read.count, 9);
    const struct runlog_entry *last = &log_read.entries[8];
    assert_string_equal(last->cmd, "stop");
    assert_int_equal(last->figure[RUNLOG_TOOK], 114);
    assert_int_equal(last->figure[RUNLOG_RSS_DIFF], -1488328);
    assert_int_equal(last->figure[RUNLOG_VMS_DIFF], -2856568);
    assert_int_equal(log_read.entries[1].figure[RUNLOG_RSS], 1487148);
    assert_int_equal(log_read.entries[1].figure[RUNLOG_VMS], 2856308);
    assert_false(runlog_has(last, RUNLOG_PSS));
    runlog_free(&log_read);
}

/* ---- Writing. */

static struct runlog_header header_of(const char *const *texts) {
    struct runlog_header header = {{0}};
    for (unsigned i = 0; i < RUNLOG_TEXT_COUNT; i++) header.text[i] = texts[i];
    return header;
}

static struct runlog_entry entry_of(const char *cmd, int64_t base) {
    struct runlog_entry entry = {.cmd = cmd};
    for (unsigned i = 0; i < RUNLOG_FIGURE_COUNT; i++) entry.figure[i] = base + i;
    entry.has = (1u << RUNLOG_FIGURE_COUNT) - 1;
    return entry;
}

static void same_text(const char *path, const char *expected) {
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    if (!file_read(path, &bytes, NULL, &err)) fail_msg("%s", err.text);
    assert_string_equal(buf_cstr(&bytes), expected);
    buf_free(&bytes);
}

static struct runlog_writer *create(uint64_t began) {
    struct runlog_writer *writer = runlog_create(top, began, &err);
    if (!writer) fail_msg("%s", err.text);
    return writer;
}

/* The path that its file has when the run was good. */
static void path_of(const struct runlog_writer *writer, char path[200]) {
    snprintf(path, 200, "%s", runlog_path(writer));
    char *suffix = strstr(path, "_failed");
    assert_non_null(suffix);
    *suffix = '\0';
}

/* The bytes of a line of 2024, and our keys behind them. */
static void written_as_in_2024(void **state) {
    (void)state;
    static const char *const texts[RUNLOG_TEXT_COUNT] = {[RUNLOG_ARCH] = "X86_64",
                                                         [RUNLOG_BRAND] = "a \"b\" \xc3\xa4",
                                                         [RUNLOG_CORES] = "2",
                                                         [RUNLOG_MEMORY_TOTAL] = "15",
                                                         [RUNLOG_MEMORY_AVAILABLE] = "11",
                                                         [RUNLOG_BIN] = "/k",
                                                         [RUNLOG_BIN_HASH] = "h",
                                                         [RUNLOG_BIN_MODIFIED] = "m",
                                                         [RUNLOG_STRATEGY] = "speed",
                                                         [RUNLOG_FILENAME] = "x.cmds",
                                                         [RUNLOG_HASH] = "hash",
                                                         [RUNLOG_MODIFIED] = "241022_164951.279"};
    struct runlog_header header = header_of(texts);
    struct runlog_entry entry = {.cmd = "skills"};
    for (unsigned i = RUNLOG_TOOK; i <= RUNLOG_VMS; i++)
        runlog_set(&entry, (enum runlog_figure)i, (int)i);
    struct runlog_writer *writer = create(0);
    char path[200];
    path_of(writer, path);
    assert_true(runlog_write_header(writer, &header, &err));
    assert_true(runlog_write_entry(writer, &entry, &err));
    runlog_set(&entry, RUNLOG_P99, 1234);
    assert_true(runlog_write_entry(writer, &entry, &err));
    same_text(runlog_path(writer), /* flushed: whole before it is closed */
              "{\"arch\": \"X86_64\", \"brand\": \"a \\\"b\\\" \xc3\xa4\", \"cores\": \"2\", "
              "\"memory_total\": \"15\", \"memory_available\": \"11\"}\n"
              "{\"bin\": \"/k\", \"hash\": \"h\", \"modified\": \"m\", \"strategy\": \"speed\"}\n"
              "{\"filename\": \"x.cmds\", \"hash\": \"hash\", \"modified\": "
              "\"241022_164951.279\"}\n"
              "{\"took\": \"0\", \"rss_diff\": \"1\", \"rss\": \"2\", \"vms_diff\": \"3\", "
              "\"vms\": \"4\", \"cmd\": \"skills\"}\n"
              "{\"took\": \"0\", \"rss_diff\": \"1\", \"rss\": \"2\", \"vms_diff\": \"3\", "
              "\"vms\": \"4\", \"cmd\": \"skills\", \"p99\": \"1234\"}\n");
    runlog_set(&entry, RUNLOG_RSS_DIFF, -RUNLOG_MAX_FIGURE);
    assert_true(runlog_write_entry(writer, &entry, &err));
    runlog_set(&entry, RUNLOG_P50, -1); /* what no reader would take */
    assert_false(runlog_write_entry(writer, &entry, &err));
    assert_non_null(strstr(err.text, "\"p50\" of \"skills\" is -1, which cannot be"));
    assert_true(runlog_close(writer, false, &err));
    assert_int_equal(unlink(path), 0);
}

static void written_and_read_again(void **state) {
    (void)state;
    const char *texts[RUNLOG_TEXT_COUNT];
    char names[RUNLOG_TEXT_COUNT][40], path[200];
    for (unsigned i = 0; i < RUNLOG_TEXT_COUNT; i++) {
        snprintf(names[i], sizeof names[i], "value %u of %s", i,
                 runlog_text_key((enum runlog_text)i));
        texts[i] = names[i];
    }
    struct runlog_header header = header_of(texts);
    struct runlog_writer *writer = create(1729629737737 * CLOCK_MS);
    path_of(writer, path);
    assert_true(runlog_write_header(writer, &header, &err));
    for (int64_t i = 0; i < 100; i++) {
        struct runlog_entry entry = entry_of(i % 2 ? "a 'b' \\ \"c\"" : "p_add_c 10", 1000 * i);
        assert_true(runlog_write_entry(writer, &entry, &err));
    }
    assert_true(runlog_close(writer, false, &err));
    if (!runlog_read(path, &log_read, &err)) fail_msg("%s", err.text);
    for (unsigned i = 0; i < RUNLOG_TEXT_COUNT; i++)
        assert_string_equal(log_read.header.text[i], texts[i]);
    assert_int_equal(log_read.count, 100);
    for (unsigned i = 0; i < RUNLOG_FIGURE_COUNT; i++)
        assert_int_equal(log_read.entries[99].figure[i], 99000 + i);
    assert_int_equal(log_read.entries[99].has, (1u << RUNLOG_FIGURE_COUNT) - 1);
    assert_string_equal(log_read.entries[99].cmd, "a 'b' \\ \"c\"");
    runlog_free(&log_read);
    assert_int_equal(unlink(path), 0);
}

static void named_by_local_time(void **state) {
    (void)state;
    char stamp[RUNLOG_STAMP], path[200], expected[300];
    setenv("TZ", "UTC-2", 1); /* two hours east */
    tzset();
    runlog_stamp(1729622537007 * CLOCK_MS + 999999, stamp);
    assert_string_equal(stamp, "241022_204217.007");
    struct runlog_writer *writer = create(1729622537007 * CLOCK_MS);
    snprintf(path, sizeof path, "%s/241022_204217.007_run.log_failed", top);
    assert_string_equal(runlog_path(writer), path);
    /* Nobody's log is ever overwritten. */
    assert_null(runlog_create(top, 1729622537007 * CLOCK_MS, &err));
    snprintf(expected, sizeof expected, "cannot make the run log %s: File exists", path);
    assert_string_equal(err.text, expected);
    assert_true(runlog_close(writer, false, &err));
    assert_int_equal(access(path, F_OK), -1);
    path[strlen(path) - 7] = '\0';
    assert_null(runlog_create(top, 1729622537007 * CLOCK_MS, &err));
    snprintf(expected, sizeof expected, "cannot make the run log %s: File exists", path);
    assert_string_equal(err.text, expected);
    assert_int_equal(unlink(path), 0);
    assert_null(runlog_create("/nowhere", 0, &err));
    assert_string_equal(err.text,
                        "cannot make the run log /nowhere/700101_020000.000_run.log_failed: No "
                        "such file or directory");
    unsetenv("TZ");
    tzset();
}

static void a_full_disk_is_told(void **state) {
    (void)state;
    struct rlimit before, small = {.rlim_cur = 100};
    struct runlog_entry entry = entry_of("skills", 0);
    struct runlog_writer *writer = create(0);
    char path[200], expected[300];
    strcpy(path, runlog_path(writer));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool good = runlog_write_entry(writer, &entry, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(good);
    snprintf(expected, sizeof expected, "cannot write to %s: File too large", path);
    assert_string_equal(err.text, expected);
    assert_true(runlog_close(writer, true, &err));
    assert_int_equal(unlink(path), 0);
    assert_true(runlog_close(NULL, true, &err));
}

static void the_path_was_removed(void **state) {
    (void)state;
    struct runlog_writer *writer = create(0);
    assert_int_equal(unlink(runlog_path(writer)), 0);
    assert_false(runlog_close(writer, false, &err));
    assert_non_null(strstr(err.text, "_run.log: No such file or directory"));
}

/* ---- Reading. */

#define MACHINE                                                                                    \
    "{\"arch\": \"ARM_8\", \"brand\": \"Apple M3 Pro\", \"cores\": \"12\", \"memory_total\": "     \
    "\"36\", \"memory_available\": \"13\"}\n"
#define BINARY   "{\"bin\": \"/k\", \"hash\": \"h\", \"modified\": \"m\"}\n"
#define COMMANDS "{\"filename\": \"x\", \"hash\": \"h\", \"modified\": \"m\"}\n"
#define ENTRY(took, rss)                                                                           \
    "{\"took\": " took ", \"rss_diff\": \"-1\", \"rss\": " rss                                     \
    ", \"vms_diff\": \"0\", \"vms\": \"0\", \"cmd\": \"stop\"}\n"
#define HEAD MACHINE BINARY COMMANDS

static void good(const char *text) {
    if (!runlog_parse("x.log", text, strlen(text), &log_read, &err)) fail_msg("%s", err.text);
}

static void bad_bytes(const void *bytes, size_t size, const char *expected) {
    assert_false(runlog_parse("x.log", bytes, size, &log_read, &err));
    assert_string_equal(err.text, expected);
}

static void bad(const char *text, const char *expected) {
    bad_bytes(text, strlen(text), expected);
}

static void unknown_keys_are_ignored(void **state) {
    (void)state;
    good("{\"x\": 1, \"arch\": \"A\", \"brand\": \"B\", \"cores\": \"C\", \"memory_total\": \"D\", "
         "\"memory_available\": \"E\"}\n" BINARY COMMANDS
         "{\"swap\": null, \"vms\": \"6298503336\", \"cmd\": \"stop\", \"took\": \"1\", \"rss\": "
         "\"2\", \"rss_diff\": \"-0\", \"vms_diff\": \"-1000000000000\", \"l\": [[{}]]}");
    assert_true(log_read.entries[0].figure[RUNLOG_VMS] == 6298503336);
    assert_true(log_read.entries[0].figure[RUNLOG_VMS_DIFF] == -RUNLOG_MAX_FIGURE);
    assert_int_equal(log_read.entries[0].figure[RUNLOG_RSS_DIFF], 0);
    runlog_free(&log_read);
    good(MACHINE BINARY "{\"filename\": \"x\", \"hash\": \"h\", \"modified\": \"m\"}\r\n" ENTRY(
        "\"1\"", "\"0002\""));
    assert_int_equal(log_read.entries[0].figure[RUNLOG_RSS], 2);
    runlog_free(&log_read);
}

static void not_whole(void **state) {
    (void)state;
    static const char all[] = HEAD ENTRY("\"1\"", "\"2\"");
    bad("", "x.log is empty, so it is no run log");
    bad(MACHINE, "x.log has only 1 lines: a run log has three header lines and one per command");
    bad(HEAD, "x.log has only 3 lines: a run log has three header lines and one per command");
    for (size_t size = 1; size + 2 < sizeof all; size++) { /* whatever is missing at the end */
        assert_false(runlog_parse("x.log", all, size, &log_read, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
    bad(HEAD "{\"took\": \"1", "x.log:4: the line is cut, so the log is not whole");
    good(all);
    runlog_free(&log_read);
}

static void no_json_objects(void **state) {
    (void)state;
#define NO_OBJECT(line) "x.log:" line ": the line is no JSON object, as every line of a run log is"
    static uint8_t garbage[5000];
    for (size_t i = 0; i < sizeof garbage; i++) garbage[i] = (uint8_t)(i * i * 7 + i / 3);
    garbage[200] = '\n';
    bad_bytes(garbage, sizeof garbage, NO_OBJECT("1"));
    bad("\n" HEAD, NO_OBJECT("1"));
    bad(MACHINE "[]\n" COMMANDS, NO_OBJECT("2"));
    bad(MACHINE "\"x\"\n" COMMANDS, NO_OBJECT("2"));
    bad(HEAD "{\"took\": \"1\"} {}\n", NO_OBJECT("4"));
    bad(HEAD "{\"took\": \"1\", \"took\": \"1\"}\n", NO_OBJECT("4"));
    bad(HEAD "{\"took\": \"\xff\"}\n", NO_OBJECT("4"));
    bad(HEAD "{\"took\": \"\\u0000\"}\n", NO_OBJECT("4"));
    bad(HEAD ENTRY("\"1\"", "\"2\"") "\n", NO_OBJECT("5"));
    char deep[10000];
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1] = '\n';
    bad_bytes(deep, sizeof deep, NO_OBJECT("1"));
}

static void missing_keys(void **state) {
    (void)state;
#define MISSING(line, key) "x.log:" line ": the key \"" key "\" is missing, so this is no run log"
    bad("{}\n", MISSING("1", "arch"));
    bad(BINARY, MISSING("1", "arch"));
    bad(MACHINE MACHINE, MISSING("2", "bin"));
    bad(MACHINE BINARY "{\"filename\": \"x\", \"modified\": \"m\"}\n", MISSING("3", "hash"));
    bad(HEAD "{\"took\": \"1\", \"rss_diff\": \"1\"}\n", MISSING("4", "rss"));
    bad(HEAD "{\"took\": \"1\", \"rss_diff\": \"1\", \"rss\": \"1\", \"vms_diff\": \"1\", "
             "\"vms\": \"1\"}\n",
        MISSING("4", "cmd"));
}

static void bad_values(void **state) {
    (void)state;
#define NO_NUMBER(key, value, from)                                                                \
    "x.log:4: the value of \"" key "\" is \"" value "\", no whole number from " from               \
    " to 1000000000000"
    static const char *const values[] = {"",
                                         "-",
                                         "x",
                                         "1.5",
                                         "1e3",
                                         " 1",
                                         "1 ",
                                         "+1",
                                         "--1",
                                         "0x1",
                                         "1,000",
                                         "-1",
                                         "1000000000001",
                                         "99999999999999999999999"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[1000], expected[300];
        snprintf(text, sizeof text, HEAD ENTRY("\"%s\"", "\"1\""), values[i]);
        snprintf(expected, sizeof expected, NO_NUMBER("took", "%s", "0"), values[i]);
        bad(text, expected);
    }
    bad(HEAD "{\"took\": \"1\", \"rss_diff\": \"x\"}\n",
        NO_NUMBER("rss_diff", "x", "-1000000000000"));
    bad(HEAD ENTRY("1", "\"1\""),
        "x.log:4: the value of \"took\" is no string: every value of a run log is one");
    bad(HEAD ENTRY("\"1\", \"p50\": null", "\"1\""),
        "x.log:4: the value of \"p50\" is no string: every value of a run log is one");
    bad(HEAD ENTRY("\"1\", \"p50\": \"-7\"", "\"1\""), NO_NUMBER("p50", "-7", "0"));
    bad(MACHINE "{\"bin\": \"/k\\u001b[31m\"}\n",
        "x.log:2: the value of \"bin\" has control characters");
    bad(HEAD "{\"took\": \"1\\n\"}\n", "x.log:4: the value of \"took\" has control characters");
}

static void limits(void **state) {
    (void)state;
    struct buf text;
    buf_init(&text, RUNLOG_MAX_FILE);
    buf_format(&text, MACHINE "{\"bin\": \"%0*d\"", RUNLOG_MAX_LINE - 9, 0);
    buf_text(&text, "\n");
    bad_bytes(text.data, text.size, "x.log:2: a line of 65537 bytes, at most 65536 are read");
    buf_clear(&text);
    buf_text(&text, HEAD);
    for (unsigned i = 0; i < RUNLOG_MAX_ENTRIES; i++) buf_text(&text, ENTRY("\"1\"", "\"2\""));
    assert_true(runlog_parse("x.log", text.data, text.size, &log_read, &err));
    assert_int_equal(log_read.count, RUNLOG_MAX_ENTRIES);
    runlog_free(&log_read);
    buf_text(&text, ENTRY("\"1\"", "\"2\""));
    bad_bytes(text.data, text.size,
              "x.log:200004: more than 200000 commands, the most that are read");
    buf_free(&text);
}

static void files_that_are_none(void **state) {
    (void)state;
    char path[200], expected[300];
    snprintf(path, sizeof path, "%s/x_run.log", top);
    assert_false(runlog_read(path, &log_read, &err));
    snprintf(expected, sizeof expected, "cannot read %s: No such file or directory", path);
    assert_string_equal(err.text, expected);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(runlog_read(top, &log_read, &err));
    snprintf(expected, sizeof expected, "%s is a directory, a file was expected", top);
    assert_string_equal(err.text, expected);
    assert_false(runlog_read("/dev/zero", &log_read, &err));
    assert_string_equal(err.text, "/dev/zero is a pipe, socket or device, a file was expected");
}

static void a_failed_run(void **state) {
    (void)state;
    char path[200], expected[400];
    struct runlog_writer *writer = create(0);
    strcpy(path, runlog_path(writer));
    assert_true(runlog_close(writer, true, &err));
    assert_false(runlog_read(path, &log_read, &err));
    snprintf(expected, sizeof expected,
             "%s is the log of a run that failed, as its name says: what it measured says nothing",
             path);
    assert_string_equal(err.text, expected);
    assert_int_equal(unlink(path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(the_log_of_2024),
        TEST(written_as_in_2024),
        TEST(written_and_read_again),
        TEST(named_by_local_time),
        TEST(a_full_disk_is_told),
        TEST(the_path_was_removed),
        TEST(unknown_keys_are_ignored),
        TEST(not_whole),
        TEST(no_json_objects),
        TEST(missing_keys),
        TEST(bad_values),
        TEST(limits),
        TEST(files_that_are_none),
        TEST(a_failed_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
