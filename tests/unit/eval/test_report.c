/* report: every table of the evaluation report from logs that hold its numbers, the given log's
 * part of it, and what the report does not show: many logs, long texts, our own figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "eval/report.h"
#include "tables.h"

static char top[100];
static struct buf text;
static struct err err;

static int setup(void **state) {
    (void)state;
    buf_init(&text, REPORT_MAX);
    strcpy(top, "/tmp/test_eval_report.XXXXXX");
    return mkdtemp(top) == NULL || chdir(top) != 0;
}

static int teardown(void **state) {
    (void)state;
    buf_free(&text);
    return chdir("/") != 0 || rmdir(top) != 0;
}

static void read_logs(const struct table *table, struct runlog *logs) {
    for (size_t i = 0; i < table->count; i++)
        if (!runlog_read(table->logs[i].file, &logs[i], &err)) fail_msg("%s", err.text);
    if (!report_comparable(logs, table->count, &err)) fail_msg("%s", err.text);
}

static void free_logs(struct runlog *logs, size_t count) {
    for (size_t i = 0; i < count; i++) runlog_free(&logs[i]);
}

/* ---- The report's tables. */

static void gives_back(const char *name, const char *first_line) {
    static struct table table;
    struct runlog logs[TABLES_MAX_LOGS];
    table_read(name, &table);
    if (first_line) strcpy(table.cmds, "cmds/mem_chunks_2.cmds");
    table_make_logs(&table);
    read_logs(&table, logs);
    report_tables(logs, table.count, false, &text);
    const char *given = buf_cstr(&text);
    if (first_line) {
        assert_memory_equal(given, first_line, strlen(first_line));
        given += strlen(first_line);
    }
    assert_string_equal(given, table.text);
    free_logs(logs, table.count);
    table_remove_logs(&table);
}

static void table_of_bench(void **state) {
    (void)state;
    gives_back("bench", NULL);
}

static void table_of_stress(void **state) {
    (void)state;
    gives_back("stress", NULL);
}

static void table_of_p_execute_all(void **state) {
    (void)state;
    gives_back("p_execute_all", NULL);
}

static void table_of_saturate(void **state) {
    (void)state;
    gives_back("saturate", NULL);
}

static void table_of_single_chunks(void **state) {
    (void)state;
    gives_back("mem_chunks_2_single", NULL);
}

/* The report leaves the first line of this one out. */
static void table_of_many_chunks(void **state) {
    (void)state;
    gives_back("mem_chunks_2_many",
               "Evaluating: cmds=cmds/mem_chunks_2.cmds hash= comparing 2 log files\n");
}

/* ---- The given log. */

static const char given_name[] = "241022_204217.737_run.log";

static void link_given(const char *name) {
    char target[500];
    snprintf(target, sizeof target, "%s/tests/unit/eval/logs/%s", SOURCE_ROOT, given_name);
    assert_int_equal(symlink(target, name), 0);
}

static void the_given_log(void **state) {
    (void)state;
    static struct table table;
    struct runlog given;
    table_read("given", &table);
    link_given(given_name);
    if (!runlog_read(given_name, &given, &err)) fail_msg("%s", err.text);
    report_tables(&given, 1, false, &text);
    assert_string_equal(buf_cstr(&text), table.text);
    runlog_free(&given);
    unlink(given_name);
}

/* Beside the log of its table that was not given: the whole table. */
static void the_given_log_in_its_table(void **state) {
    (void)state;
    static struct table table;
    struct runlog logs[2];
    table_read("bench", &table);
    table_make_logs(&table);
    assert_int_equal(unlink(table.logs[1].file), 0);
    link_given(table.logs[1].file);
    read_logs(&table, logs);
    report_tables(logs, 2, false, &text);
    assert_string_equal(buf_cstr(&text), table.text);
    free_logs(logs, 2);
    table_remove_logs(&table);
}

/* ---- Ids and dates. */

static void ids(void **state) {
    (void)state;
    static const struct {
        size_t index;
        const char *id;
    } cases[] = {{0, "a"},   {1, "b"},   {25, "z"},   {26, "aa"},
                 {27, "ab"}, {51, "az"}, {701, "zz"}, {702, "aaa"}};
    char id[REPORT_ID];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        report_id(cases[i].index, id);
        assert_string_equal(id, cases[i].id);
    }
    report_id(SIZE_MAX - 1, id);
    assert_int_equal(strlen(id), 14);
}

static void dates(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"241022_204217.730_run.log", "2024-10-22 20:42:17.730000"},
        {"logs/a/261231_235959.000_run.log", "2026-12-31 23:59:59.000000"},
        {"before.log", "unknown"},
        {"241022_204217.730_run.log/", "unknown"},
        {"241022-204217.730_run.log", "unknown"},
        {"24102x_204217.730_run.log", "unknown"},
        {"241022_204217.730_run.logs", "unknown"},
        {"241022_204217.730_dun.log", "unknown"},
        {"", "unknown"},
    };
    char date[REPORT_DATE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        report_date(cases[i][0], date);
        assert_string_equal(date, cases[i][1]);
    }
}

/* ---- Logs made here. */

static struct runlog_entry entry_of(const char *cmd, int64_t took, int64_t rss_diff, int64_t rss) {
    struct runlog_entry entry = {.cmd = cmd};
    runlog_set(&entry, RUNLOG_TOOK, took);
    runlog_set(&entry, RUNLOG_RSS_DIFF, rss_diff);
    runlog_set(&entry, RUNLOG_RSS, rss);
    runlog_set(&entry, RUNLOG_VMS_DIFF, 0);
    runlog_set(&entry, RUNLOG_VMS, 5);
    return entry;
}

static struct runlog log_of(const char *path, struct runlog_entry *entries, size_t count) {
    struct runlog log = {.path = path, .entries = entries, .count = count};
    for (unsigned i = 0; i < RUNLOG_TEXT_COUNT; i++)
        if (runlog_text_required((enum runlog_text)i))
            log.header.text[i] = runlog_text_key((enum runlog_text)i);
    return log;
}

/* The whole text is that of tests/unit/eval/tables/NAME.txt. */
static void same_as(const char *name) {
    char expected[8192];
    table_text(name, expected, sizeof expected);
    assert_string_equal(buf_cstr(&text), expected);
}

static void zero_bases_and_a_third_log(void **state) {
    (void)state;
    struct runlog_entry a[] = {entry_of("skills", 0, 0, 0), entry_of("stop", 200, -200, 0)};
    struct runlog_entry b[] = {entry_of("skills", 0, 0, 0), entry_of("stop", 1, 1, 0)};
    struct runlog_entry c[] = {entry_of("skills", 7, -7, 9), entry_of("stop", 3, 0, 0)};
    struct runlog logs[] = {log_of("a.log", a, 2), log_of("b.log", b, 2), log_of("c.log", c, 2)};
    report_tables(logs, 3, false, &text);
    same_as("three");
}

static void more_logs_than_letters(void **state) {
    (void)state;
    struct runlog_entry entry = entry_of("stop", 1, 1, 1);
    struct runlog logs[28];
    for (size_t i = 0; i < 28; i++) logs[i] = log_of("x.log", &entry, 1);
    report_tables(logs, 28, false, &text);
    assert_non_null(strstr(buf_cstr(&text), "\nz  file_name=x.log"));
    assert_non_null(strstr(buf_cstr(&text), "\naa file_name=x.log"));
    assert_non_null(strstr(buf_cstr(&text), "\n                                          ab "
                                            "               1      100  "));
}

static void brand_is_cut(void **state) {
    (void)state;
    static const char *const brands[][2] = {
        {"123456789012345678901234567890123456789012",
         "123456789012345678901234567890123456789012"},
        {"1234567890123456789012345678901234567890123",
         "123456789012345678901234567890123456789012"},
        {"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 67890123456789012345678901234567890 \xe2\x82\xac!",
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 67890123456789012345678901234567890 \xe2\x82\xac"},
    };
    struct runlog_entry entry = entry_of("stop", 1, 1, 1);
    struct runlog log = log_of("x.log", &entry, 1);
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++) {
        char line[200];
        log.header.text[RUNLOG_BRAND] = brands[i][0];
        buf_clear(&text);
        report_tables(&log, 1, false, &text);
        snprintf(line, sizeof line, "\n   brand=%s\n", brands[i][1]);
        assert_non_null(strstr(buf_cstr(&text), line));
    }
}

/* The first column grows for all rows, up to a limit. */
static void long_commands(void **state) {
    (void)state;
    char topic[300];
    memset(topic, 'x', sizeof topic - 1);
    topic[sizeof topic - 1] = '\0';
    struct runlog_entry entries[] = {
        entry_of("execute_skill s\xc3\xa4mple_with_a_long_name Alice 100 20", 1, 1, 1),
        entry_of("stop", 1, 1, 1)};
    struct runlog log = log_of("x.log", entries, 2);
    report_tables(&log, 1, false, &text);
    entries[0].cmd = topic;
    report_tables(&log, 1, false, &text);
    same_as("long");
}

/* Chinese characters take two columns each: what stands behind them is not shifted. */
static void wide_characters(void **state) {
    (void)state;
    struct runlog_entry entries[] = {entry_of("execute_all \xe6\xbc\xa2\xe5\xad\x97", 7, 8, 9),
                                     entry_of("stop", 7, 8, 9)};
    struct runlog log = log_of("x.log", entries, 2);
    report_tables(&log, 1, false, &text);
    const char *wide = strstr(buf_cstr(&text), "\nexecute_all \xe6\xbc\xa2");
    const char *plain = strstr(buf_cstr(&text), "\nstop ");
    assert_non_null(wide);
    assert_non_null(plain);
    size_t rest = strlen("execute_all     ");
    assert_memory_equal(wide + 1 + rest + 2, plain + 1 + rest, 60);
}

/* Numbers that are wider than their columns push, they do not run together. */
static void wide_numbers(void **state) {
    (void)state;
    struct runlog_entry entry =
        entry_of("stop", RUNLOG_MAX_FIGURE, -RUNLOG_MAX_FIGURE, RUNLOG_MAX_FIGURE);
    struct runlog log = log_of("x.log", &entry, 1);
    report_tables(&log, 1, false, &text);
    assert_non_null(strstr(buf_cstr(&text), "\nstop                                      a "
                                            "1,000,000,000,000 -1,000,000,000,000\n"));
}

/* ---- Refused. */

static void other_scripts_and_lengths(void **state) {
    (void)state;
    struct runlog_entry entries[] = {entry_of("skills", 1, 1, 1), entry_of("stop", 1, 1, 1)};
    struct runlog logs[] = {log_of("a.log", entries, 2), log_of("b.log", entries, 2),
                            log_of("c.log", entries, 1)};
    assert_true(report_comparable(logs, 2, &err));
    assert_false(report_comparable(logs, 3, &err));
    assert_string_equal(err.text, "a.log has 2 commands, c.log has 1: compare logs of whole runs");
    logs[1].header.text[RUNLOG_HASH] = "other";
    logs[1].header.text[RUNLOG_FILENAME] = "y.cmds";
    assert_false(report_comparable(logs, 3, &err));
    assert_string_equal(err.text, "a.log and b.log are of different scripts (filename, hash hash, "
                                  "and y.cmds, hash other): compare logs of one script");
}

/* ---- Our own figures. */

static struct runlog log_of_ours(struct runlog_entry *entries) {
    entries[0] = entry_of("p_execute_all Bob 0 0 2", 40, 100, 1000);
    entries[1] = entry_of("stop", 2, -1000, 0);
    for (unsigned i = RUNLOG_PSS; i < RUNLOG_FIGURE_COUNT; i++)
        runlog_set(&entries[0], (enum runlog_figure)i, 1000 * (int64_t)i);
    runlog_set(&entries[1], RUNLOG_CPU_USER, 5);
    struct runlog log = log_of("b\"c.log", entries, 2);
    log.header.text[RUNLOG_STRATEGY] = "speed";
    return log;
}

static void full_tables(void **state) {
    (void)state;
    struct runlog_entry old[] = {entry_of("p_execute_all Bob 0 0 2", 1, 2, 3),
                                 entry_of("stop", 4, 5, 0)};
    struct runlog_entry new[2];
    struct runlog logs[] = {log_of("a.log", old, 2), log_of_ours(new)};
    report_tables(logs, 2, true, &text);
    same_as("full");
}

/* Nothing but what the log has. */
static void full_table_of_an_old_log(void **state) {
    (void)state;
    struct runlog_entry entry = entry_of("stop", 1, 1, 1);
    struct runlog log = log_of("x.log", &entry, 1);
    report_tables(&log, 1, true, &text);
    assert_non_null(strstr(buf_cstr(&text), "\nMemory after"));
    assert_null(strstr(buf_cstr(&text), "\nCPU time"));
    assert_null(strstr(buf_cstr(&text), "\nCalls of"));
}

/* ---- For machines. */

static void as_json(void **state) {
    (void)state;
    struct runlog_entry old[] = {entry_of("p_execute_all Bob 0 0 2", 1, 2, 3),
                                 entry_of("st\"op", 4, -5, 0)};
    struct runlog_entry new[2];
    struct runlog logs[] = {log_of("logs/241022_204217.737_run.log", old, 2), log_of_ours(new)};
    report_json(logs, 2, &text);
    json_t *json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    const char *id, *file, *date, *cmd, *strategy, *unit;
    json_int_t total, maximum, diff, p99;
    assert_int_equal(json_unpack(json, "{s{s:s},s[{s:s,s:s,s:s,s:I,s:I,s:[o,{s:s,s:I}]},{}]}",
                                 "units", "max", &unit, "logs", "id", &id, "file_name", &file,
                                 "date", &date, "total_took", &total, "maximum_rss", &maximum,
                                 "entries", &(json_t *){NULL}, "cmd", &cmd, "rss_diff", &diff),
                     0);
    assert_string_equal(unit, "us");
    assert_string_equal(id, "a");
    assert_string_equal(file, "logs/241022_204217.737_run.log");
    assert_string_equal(date, "2024-10-22 20:42:17.737000");
    assert_true(total == 5 && maximum == 3 && diff == -5);
    assert_string_equal(cmd, "st\"op");
    json_t *second = json_array_get(json_object_get(json, "logs"), 1);
    assert_int_equal(json_unpack(second, "{s:s,s:s,s{s:s},s:[{s:I}]}", "id", &id, "file_name",
                                 &file, "binary", "strategy", &strategy, "entries", "p99", &p99),
                     0);
    assert_string_equal(id, "b");
    assert_string_equal(file, "b\"c.log");
    assert_string_equal(strategy, "speed");
    assert_int_equal(p99, 15000);
    json_t *first = json_array_get(json_object_get(json, "logs"), 0);
    assert_null(json_object_get(json_array_get(json_object_get(first, "entries"), 0), "p99"));
    json_decref(json);
}

static void as_csv(void **state) {
    (void)state;
    struct runlog_entry entries[2];
    struct runlog log = log_of_ours(entries);
    report_csv(&log, 1, &text);
    assert_string_equal(
        buf_cstr(&text),
        "id,file_name,number,cmd,took,rss_diff,rss,vms_diff,vms,pss,anon,rss_peak,cpu_user,"
        "cpu_system,children_cpu,children_rss,requests,errors,p50,p99,max\n"
        "a,\"b\"\"c.log\",1,\"p_execute_all Bob 0 0 2\",40,100,1000,0,5,5000,6000,7000,8000,9000,"
        "10000,11000,12000,13000,14000,15000,16000\n"
        "a,\"b\"\"c.log\",2,\"stop\",2,-1000,0,0,5,,,,5,,,,,,,,\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(table_of_bench),
        TEST(table_of_stress),
        TEST(table_of_p_execute_all),
        TEST(table_of_saturate),
        TEST(table_of_single_chunks),
        TEST(table_of_many_chunks),
        TEST(the_given_log),
        TEST(the_given_log_in_its_table),
        TEST(ids),
        TEST(dates),
        TEST(zero_bases_and_a_third_log),
        TEST(more_logs_than_letters),
        TEST(brand_is_cut),
        TEST(long_commands),
        TEST(wide_characters),
        TEST(wide_numbers),
        TEST(other_scripts_and_lengths),
        TEST(full_tables),
        TEST(full_table_of_an_old_log),
        TEST(as_json),
        TEST(as_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
