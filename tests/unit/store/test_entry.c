/* entry: which state may follow which, that an unlisted move ends the process with both names, and
 * the order of those who wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "store/entry.h"

static struct entry *fresh(void) {
    struct entry *entry = entry_new(NULL, (struct str){"greet-more", 5}, 1);
    assert_non_null(entry);
    assert_string_equal(entry->name, "greet");
    return entry;
}

/* By allowed moves. */
static struct entry *in_state(enum entry_state state) {
    struct entry *entry = fresh();
    if (state != ENTRY_SEEN && state != ENTRY_GONE) entry_move(entry, ENTRY_LISTED);
    if (state == ENTRY_LOADING || state == ENTRY_READY || state == ENTRY_FAILED)
        entry_move(entry, ENTRY_LOADING);
    if (entry->state != state) entry_move(entry, state);
    return entry;
}

/* What a process that makes the move says; NULL: it lived. */
static const char *last_words_of_move(enum entry_state from, enum entry_state to) {
    static char words[500];
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL); /* cmocka and sanitizers catch it */
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        dup2(ends[1], 2);
        entry_move(in_state(from), to);
        _exit(0);
    }
    close(ends[1]);
    ssize_t got = 0, more;
    while ((more = read(ends[0], words + got, sizeof words - 1 - (size_t)got)) > 0) got += more;
    words[got] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return NULL;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return words;
}

static void moves(void **state) {
    (void)state;
    static const char *const allowed[] = {"seen listed",    "seen gone",     "listed loading",
                                          "listed gone",    "loading ready", "loading failed",
                                          "loading listed", "loading gone",  "ready listed",
                                          "ready gone",     "failed listed", "failed gone"};
    size_t lived = 0;
    for (int from = 0; from < ENTRY_STATE_COUNT; from++)
        for (int to = 0; to < ENTRY_STATE_COUNT; to++) {
            char move[40];
            const char *a = entry_state_name((enum entry_state)from),
                       *b = entry_state_name((enum entry_state)to);
            snprintf(move, sizeof move, "%s %s", a, b);
            bool may = false;
            for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
                may |= strcmp(allowed[i], move) == 0;
            const char *words = last_words_of_move((enum entry_state)from, (enum entry_state)to);
            if (may != (words == NULL))
                fail_msg("%s: %s", move, words == NULL ? "was allowed" : words);
            lived += words == NULL;
            if (words == NULL) continue;
            if (strstr(words, a) == NULL || strstr(words, b) == NULL)
                fail_msg("%s: %s", move, words);
        }
    assert_int_equal(lived, sizeof allowed / sizeof *allowed);
}

static void time_is_recorded(void **state) {
    (void)state;
    uint64_t begin = clock_monotonic();
    struct entry *entry = fresh();
    usleep(2000);
    entry_move(entry, ENTRY_LISTED);
    entry_move(entry, ENTRY_LOADING);
    assert_true(entry->spent[ENTRY_SEEN] >= 2000000);
    assert_true(entry->spent[ENTRY_SEEN] + entry->spent[ENTRY_LISTED] <= clock_monotonic() - begin);
    assert_int_equal(entry->spent[ENTRY_LOADING], 0);
    entry_release(entry);
}

/* Pauses grow from 1 s to 60 s; what is the file's own fault waits for another file. */
static void failures_are_tried_again(void **state) {
    (void)state;
    static const unsigned pauses[] = {1, 2, 4, 8, 16, 32, 60, 60};
    static const enum err_kind passing[] = {ERR_MEMORY, ERR_IO,   ERR_NOT_FOUND, ERR_TIMEOUT,
                                            ERR_BUSY,   ERR_BUSY, ERR_INTERNAL,  ERR_IO};
    static const enum err_kind lasting[] = {ERR_INVALID, ERR_UNSUPPORTED, ERR_LIMIT};
    struct entry *entry = in_state(ENTRY_LOADING);
    struct skill_request request;
    struct err error;
    uint64_t now = clock_monotonic();
    for (int i = 0; i < 8; i++) {
        err_set(&error, passing[i], "it broke");
        entry_fail(entry, &error, now);
        entry_tell(entry, now + 1, &request); /* a begun second counts */
        assert_int_equal(request.retry_after, pauses[i]);
        assert_non_null(strstr(request.error.text, "it broke. It is tried again when"));
        now += pauses[i] * CLOCK_S;
        assert_false(entry_is_due(entry, now - 1));
        assert_true(entry_is_due(entry, now));
        entry_renew(entry);
        entry_move(entry, ENTRY_LOADING);
    }
    for (int i = 0; i < 3; i++) {
        err_set(&error, lasting[i], "it is odd");
        entry_fail(entry, &error, now);
        assert_false(entry_is_due(entry, now + 1000 * CLOCK_S));
        entry_tell(entry, now, &request);
        assert_int_equal(request.retry_after, 0);
        assert_string_equal(request.error.text, "it is odd");
        entry_renew(entry);
        entry_move(entry, ENTRY_LOADING);
    }
    entry_release(entry);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves),
        cmocka_unit_test(time_is_recorded),
        cmocka_unit_test(failures_are_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
