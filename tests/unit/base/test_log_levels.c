#include "base/log_levels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static struct err err;

static struct log_levels parsed(const char *text) {
    struct log_levels levels;
    if (!log_levels_parse(text, &levels, &err)) fail_msg("%s: %s", text, err.text);
    return levels;
}

/* The levels of kernel, shell, skill, and of what is no area. */
static void check(const char *text, int kernel, int shell, int skill, int rest) {
    struct log_levels levels = parsed(text);
    if ((int)log_levels_of(&levels, "kernel") != kernel ||
        (int)log_levels_of(&levels, "shell") != shell ||
        (int)log_levels_of(&levels, "skill") != skill ||
        (int)log_levels_of(&levels, "hyper") != rest)
        fail_msg("%s: kernel %u, shell %u, skill %u, rest %u", text,
                 log_levels_of(&levels, "kernel"), log_levels_of(&levels, "shell"),
                 log_levels_of(&levels, "skill"), log_levels_of(&levels, "hyper"));
}

static void same(const char *text, int level) {
    check(text, level, level, level, level);
}

static void test_bare_levels(void **state) {
    (void)state;
    static const char *const names[] = {"off", "Error", "WARN", "info", "debug", "trace"};
    for (int i = LOG_OFF; i <= LOG_TRACE; i++) {
        char digit[2] = {(char)('0' + i), '\0'};
        same(names[i], i);
        same(digit, i);
    }
    same(" warn ", LOG_WARN);
    same("warn,,error,", LOG_ERROR); /* the last counts; empty ones say nothing */
}

static void test_targets(void **state) {
    (void)state;
    check("pharia_kernel=debug", LOG_DEBUG, LOG_DEBUG, LOG_DEBUG, LOG_INFO);
    check("warn,pharia-kernel=debug", LOG_DEBUG, LOG_DEBUG, LOG_DEBUG, LOG_WARN);
    check("pharia-kernel = debug , warn", LOG_DEBUG, LOG_DEBUG, LOG_DEBUG, LOG_WARN);
    check("warn,shell=debug", LOG_WARN, LOG_DEBUG, LOG_WARN, LOG_WARN);
    check("shell=debug,pharia_kernel=off", LOG_OFF, LOG_DEBUG, LOG_OFF, LOG_INFO);
    check("pharia-kernel::shell=off,pharia_kernel::skill=5", LOG_INFO, LOG_OFF, LOG_TRACE,
          LOG_INFO);
    check("shell", LOG_INFO, LOG_TRACE, LOG_INFO, LOG_INFO);
    check("pharia_kernel,error", LOG_TRACE, LOG_TRACE, LOG_TRACE, LOG_ERROR);
}

static void test_areas_of_the_existing_kernel(void **state) {
    (void)state;
    check("pharia-kernel::http=debug,pharia-kernel::skill-store=warn,pharia-kernel::config=error",
          LOG_ERROR, LOG_DEBUG, LOG_WARN, LOG_INFO);
    static const char *const names[] = {"config",
                                        "http",
                                        "initialization",
                                        "inference",
                                        "logging",
                                        "mcp",
                                        "search",
                                        "skill-execution",
                                        "skill-loader",
                                        "skill-runtime",
                                        "skill-store",
                                        "tokenizers",
                                        "csi",
                                        "authorization",
                                        "tool"};
    struct log_levels info = log_levels_all(LOG_INFO);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64] = "pharia-kernel::";
        strcat(strcat(text, names[i]), "=off");
        struct log_levels levels = parsed(text);
        if (memcmp(&levels, &info, sizeof info) == 0) fail_msg("%s has no effect", text);
    }
}

/* Crates, other programs' areas and spans are taken and change nothing. */
static void test_targets_of_others(void **state) {
    (void)state;
    check("warn,hyper=off", LOG_WARN, LOG_WARN, LOG_WARN, LOG_WARN);
    same("info,hyper=off,tower_http=trace,wasmtime::runtime=error", LOG_INFO);
    same("hyper=off", LOG_INFO);
    same("pharia_kernel_extra=off,pharia-kernel:shell=off,pharia-kernel::unheard=off", LOG_INFO);
    same("info,shell[span]=off,[span{a=1}]=trace,hyper[x]", LOG_INFO);
}

static void test_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"loud",  "information", "info,loud", "shell=loud",
                                        "=info", "shell=",      "6",         "-1",
                                        "hyper", "info;debug",  "a[b]x",     "[b]=loud"};
    struct log_levels levels;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (log_levels_parse(texts[i], &levels, &err)) fail_msg("%s is taken", texts[i]);
        assert_non_null(
            strstr(err.text, "pharia_kernel, kernel, shell, skill, runtime, engine, log"));
    }
    assert_false(log_levels_parse("info,shell=loud,warn", &levels, &err));
    assert_non_null(strstr(err.text, "\"shell=loud\" is neither a level"));
    assert_false(log_levels_parse("", &levels, &err) || log_levels_parse(" , ", &levels, &err));
    assert_string_equal(err.text, "its value is empty");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bare_levels),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_areas_of_the_existing_kernel),
        cmocka_unit_test(test_targets_of_others),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
