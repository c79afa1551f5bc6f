/* config: which source wins, how keys are spelt, what values mean, and the texts about those that
 * mean nothing. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kernel/config.h"
#include "kernel/config_cache.h"
#include "kernel/config_entry.h"
#include "kernel/config_value.h"
#include "support/folder.h"

static struct config config;
static struct err err;

#define LIST(...) ((char **)(uintptr_t)(const char *[]){__VA_ARGS__, NULL})
#define NONE      LIST("HOME=/home/me")

static bool read_with(char **options, char **environment) {
    int count = 0;
    while (options != NULL && options[count] != NULL) count++;
    return config_read(count, options, environment, folder, &config, &err);
}

static void good(char **options, char **environment) {
    if (!read_with(options, environment)) fail_msg("refused: %s", err.text);
}

/* It is refused with a text that has both parts; what it begins with says the source. */
static void bad(char **options, char **environment, const char *source, const char *part) {
    if (read_with(options, environment)) {
        config_free(&config);
        fail_msg("accepted, '%s' was expected", part);
    }
    if (strstr(err.text, source) == NULL || strstr(err.text, part) == NULL)
        fail_msg("'%s' has no '%s' or '%s'", err.text, source, part);
}

static void defaults(void **state) {
    (void)state;
    good(NULL, NONE);
    assert_string_equal(config.kernel_address, "0.0.0.0:8081");
    assert_string_equal(config.cache_dir, "/home/me/.cache/pharia-kernel");
    assert_true(config.namespace_update_interval == 10 * CLOCK_S &&
                config.invocation_timeout == 600 * CLOCK_S);
    assert_true(config.invocation_memory == 1u << 30 && config.body_limit == 50u << 20);
    struct log_levels info = log_levels_all(LOG_INFO);
    assert_memory_equal(&config.log_levels, &info, sizeof info);
    assert_false(config.strict_memory);
    assert_int_equal(config.namespace_count, 1);
    assert_string_equal(config.namespaces[0].name, "dev");
    assert_string_equal(config.namespaces[0].directory, "skills");
    assert_int_equal(config.warning_count, 0);
    config_free(&config);
}

static void expect_address(char **options, char **environment, const char *address) {
    good(options, environment);
    assert_string_equal(config.kernel_address, address);
    config_free(&config);
}

static void the_later_source_wins(void **state) {
    (void)state;
    folder_put("config.toml",
               "kernel-address = \"toml:1\"\nexecutors = 3\nloaders = 4\nunknown = [1, {a = 1}]\n");
    expect_address(NULL, NONE, "toml:1");
    folder_put(".env", "KERNEL_ADDRESS=dotenv:1\nEXECUTORS=5\n");
    expect_address(NULL, NONE, "dotenv:1");
    expect_address(NULL, LIST("HOME=/", "KERNEL_ADDRESS=env:1"), "env:1");
    expect_address(LIST("--kernel-address", "option:1"), LIST("HOME=/", "KERNEL_ADDRESS=env:1"),
                   "option:1");
    expect_address(LIST("--kernel-address=a:1", "--kernel-address=b=c"),
                   LIST("HOME=/", "KERNEL_ADDRESS=env:1"), "b=c");
    good(LIST("--shell-threads=7"), LIST("HOME=/", "KERNEL_ADDRESS=env:1")); /* key by key */
    assert_int_equal(config.shell_threads, 7);
    assert_int_equal(config.executors, 5);
    assert_int_equal(config.loaders, 4);
    config_free(&config);
    /* A variable of the process wins even when it is empty. */
    bad(NULL, LIST("HOME=/", "KERNEL_ADDRESS="), "the environment, KERNEL_ADDRESS",
        "its value is empty");
}

static void older_name_of_the_address(void **state) {
    (void)state;
    expect_address(NULL, LIST("HOME=/", "PHARIA_KERNEL_ADDRESS=old:1"), "old:1");
    good(NULL, LIST("HOME=/", "PHARIA_KERNEL_ADDRESS=http://localhost:1")); /* a client's */
    assert_string_equal(config.kernel_address, "0.0.0.0:8081");
    assert_int_equal(config.warning_count, 1);
    assert_non_null(strstr(config.warnings[0], "PHARIA_KERNEL_ADDRESS is a URL"));
    config_free(&config);
    good(NULL, LIST("HOME=/", "PHARIA_KERNEL_ADDRESS=http://localhost:1", "KERNEL_ADDRESS=new:1"));
    assert_string_equal(config.kernel_address, "new:1");
    assert_int_equal(config.warning_count, 0);
    config_free(&config);
    expect_address(NULL, LIST("HOME=/", "PHARIA_KERNEL_ADDRESS=old:1", "KERNEL_ADDRESS=new:1"),
                   "new:1");
    expect_address(LIST("--kernel-address=option:1"), LIST("HOME=/", "PHARIA_KERNEL_ADDRESS=old:1"),
                   "option:1");
    folder_put("config.toml", "kernel-address = \"toml:1\"\n");
    expect_address(NULL, LIST("HOME=/", "PHARIA_KERNEL_ADDRESS=old:1"), "toml:1");
    folder_put("config.toml", "");
    folder_put(".env", "PHARIA_KERNEL_ADDRESS=dotenv:1");
    expect_address(NULL, NONE, "dotenv:1");
}

static void cache_directory(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"XDG_CACHE_HOME=/x", "HOME=/h", "/x/pharia-kernel"},
        {"XDG_CACHE_HOME=relative", "HOME=/h", "/h/.cache/pharia-kernel"},
        {"XDG_CACHE_HOME=", "HOME=/h", "/h/.cache/pharia-kernel"},
        {"XDG_CACHE_HOME=/x", "CACHE_DIR=/c", "/c"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        good(NULL, LIST(cases[i][0], cases[i][1]));
        assert_string_equal(config.cache_dir, cases[i][2]);
        config_free(&config);
    }
}

/* Without HOME: the system's cache where it may be written, else a directory that is named after
 * the user, which is told. */
static void cache_directory_without_home(void **state) {
    (void)state;
    struct arena arena;
    struct err passing = {0};
    char expected[200];
    arena_init(&arena, 1 << 20);
    snprintf(expected, sizeof expected, "%s/pharia-kernel", folder);
    assert_string_equal(
        config_default_cache(LIST("HOME=", "TMPDIR=/t"), folder, &arena, &passing, &err), expected);
    assert_int_equal(passing.kind, ERR_NONE);
    static const char *const cases[][2] = {
        {"TMPDIR=/t", "/t"}, {"TMPDIR=t", "/tmp"}, {"TMPDIR=", "/tmp"}, {"HOME=relative", "/tmp"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        passing.kind = ERR_NONE;
        snprintf(expected, sizeof expected, "%s/pharia-kernel-%u", cases[i][1],
                 (unsigned)geteuid());
        assert_string_equal(
            config_default_cache(LIST(cases[i][0]), "/nowhere", &arena, &passing, &err), expected);
        assert_non_null(strstr(passing.text, "set CACHE_DIR"));
    }
    char variable[5000] = "HOME=/";
    memset(variable + 6, 'x', sizeof variable - 7);
    assert_null(config_default_cache(LIST(variable), folder, &arena, &passing, &err));
    assert_non_null(strstr(err.text, "set CACHE_DIR"));
    arena_free(&arena);
}

static void expect_namespace(char **options, char **environment, const char *name,
                             const char *directory) {
    good(options, environment);
    assert_int_equal(config.namespace_count, 1);
    assert_string_equal(config.namespaces[0].name, name);
    assert_string_equal(config.namespaces[0].directory, directory);
    config_free(&config);
}

static void namespaces(void **state) {
    (void)state;
    expect_namespace(NULL, LIST("HOME=/", "NAMESPACES__TEAM1__DIRECTORY=/a"), "team-1",
                     "/a"); /* the existing Kernel's quirk */
    expect_namespace(NULL, LIST("HOME=/", "NAMESPACES__MY_TEAM__DIRECTORY=/a"), "my-team", "/a");
    expect_namespace(LIST("--namespaces.team1.directory=/b"), NONE, "team1",
                     "/b"); /* not in options … */
    folder_put("config.toml", "[namespaces.team1]\ndirectory = \"/c\"\n");
    expect_namespace(NULL, NONE, "team1", "/c"); /* … nor in the file */
    expect_namespace(LIST("--namespaces.team1.directory=/d"), NONE, "team1", "/d");
    good(NULL, LIST("HOME=/", "NAMESPACES__OTHER__DIRECTORY=/o"));
    assert_int_equal(config.namespace_count, 2);
    config_free(&config);
    folder_put("config.toml", "[namespaces.dev]\ndirectory = \"d\"\nmcp-servers = "
                              "[]\nnative-tools = []\nskills = []\n");
    good(NULL, NONE); /* empty lists are the existing Kernel's defaults */
    assert_int_equal(config.warning_count, 0);
    config_free(&config);
}

/* Each setting is refused by its name in each source, or is a warning. */
static void unsupported_settings(void **state) {
    (void)state;
    static const char *const names[] = {"AUTHORIZATION_URL",
                                        "INFERENCE_URL",
                                        "OPENAI_INFERENCE__URL",
                                        "OPENAI_INFERENCE__TOKEN",
                                        "DOCUMENT_INDEX_URL",
                                        "METRICS_ADDRESS",
                                        "OTEL_ENDPOINT",
                                        "OTEL_SAMPLING_RATIO",
                                        "OTEL_GEN_AI_CONTENT_CAPTURE",
                                        "PHARIA_AI_FEATURE_SET",
                                        "USE_POOLING_ALLOCATOR",
                                        "MEMORY_REQUEST",
                                        "MEMORY_LIMIT",
                                        "WASMTIME_CACHE_DIR",
                                        "WASMTIME_CACHE_SIZE_REQUEST",
                                        "WASMTIME_CACHE_SIZE_LIMIT"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char set[100], empty[100];
        snprintf(set, sizeof set, "%s=true", names[i]);
        snprintf(empty, sizeof empty, "%s=", names[i]);
        bad(NULL, LIST("HOME=/", set), names[i], "does not honour yet");
        good(LIST("--ignore-unsupported"), LIST("HOME=/", set));
        assert_int_equal(config.warning_count, 1);
        assert_non_null(strstr(config.warnings[0], names[i]));
        config_free(&config);
        good(NULL, LIST("HOME=/", empty));
        assert_int_equal(config.warning_count, 0);
        config_free(&config);
    }
    bad(LIST("--authorization-url", "http://x"), NONE, "the command line, --authorization-url",
        "does not honour yet");
    good(NULL, LIST("HOME=/", "USE_POOLING_ALLOCATOR=off", "OTEL_SAMPLING_RATIO=0.1"));
    config_free(&config);
    folder_put("config.toml", "[openai-inference]\ntoken = \"secret\"\n");
    bad(NULL, NONE, "config.toml, token of \"openai-inference\"", "does not honour yet");
    folder_put("config.toml", "[namespaces.a]\ndirectory = \"d\"\nregistry = \"r\"\n");
    bad(NULL, NONE, "registry of \"a\"", "does not honour yet");
    folder_put("config.toml", "ignore-unsupported = true\n[namespaces.a]\ndirectory = \"d\"\n"
                              "mcp-servers = [\"http://x\"]\nskills = [{name = \"s\"}]\n");
    good(NULL, NONE);
    assert_int_equal(config.warning_count, 2);
    config_free(&config);
}

/* Settings of a namespace, beside its directory too: refused by name, or a warning each; empty ones
 * say nothing. What has no directory is left out. */
static void unsupported_settings_of_namespaces(void **state) {
    (void)state;
    static const char *const names[] = {
        "CONFIG_URL",        "CONFIG_ACCESS_TOKEN", "REGISTRY", "REGISTRY_USER",
        "REGISTRY_PASSWORD", "BASE_REPOSITORY",     "PATH",     "SKILLS",
        "MCP_SERVERS",       "NATIVE_TOOLS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char set[100], empty[100];
        snprintf(set, sizeof set, "NAMESPACES__A__%s=x", names[i]);
        snprintf(empty, sizeof empty, "NAMESPACES__A__%s=", names[i]);
        bad(NULL, LIST("HOME=/", set, "NAMESPACES__A__DIRECTORY=d"), names[i],
            "does not honour yet");
        bad(NULL, LIST("HOME=/", set), names[i], "does not honour yet");
        bad(LIST("--ignore-unsupported"), LIST("HOME=/", empty), "\"a\"",
            "\"directory\" is missing");
        good(LIST("--ignore-unsupported"), LIST("HOME=/", set, "NAMESPACES__A__DIRECTORY=d"));
        assert_true(config.warning_count == 1 && config.namespace_count == 1);
        config_free(&config);
        good(LIST("--ignore-unsupported"), LIST("HOME=/", set, "NAMESPACES__B__DIRECTORY=d"));
        assert_true(config.warning_count == 2 && config.namespace_count == 1);
        assert_string_equal(config.namespaces[0].name, "b");
        assert_non_null(strstr(config.warnings[1], "\"a\" is left out"));
        config_free(&config);
        good(NULL, LIST("HOME=/", empty, "NAMESPACES__A__DIRECTORY=d"));
        assert_int_equal(config.warning_count, 0);
        config_free(&config);
        good(LIST("--ignore-unsupported"),
             LIST("HOME=/", set)); /* "dev" is for no namespace at all */
        assert_int_equal(config.namespace_count, 0);
        config_free(&config);
    }
}

/* The existing Kernel's settings that are honoured: as its .env has them. */
static void settings_in_common(void **state) {
    (void)state;
    good(NULL, LIST("HOME=/", "KERNEL_ADDRESS=0.0.0.0:8081", "NAMESPACE_UPDATE_INTERVAL=500ms",
                    "LOG_LEVEL=info,pharia_kernel=debug", "NAMESPACES__DEV__DIRECTORY=skills",
                    "RUST_LOG=trace", "PHARIA_AI_TOKEN=t", "OTEL_EXPORTER_OTLP_HEADERS=a=b"));
    assert_int_equal(config.warning_count, 0);
    assert_true(config.namespace_update_interval == 500 * CLOCK_MS);
    assert_int_equal(log_levels_of(&config.log_levels, "shell"), LOG_DEBUG);
    config_free(&config);
}

static void namespaces_refused(void **state) {
    (void)state;
    bad(NULL, LIST("HOME=/", "NAMESPACES__A__CONFIG_URL=http://x"), "\"a\"", "CONFIG_URL");
    bad(NULL, LIST("HOME=/", "NAMESPACES__A__CONFIG_URL=http://x", "NAMESPACES__A__DIRECTORY=d"),
        "\"a\"", "CONFIG_URL");
    bad(NULL, LIST("HOME=/", "NAMESPACES__A__REGISTRY=r"), "\"a\"", "directory");
    bad(NULL, LIST("HOME=/", "NAMESPACES__A=d"), "\"a\"", "its \"directory\" is missing");
    bad(NULL, LIST("HOME=/", "NAMESPACES__A__DIRECTORY="), "\"a\"", "its \"directory\" is missing");
    folder_put("config.toml", "[namespaces.a]\nregistry = \"r\"\nskills = [{name = \"x\"}]\n");
    bad(NULL, NONE, "\"a\"", "does not honour yet");
    folder_put("config.toml", "[namespaces.a]\npath = \"p\"\n");
    bad(NULL, NONE, "\"a\"", "directory");
    folder_put("config.toml", "[namespaces.a]\ndirectory = [\"p\"]\n");
    bad(NULL, NONE, "\"a\"", "directory");
    folder_put("config.toml", "[namespaces.Not_So]\ndirectory = \"p\"\n");
    bad(NULL, NONE, "\"Not_So\"", "a name has 1 to 64 characters");
    folder_put("config.toml", "[namespaces.\"\"]\ndirectory = \"p\"\n");
    bad(NULL, NONE, "\"\"", "a name has 1 to 64 characters");
}

static void bad_values(void **state) {
    (void)state;
    bad(LIST("--executors=x"), NONE, "the command line, --executors=x",
        "\"x\" is no number from 0 to 1024");
    bad(LIST("--executors=1025"), NONE, "--executors", "from 0 to 1024");
    bad(LIST("--executors=-1"), NONE, "--executors", "from 0 to 1024");
    bad(LIST("--executors"), NONE, "--executors", "needs a value");
    bad(LIST("--nonsense=1"), NONE, "there is no option --nonsense:", "see pharia-kernel --help");
    bad(LIST("--namespaces.a.nonsense=1"), NONE, "there is no option", "--namespaces.a.nonsense");
    bad(LIST("--"), NONE, "there is no option", "--help");
    bad(LIST("word"), NONE, "\"word\" is no option", "--help");
    bad(NULL, LIST("HOME=/", "INVOCATION_TIMEOUT=soon"),
        "the environment, INVOCATION_TIMEOUT: \"soon\" is not a duration", "write for example");
    bad(NULL, LIST("HOME=/", "INVOCATION_TIMEOUT=0"), "INVOCATION_TIMEOUT",
        "\"0\" is less than this setting takes: at least 1ms");
    bad(NULL, LIST("HOME=/", "INVOCATION_MEMORY=5Gi"), "INVOCATION_MEMORY",
        "\"5Gi\" is more than this setting takes: at most 4Gi");
    bad(LIST("--invocation-timeout=31d"), NONE, "--invocation-timeout", "at most 30d");
    bad(LIST("--body-memory=2k"), NONE, "--body-memory", "at least 1Mi");
    bad(LIST("--body-memory=17Ti"), NONE, "--body-memory", "at most 16Ti");
    bad(NULL, LIST("HOME=/", "STRICT_MEMORY=maybe"), "STRICT_MEMORY",
        "\"maybe\" is neither true nor false");
    bad(NULL, LIST("HOME=/", "LOG_LEVEL=loud"), "LOG_LEVEL", "\"loud\" is neither a level");
    folder_put("config.toml", "executors = [1]\n");
    bad(NULL, NONE, "config.toml, executors", "a single value was expected");
    folder_put("config.toml", "[executors]\nx = 1\n"); /* another key */
    good(NULL, NONE);
    config_free(&config);
    folder_put("config.toml", "executors = \n");
    bad(NULL, NONE, "config.toml: ", "line 1");
    folder_put("config.toml", "a = 1\na = 2\n");
    bad(NULL, NONE, "config.toml: ", "uplicate");
}

static void dotenv(void **state) {
    (void)state;
    folder_put(".env",
               "# comment\r\n\r\n  export KERNEL_ADDRESS = \"a\\tb\" # behind\r\nCACHE_DIR='/c # "
               "no comment \\n'\nEXECUTORS=3 # c\nLOADERS= 4 \n"
               "X=# nothing\nA.B-C=1\n");
    good(NULL, NONE);
    assert_string_equal(config.kernel_address, "a\tb");
    assert_string_equal(config.cache_dir, "/c # no comment \\n");
    assert_int_equal(config.executors, 3);
    assert_int_equal(config.loaders, 4);
    config_free(&config);
    folder_put(".env", "A=1\nnonsense\n");
    bad(NULL, NONE, ".env, line 2", "NAME=VALUE was expected");
    folder_put(".env", "1A=1\n");
    bad(NULL, NONE, ".env, line 1", "NAME=VALUE was expected");
    static const char *const open_quotes[] = {"A=\"", "A=\"x", "A='x\n'", "A=\"x\" y", "A=\"x\\\""};
    for (size_t i = 0; i < sizeof open_quotes / sizeof *open_quotes; i++) {
        folder_put(".env", open_quotes[i]);
        bad(NULL, NONE, ".env, line 1", "quotes are not closed");
    }
    folder_put(".env", "A=1");
    assert_int_equal(truncate(in_folder(".env"), 4), 0); /* longer, by a zero */
    bad(NULL, NONE, ".env", "has a NUL byte in it");
}

static void files_that_are_none(void **state) {
    (void)state;
    assert_int_equal(mkfifo(in_folder(".env"), 0600), 0);
    alarm(10);
    bad(NULL, NONE, ".env", "is a pipe, socket or device, a file was expected");
    alarm(0);
    unlink(in_folder(".env"));
    folder_put(".env", "");
    assert_int_equal(truncate(in_folder(".env"), CONFIG_MAX_FILE + 1), 0);
    bad(NULL, NONE, ".env", "is larger than 1048576 bytes");
}

static void sizes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {{"0", 0},
                 {"1048576", 1 << 20},
                 {"64Mi", 64 << 20},
                 {"64MiB", 64 << 20},
                 {"1G", 1000000000},
                 {"512 KiB", 512 << 10},
                 {"1.5Gi", 3ull << 29},
                 {"0.5k", 500},
                 {"10 B", 10},
                 {"18446744073709551615", UINT64_MAX},
                 {"1T", 1000000000000}};
    uint64_t bytes;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!config_parse_size(cases[i].text, &bytes, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        if (bytes != cases[i].bytes)
            fail_msg("%s is not %llu", cases[i].text, (unsigned long long)bytes);
    }
    static const char *const wrong[] = {"",
                                        " 1",
                                        "-1",
                                        "x",
                                        "1x",
                                        "1gi",
                                        "1Gi2",
                                        "1KK",
                                        "18446744073709551616",
                                        "99999999999Ti",
                                        ".5Gi",
                                        "1,5Gi",
                                        "0x10",
                                        "1 Mi x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (config_parse_size(wrong[i], &bytes, &err)) fail_msg("'%s' is no size", wrong[i]);
        assert_non_null(strstr(err.text, "is no size in bytes, such as 1Gi"));
    }
}

static void other_values(void **state) {
    (void)state;
    bool value;
    uint64_t count;
    static const char *const yes[] = {"1", "true", "ON", "Yes"}, *const no[] = {"0", "FALSE", "off",
                                                                                "no"};
    for (int i = 0; i < 4; i++) {
        assert_true(config_parse_bool(yes[i], &value, &err) && value);
        assert_true(config_parse_bool(no[i], &value, &err) && !value);
    }
    assert_false(config_parse_bool("", &value, &err) || config_parse_bool("2", &value, &err));
    assert_true(config_parse_count("5", 5, 5, &count, &err) && count == 5);
    static const char *const wrong[] = {"",    " 5", "+5", "5 ",
                                        "0x5", "4",  "6",  "99999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(config_parse_count(wrong[i], 5, 5, &count, &err));
    good(LIST("--invocation-timeout=1m 30s", "--idle-timeout=PT10S", "--shutdown-deadline=0"),
         NONE);
    assert_true(config.invocation_timeout == 90 * CLOCK_S && config.idle_timeout == 10 * CLOCK_S &&
                config.shutdown_deadline == 0);
    config_free(&config);
    folder_put("config.toml",
               "strict-memory = true\nexecutors = 2\nbody-limit = 1024\nlog-level = \"error\"\n");
    good(NULL, NONE);
    assert_true(config.strict_memory && config.executors == 2 && config.body_limit == 1024 &&
                log_levels_of(&config.log_levels, "shell") == LOG_ERROR);
    config_free(&config);
}

static void kebab(void **state) {
    (void)state;
    static const char *const cases[][2] = {{"KERNEL_ADDRESS", "kernel-address"},
                                           {"TEAM1", "team-1"},
                                           {"1TEAM", "1-team"},
                                           {"A1B2", "a-1-b-2"},
                                           {"A_1", "a-1"},
                                           {"_A", "a"},
                                           {"A__B", "a-b"},
                                           {"", ""},
                                           {"already-so", "already-so"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[40];
        config_kebab(cases[i][0], strlen(cases[i][0]), out);
        assert_string_equal(out, cases[i][1]);
    }
}

static void help(void **state) {
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    config_help(&text);
    assert_non_null(strstr(buf_cstr(&text), "--kernel-address"));
    buf_clear(&text);
    config_help_markdown(&text);
    assert_non_null(strstr(buf_cstr(&text),
                           "| `INVOCATION_TIMEOUT` | `invocation-timeout` | duration | `10m` |"));
    buf_free(&text);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(defaults),
        WITH(the_later_source_wins),
        WITH(older_name_of_the_address),
        WITH(cache_directory),
        WITH(cache_directory_without_home),
        WITH(namespaces),
        WITH(unsupported_settings),
        WITH(unsupported_settings_of_namespaces),
        WITH(settings_in_common),
        WITH(namespaces_refused),
        WITH(bad_values),
        WITH(dotenv),
        WITH(files_that_are_none),
        cmocka_unit_test(sizes),
        WITH(other_values),
        cmocka_unit_test(kebab),
        cmocka_unit_test(help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
