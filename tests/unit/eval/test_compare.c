/* The program's compare: what it prints, on which stream, and its exit codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define GIVEN "241022_204217.737_run.log"

static char top[100], output[1 << 16];

static int setup(void **state) {
    (void)state;
    strcpy(top, "/tmp/test_eval_compare.XXXXXX");
    if (mkdtemp(top) == NULL || chdir(top) != 0) return 1;
    return symlink(SOURCE_ROOT "/tests/unit/eval/logs/" GIVEN, GIVEN);
}

static int teardown(void **state) {
    (void)state;
    return unlink(GIVEN) != 0 || chdir("/") != 0 || rmdir(top) != 0;
}

/* Runs "resource-eval ARGUMENTS" with a shell and gives its exit code; `output` has what it printed
 * where `arguments` left it. */
static int run(const char *arguments) {
    char line[1000];
    snprintf(line, sizeof line, "%s %s", PROGRAM, arguments);
    FILE *pipe = popen(line, "r"); /* NOLINT(cert-env33-c): fixed texts */
    assert_non_null(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define ERRORS " 2>&1 >/dev/null"

static void fails(const char *arguments, int code, const char *expected) {
    char line[900];
    snprintf(line, sizeof line, "%s" ERRORS, arguments);
    assert_int_equal(run(line), code);
    assert_string_equal(output, expected);
    snprintf(line, sizeof line, "%s 2>/dev/null", arguments);
    assert_int_equal(run(line), code);
    assert_string_equal(output, "");
}

static void put(const char *name, const char *command) {
    char line[500];
    snprintf(line, sizeof line, "%s >%s", command, name);
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c): fixed texts */
}

static void prints_tables(void **state) {
    (void)state;
    assert_int_equal(run("compare " GIVEN " 2>&1"), 0);
    assert_non_null(
        strstr(output, "\nTotal time (ms)                           a            19,631\n"));
    assert_null(strstr(output, "Memory after"));
    assert_int_equal(run("compare -- " GIVEN " ./" GIVEN " 2>&1"), 0);
    assert_non_null(strstr(output, " comparing 2 log files\na  file_name=241022"));
    assert_non_null(strstr(output, "\nb  file_name=./241022"));
    assert_int_equal(run("compare " GIVEN " --full 2>&1"), 0);
    assert_non_null(strstr(output, "\nMemory after"));
    assert_int_equal(run("compare --json " GIVEN " 2>&1"), 0);
    assert_int_equal(output[0], '{');
    assert_int_equal(run("compare --csv " GIVEN " 2>&1"), 0);
    assert_memory_equal(output, "id,file_name,", 13);
}

static void prints_help(void **state) {
    (void)state;
    static const char *const calls[] = {
        "--help", "-h", "compare --help", "compare -h nothing", "--help-commands", "--version"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        assert_int_equal(run(calls[i]), 0);
        assert_non_null(strstr(output, i == 4 ? "| `p_execute_all` |" : "resource-eval "));
    }
}

static void wrongly_called(void **state) {
    (void)state;
#define SEE "; see resource-eval compare --help\n"
    fails("", 2, "resource-eval: a command was expected; see resource-eval --help\n");
    fails("no", 2, "resource-eval: there is no command \"no\"; see resource-eval --help\n");
    fails("compare", 2, "resource-eval compare: the name of a run log was expected" SEE);
    fails("compare --ful x", 2, "resource-eval compare: there is no option --ful" SEE);
    fails("compare --json --csv x", 2,
          "resource-eval compare: --json and --csv cannot go together" SEE);
}

static void says_all_that_is_bad(void **state) {
    (void)state;
    put("x_run.log_failed", "cat " GIVEN);
    put("short.log", "head -n 11 " GIVEN);
    put("other.log", "sed s/3c6d21c18c26d4130b6f57d617d2131cedd58d1d/1234/ " GIVEN);
    fails("compare no.log " GIVEN " x_run.log_failed", 1,
          "resource-eval compare: cannot read no.log: No such file or directory\n"
          "resource-eval compare: x_run.log_failed is the log of a run that failed, as its name "
          "says: what it measured says nothing\n");
    fails(
        "compare " GIVEN " short.log", 1,
        "resource-eval compare: warning: short.log does not end with \"stop\", so the run was cut "
        "off\n"
        "resource-eval compare: " GIVEN " has 9 commands, short.log has 8: compare logs of whole "
        "runs\n");
    fails(
        "compare " GIVEN " other.log", 1,
        "resource-eval compare: " GIVEN " and other.log are of different scripts (bench.cmds, hash "
        "3c6d21c18c26d4130b6f57d617d2131cedd58d1d, and bench.cmds, hash 1234): compare logs of one "
        "script\n");
    assert_int_equal(run("compare short.log 2>/dev/null"), 0);
    unlink("x_run.log_failed");
    unlink("short.log");
    unlink("other.log");
}

/* One line each on stderr; of the tables nothing changes. */
static void warns(const char *logs, const char *expected) {
    char line[900];
    snprintf(line, sizeof line, "compare %s" ERRORS, logs);
    assert_int_equal(run(line), 0);
    assert_string_equal(output, expected);
    snprintf(line, sizeof line, "compare %s 2>/dev/null", logs);
    assert_int_equal(run(line), 0);
    assert_null(strstr(output, "warning"));
    assert_true(output[0] != '\0');
}

#define WARNS "resource-eval compare: warning: "

/* A log as of our own runs: the second line has `head`, and the first `count` commands have errors.
 */
static void put_own(const char *name, const char *head, int count, const char *errors) {
    char command[400];
    snprintf(
        command, sizeof command,
        "sed '2s/}$/, %s}/;3s/}$/, \"distinct\": \"no\"}/;4,%ds/}$/, \"errors\": \"%s\"}/' " GIVEN,
        head, 3 + count, errors);
    put(name, command);
}

#define HEAD(cache, strategy, tier, legacy)                                                        \
    "\"cache\": \"" cache "\", \"strategy\": \"" strategy "\", \"tier\": \"" tier                  \
    "\", \"legacy\": \"" legacy "\""

static void warns_of_errors(void **state) {
    (void)state;
    put_own("x.log", HEAD("empty", "s", "t", "no"), 2, "21");
    put_own("y.log", HEAD("empty", "s", "t", "no"), 9, "0");
    warns("x.log " GIVEN " y.log", WARNS "x.log has errors in commands without \"!\": 42\n");
    warns("y.log", "");
    put_own("y.log", HEAD("empty", "s", "t", "no"), 2, "1");
    assert_int_equal(system("sed -i '4s/\"cmd\": \"/&! /' y.log"), 0); /* NOLINT(cert-env33-c) */
    warns("y.log --full", WARNS "y.log has errors in commands without \"!\": 1\n");
    unlink("x.log");
    unlink("y.log");
}

static void warns_of_differences(void **state) {
    (void)state;
    put_own("x.log", HEAD("empty", "s", "t", "no"), 1, "0");
    put_own("y.log", HEAD("warm", "s", "t", "no"), 1, "0");
    put_own("z.log", HEAD("warm", "other", "u", "yes"), 1, "0");
    warns(GIVEN " x.log " GIVEN, "");
    warns("y.log " GIVEN " x.log y.log --csv",
          WARNS "\"cache\" is not the same in all logs: a warm, c empty, d warm\n");
    warns("y.log z.log", WARNS "\"strategy\" is not the same in all logs: a s, b other\n" WARNS
                               "\"tier\" is not the same in all logs: a t, b u\n" WARNS
                               "\"legacy\" is not the same in all logs: a no, b yes\n");
    assert_int_equal(system("sed -i '3s/no\"}/yes\"}/' y.log"), 0); /* NOLINT(cert-env33-c) */
    put_own("x.log", HEAD("warm", "s", "t", "no"), 1, "0");
    warns("y.log x.log", WARNS "\"distinct\" is not the same in all logs: a yes, b no\n");
    unlink("x.log");
    unlink("y.log");
    unlink("z.log");
}

static void a_full_disk_is_told(void **state) {
    (void)state;
    assert_int_equal(run("compare " GIVEN " 2>&1 >/dev/full"), 1);
    assert_non_null(strstr(output, "resource-eval: cannot print "));
    assert_non_null(strstr(output, ": No space left on device\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(prints_tables),        TEST(prints_help),         TEST(wrongly_called),
        TEST(says_all_that_is_bad), TEST(a_full_disk_is_told), TEST(warns_of_errors),
        TEST(warns_of_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
