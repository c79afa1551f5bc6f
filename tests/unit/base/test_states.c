/* states: a listed move passes, every other ends the process with both names. */
#include "base/states.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DOOR_STATES(X)                                                                             \
    X(DOOR_SHUT, "shut", TO(DOOR_OPEN))                                                            \
    X(DOOR_OPEN, "open", TO(DOOR_SHUT) | TO(DOOR_GONE))                                            \
    X(DOOR_GONE, "gone", 0)

enum door_state { DOOR_STATES(STATES_ENUM) DOOR_STATE_COUNT };
static const struct state_row rows[] = {DOOR_STATES(STATES_ROW)};
static const struct states doors = STATES("door", rows);

/* Checks one move in a child; returns its wait status and what it wrote to stderr. */
static int in_child(uint32_t from, uint32_t to, char *text, size_t size) {
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGABRT, SIG_DFL); /* cmocka and sanitizers catch it */
        dup2(ends[1], STDERR_FILENO);
        states_check(&doors, from, to, "of the kitchen");
        _exit(0);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], text, size - 1);
    assert_true(got >= 0);
    text[got] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void every_move(void **state) {
    (void)state;
    static const bool listed[DOOR_STATE_COUNT][DOOR_STATE_COUNT] = {
        [DOOR_SHUT] = {[DOOR_OPEN] = true},
        [DOOR_OPEN] = {[DOOR_SHUT] = true, [DOOR_GONE] = true},
    };
    assert_int_equal(doors.count, DOOR_STATE_COUNT);
    for (uint32_t from = 0; from < DOOR_STATE_COUNT; from++)
        for (uint32_t to = 0; to < DOOR_STATE_COUNT; to++) {
            char text[300];
            int status = in_child(from, to, text, sizeof text);
            assert_int_equal(WIFSIGNALED(status), !listed[from][to]);
        }
}

static void the_text_has_both_names(void **state) {
    (void)state;
    char text[300];
    int status = in_child(DOOR_GONE, DOOR_OPEN, text, sizeof text);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "door of the kitchen: no move from gone to open"));
}

static void a_state_beyond_the_table(void **state) {
    (void)state;
    char text[300];
    assert_true(WIFSIGNALED(in_child(DOOR_STATE_COUNT, DOOR_OPEN, text, sizeof text)));
    assert_non_null(strstr(text, "from a state that does not exist to open"));
    assert_true(WIFSIGNALED(in_child(DOOR_OPEN, 40, text, sizeof text)));
}

static void time_is_added_up(void **state) {
    (void)state;
    uint64_t since = 100, spent[DOOR_STATE_COUNT] = {0};
    states_spend(&since, &spent[DOOR_SHUT], 130);
    states_spend(&since, &spent[DOOR_OPEN], 135);
    states_spend(&since, &spent[DOOR_SHUT], 145);
    assert_int_equal(spent[DOOR_SHUT], 40);
    assert_int_equal(spent[DOOR_OPEN], 5);
    assert_int_equal(since, 145);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_move),
        cmocka_unit_test(the_text_has_both_names),
        cmocka_unit_test(a_state_beyond_the_table),
        cmocka_unit_test(time_is_added_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
