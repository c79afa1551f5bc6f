/* script: what lines mean, the hashes that the report prints, and what is said about bad lines. */
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
#include "eval/script.h"

static struct script script;
static struct buf problems;

static int setup(void **state) {
    (void)state;
    buf_init(&problems, 1 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    buf_free(&problems);
    return 0;
}

static void good_bytes(const void *bytes, size_t size) {
    if (!script_parse("x.cmds", bytes, size, &script, &problems))
        fail_msg("refused: %s", buf_cstr(&problems));
    assert_int_equal(problems.size, 0);
}

static void good(const char *text) {
    good_bytes(text, strlen(text));
}

/* Refused with exactly this. */
static void bad_bytes(const void *bytes, size_t size, const char *expected) {
    buf_clear(&problems);
    assert_false(script_parse("x.cmds", bytes, size, &script, &problems));
    assert_string_equal(buf_cstr(&problems), expected);
    buf_clear(&problems);
}

static void bad(const char *text, const char *expected) {
    bad_bytes(text, strlen(text), expected);
}

/* ---- What lines mean. */

static const struct script_entry *one(const char *text) {
    good(text);
    assert_int_equal(script.count, 1);
    return script.entries;
}

static void words_of_a_line(void **state) {
    (void)state;
    const struct script_entry *entry = one("\t 4  add_py\t# four of them");
    assert_string_equal(entry->text, "4 add_py");
    assert_int_equal(entry->command, COMMAND_ADD_PY);
    assert_int_equal(entry->kind, SCRIPT_ADD);
    assert_string_equal(entry->sample, "py");
    assert_int_equal(entry->repeat, 4);
    assert_int_equal(entry->line, 1);
    assert_false(entry->may_fail);
    assert_null(entry->name);
    assert_null(entry->topic);
    script_free(&script);
}

static void mark_of_what_may_fail(void **state) {
    (void)state;
    static const char *const same[] = {"! 4 skills", "!4 skills", " !  4\tskills # !"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        const struct script_entry *entry = one(same[i]);
        assert_true(entry->may_fail);
        assert_int_equal(entry->repeat, 4);
        assert_string_equal(entry->text, "! 4 skills");
        assert_string_equal(script.hash, "d6895e86a58c2350319e5060c8dd0c253c6f260e");
        script_free(&script);
    }
    assert_true(one("!skills")->may_fail);
    script_free(&script);
    assert_string_equal(one("execute_skill x ! 1 2")->topic, "!");
    script_free(&script);
}

static void arguments(void **state) {
    (void)state;
    good("execute_skill greet Ada\nexecute_skill greet Ada 1 2 3\nexecute_all Bob 5\n"
         "p_execute_all C#d 4194304 86400000 20000 4194304\np_add_c 10\ndrop_cached_skill\n"
         "drop_cached_skill dr\xc3\xb6p\n1000000 delete_skill a.b\n");
    const struct script_entry *e = script.entries;
    assert_int_equal(script.count, 8);
    assert_string_equal(e[0].name, "greet");
    assert_string_equal(e[0].topic, "Ada");
    assert_true(e[0].kb == 0 && e[0].ms == 0 && e[0].chunks == 0 && e[0].times == 1);
    assert_true(e[1].kb == 1 && e[1].ms == 2 && e[1].chunks == 3 && e[1].times == 1);
    assert_true(e[2].kb == 5 && e[2].ms == 0 && e[2].chunks == 0 && e[2].times == 1);
    assert_string_equal(e[3].topic, "C#d");
    assert_true(e[3].kb == 4194304 && e[3].ms == 86400000 && e[3].times == 20000);
    assert_int_equal(e[3].chunks, 4194304);
    assert_int_equal(e[4].count, 10);
    assert_string_equal(e[4].sample, "c");
    assert_null(e[5].name);
    assert_string_equal(e[6].name, "dr\xc3\xb6p");
    assert_int_equal(e[7].repeat, 1000000);
    assert_int_equal(e[7].line, 8);
    script_free(&script);
}

static void every_command(void **state) {
    (void)state;
    good("add_py\nadd_rs\nadd_c\nadd_js\np_add_py 1\np_add_rs 1\np_add_c 1\np_add_js 1\nskills\n"
         "cached_skills\nexecute_skill a b\nexecute_all a\np_execute_all a\ndrop_cached_skill\n"
         "delete_skill\n");
    assert_int_equal(script.count, SCRIPT_COMMAND_COUNT);
    for (size_t i = 0; i < script.count; i++) {
        const char *word = script_command_word((enum script_command)i);
        assert_int_equal(script.entries[i].command, i);
        assert_memory_equal(script.entries[i].text, word, strlen(word));
    }
    script_free(&script);
}

static void lines_and_comments(void **state) {
    (void)state;
    good("\xef\xbb\xbf# head\r\n\r\n   \t\r\nskills\r\n#add_c\nadd_c # \xc3\xa4\n\nadd_c");
    assert_int_equal(script.count, 3);
    assert_int_equal(script.entries[0].line, 4);
    assert_int_equal(script.entries[2].line, 8);
    assert_string_equal(script.hash, "62f9892fa6419a752f56934ca864c3abc171d181");
    script_free(&script);
}

static void the_largest_script(void **state) {
    (void)state;
    enum { LINES = SCRIPT_MAX_FILE / 6 };
    char *text = malloc(SCRIPT_MAX_FILE + 1);
    assert_non_null(text);
    for (size_t i = 0; i < LINES; i++) memcpy(text + 6 * i, "add_c\n", 6);
    memset(text + 6 * LINES, ' ', SCRIPT_MAX_FILE + 1 - 6 * LINES);
    good_bytes(text, SCRIPT_MAX_FILE);
    assert_int_equal(script.count, LINES);
    script_free(&script);
    bad_bytes(text, SCRIPT_MAX_FILE + 1,
              "x.cmds: is larger than 1048576 bytes, the most that is read\n");
    free(text);
}

/* ---- Hashes. */

static void hashes_of_our_scripts(void **state) {
    (void)state;
    static const char *const scripts[][2] = {
        /* as the report prints them */
        {"bench", "3c6d21c18c26d4130b6f57d617d2131cedd58d1d"},
        {"stress", "fe671f5712f7fca8f7e5ac64be07a72186df2be6"},
        {"p_execute_all", "c43cb5d37cabddd93e11c576235223e0bd695992"},
        {"saturate", "3adee1afcc53ea464359a82e89ee18235204e802"},
        {"mem_chunks_2", "b15aad654f80726c6b991d0293a7f058de07372e"},
        /* ours: runs are comparable as long as these stay */
        {"mem_chunks", "08331f028977c7121f237e212faf351cc946d83e"},
        {"mem_chunks_3", "16f4a3338a7da1997b0811ee09859f2fdc59bc93"},
        {"test_drop", "68dc6341bf031a817731cd6ecffaaac8dd1a0114"},
        {"test_remove", "9d5dd5cd1cdafa2401ae85c2ed04ee50c4a57393"},
        {"test_rust", "c8ebaed631d4132bfcd93fac2a8e63fc350628cd"},
        {"test_c", "cfd602669d6c259b9552cfaf0358eae1d8d70827"},
        {"saturate_c", "e4e048cbf6b64c6665e3e22a3c4bada6efc6e7f5"},
        {"bench_js", "ec56b1ac122a65e3dd725df5789389aec3df4c63"},
        {"single_chunk", "da7dbd4f7f763526da16d3b9060f736734c3e7ee"},
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        char path[500];
        struct stat stat_of;
        snprintf(path, sizeof path, "%s/cmds/%s.cmds", SOURCE_ROOT, scripts[i][0]);
        if (!script_read(path, &script, &problems)) fail_msg("%s", buf_cstr(&problems));
        assert_string_equal(script.hash, scripts[i][1]);
        assert_string_equal(script.path, path);
        assert_int_equal(stat(path, &stat_of), 0);
        assert_true(script.modified / CLOCK_S == (uint64_t)stat_of.st_mtim.tv_sec);
        script_free(&script);
    }
}

/* Expected texts are what Python 3.11 prints for repr(). */
static void words_as_python_writes_them(void **state) {
    (void)state;
    static const char *const words[][2] = {
        {"", "''"},
        {"Alice", "'Alice'"},
        {"it's", "\"it's\""},
        {"say\"hi\"", "'say\"hi\"'"},
        {"it's\"both\"", "'it\\'s\"both\"'"},
        {"a\\b", "'a\\\\b'"},
        {"a\tb\nc\rd", "'a\\tb\\nc\\rd'"},
        {"\x01\x1f\x7f", "'\\x01\\x1f\\x7f'"},
        {"Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x98\x80", "'Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x98\x80'"},
        {"\xc2\x80\xc2\xa0\xc2\xa1\xc2\xad", "'\\x80\\xa0\xc2\xa1\\xad'"}, /* U+0080 A0 A1 AD */
        {"\xe2\x80\x8b\xe2\x80\x94", "'\\u200b\xe2\x80\x94'"},             /* zero width, a dash */
        {"\xef\xbb\xbf\xef\xbf\xbd", "'\\ufeff\xef\xbf\xbd'"},
        {"\xee\x80\x80\xcd\xb8", "'\\ue000\\u0378'"}, /* private, unassigned */
        {"\xf4\x8f\xbf\xbf\xf3\xa0\x80\x81", "'\\U0010ffff\\U000e0001'"},
        {"\xf3\xa0\x84\x80\xf3\xa0\x87\xaf", "'\xf3\xa0\x84\x80\xf3\xa0\x87\xaf'"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        buf_clear(&problems);
        script_python_repr(&problems, words[i][0], strlen(words[i][0]));
        assert_string_equal(buf_cstr(&problems), words[i][1]);
    }
    buf_clear(&problems);
}

static void hash_of_odd_words(void **state) {
    (void)state;
    one("execute_skill it's \"\\\xc3\xab\xe2\x80\x8b");
    assert_string_equal(script.hash, "419304fb379c7bebcf0279e1eff830ec19d83101");
    script_free(&script);
}

/* ---- Bad lines. */

#define ALL                                                                                        \
    "possible are add_py, add_rs, add_c, add_js, p_add_py, p_add_rs, p_add_c, p_add_js, skills, "  \
    "cached_skills, execute_skill, execute_all, p_execute_all, drop_cached_skill, delete_skill\n"
#define NO_NAME                                                                                    \
    "\" is no skill's name, such as sample_c1: no \"/\", no \".\" at the begin, at most 250 "      \
    "bytes\n"

static void bad_commands(void **state) {
    (void)state;
    bad("ad_py", "x.cmds:1: there is no command \"ad_py\"; " ALL);
    bad("Add_py", "x.cmds:1: there is no command \"Add_py\"; " ALL);
    bad("skills\nadd_py#x", "x.cmds:2: there is no command \"add_py#x\"; " ALL);
    bad("stop", "x.cmds:1: \"stop\" is implied at the end of a script: remove it\n");
    bad("add_c\nstop\n", "x.cmds:2: \"stop\" is implied at the end of a script: remove it\n");
    bad("4", "x.cmds:1: no command behind \"4\"\n");
    bad("! # x", "x.cmds:1: no command behind \"!\"\n");
    bad("!4", "x.cmds:1: no command behind \"4\"\n");
    bad("!!skills", "x.cmds:1: \"!\" stands once, before the number and the command\n");
    bad("4 ! skills", "x.cmds:1: \"!\" stands once, before the number and the command\n");
    bad("4 !skills", "x.cmds:1: \"!\" stands once, before the number and the command\n");
}

static void bad_numbers(void **state) {
    (void)state;
#define REPEAT(word)                                                                               \
    "x.cmds:1: \"" word "\" is no number of repetitions: from 1 to 1000000 is possible\n"
    bad("0 skills", REPEAT("0"));
    bad("-1 skills", REPEAT("-1"));
    bad("+1 skills", REPEAT("+1"));
    bad("4x skills", REPEAT("4x"));
    bad("1.5 skills", REPEAT("1.5"));
    bad("1000001 skills", REPEAT("1000001"));
    bad("99999999999999999999999 skills", REPEAT("99999999999999999999999"));
    bad("p_add_c 0", "x.cmds:1: N of p_add_c: \"0\" is no number from 1 to 10000\n");
    bad("p_add_c x", "x.cmds:1: N of p_add_c: \"x\" is no number from 1 to 10000\n");
    bad("execute_all a 4194305",
        "x.cmds:1: KB of execute_all: \"4194305\" is no number from 0 to 4194304\n");
    bad("execute_all a 1 -1",
        "x.cmds:1: ms of execute_all: \"-1\" is no number from 0 to 86400000\n");
    bad("execute_all a 1 1 0",
        "x.cmds:1: TIMES of execute_all: \"0\" is no number from 1 to 20000\n");
    bad("p_execute_all a 1 1 20001",
        "x.cmds:1: TIMES of p_execute_all: \"20001\" is no number from 1 to 20000\n");
    bad("execute_skill a b 1 1 0",
        "x.cmds:1: CHUNKS of execute_skill: \"0\" is no number from 1 to 4194304\n");
}

static void bad_arguments(void **state) {
    (void)state;
    char long_name[300], expected[700];
    bad("skills x", "x.cmds:1: \"x\" is too much: skills takes no arguments\n");
    bad("delete_skill x y", "x.cmds:1: \"y\" is too much: delete_skill takes [NAME]\n");
    bad("execute_skill a b 1 2 3 4",
        "x.cmds:1: \"4\" is too much: execute_skill takes NAME TOPIC [KB] [ms] [CHUNKS]\n");
    bad("p_add_py", "x.cmds:1: p_add_py without N: it takes N\n");
    bad("execute_skill a",
        "x.cmds:1: execute_skill without TOPIC: it takes NAME TOPIC [KB] [ms] [CHUNKS]\n");
    bad("execute_all", "x.cmds:1: execute_all without TOPIC: it takes TOPIC [KB] [ms] [TIMES] "
                       "[CHUNKS]\n");
    bad("delete_skill ../x", "x.cmds:1: NAME \"../x" NO_NAME);
    bad("delete_skill a/b", "x.cmds:1: NAME \"a/b" NO_NAME);
    bad("execute_skill .a b", "x.cmds:1: NAME \".a" NO_NAME);
    int size = snprintf(long_name, sizeof long_name, "delete_skill %0*d", SCRIPT_MAX_NAME, 0);
    good_bytes(long_name, (size_t)size);
    script_free(&script);
    long_name[size] = '0';
    snprintf(expected, sizeof expected, "x.cmds:1: NAME \"%060d…" NO_NAME, 0);
    bad_bytes(long_name, (size_t)size + 1, expected);
}

static void bad_bytes_of_lines(void **state) {
    (void)state;
    static char line[SCRIPT_MAX_LINE + 2];
    bad_bytes("skills\0", 7, "x.cmds:1: byte 7 is a control character (0x00): remove it\n");
    bad("skills\x1b[31m", "x.cmds:1: byte 7 is a control character (0x1b): remove it\n");
    bad("skills\rskills", "x.cmds:1: byte 7 is a control character (0x0d): remove it\n");
    bad("# \x7f", "x.cmds:1: byte 3 is a control character (0x7f): remove it\n");
    bad("# \xc2\x85", "x.cmds:1: byte 3 is a control character (0x85): remove it\n");
    bad("skills\n# \xff", "x.cmds:2: byte 3 is not UTF-8: save the file as UTF-8\n");
    bad("skills \xc3", "x.cmds:1: byte 8 is not UTF-8: save the file as UTF-8\n");
    bad("add_py\xc2\xa0",
        "x.cmds:1: byte 7 begins an unusual blank: write a plain blank or a tab\n");
    bad("\xe2\x80\x83skills",
        "x.cmds:1: byte 1 begins an unusual blank: write a plain blank or a tab\n");
    bad("\xe3\x80\x80skills",
        "x.cmds:1: byte 1 begins an unusual blank: write a plain blank or a tab\n");
    memset(line, 'x', sizeof line);
    memcpy(line, "execute_all ", 12);
    good_bytes(line, SCRIPT_MAX_LINE);
    assert_int_equal(strlen(script.entries[0].topic), SCRIPT_MAX_LINE - 12);
    script_free(&script);
    bad_bytes(line, SCRIPT_MAX_LINE + 1,
              "x.cmds:1: the line has 4097 bytes, at most 4096 are "
              "possible\n");
}

static void a_line_of_single_letters(void **state) {
    (void)state;
    static char line[SCRIPT_MAX_LINE];
    for (size_t i = 0; i < sizeof line; i++) line[i] = i % 2 ? ' ' : 'x';
    line[0] = '!';
    bad_bytes(line, sizeof line, "x.cmds:1: there is no command \"x\"; " ALL);
    line[1] = 'x', line[2] = ' ', line[3] = 'x'; /* "!x x x …": "!" is a word more */
    bad_bytes(line, sizeof line, "x.cmds:1: there is no command \"x\"; " ALL);
}

static void nothing_to_do(void **state) {
    (void)state;
    static const char none[] =
        "x.cmds: holds no command: one per line is expected, such as \"add_c\" (resource-eval run "
        "--help lists them)\n";
    bad("", none);
    bad_bytes(NULL, 0, none);
    bad("\n\r\n# skills\n", none);
}

static void all_bad_lines_at_once(void **state) {
    (void)state;
    struct buf expected;
    char text[200] = "";
    bad("stop\nskills\n0 skills\n\nskills x",
        "x.cmds:1: \"stop\" is implied at the end of a script: remove it\n"
        "x.cmds:3: \"0\" is no number of repetitions: from 1 to 1000000 is possible\n"
        "x.cmds:5: \"x\" is too much: skills takes no arguments\n");
    buf_init(&expected, 1 << 16);
    for (unsigned i = 1; i <= 23; i++) {
        strcat(text, "9\n");
        if (i <= 20) buf_format(&expected, "x.cmds:%u: no command behind \"9\"\n", i);
    }
    buf_text(&expected, "x.cmds: 3 further bad lines are not shown\n");
    bad(text, buf_cstr(&expected));
    buf_free(&expected);
}

static void bad_files(void **state) {
    (void)state;
    char top[] = "/tmp/test_eval_script.XXXXXX", fifo[100], expected[300];
    assert_non_null(mkdtemp(top));
    snprintf(fifo, sizeof fifo, "%s/x.cmds", top);
    assert_false(script_read(fifo, &script, &problems));
    snprintf(expected, sizeof expected, "cannot read %s: No such file or directory\n", fifo);
    assert_string_equal(buf_cstr(&problems), expected);
    buf_clear(&problems);
    assert_false(script_read(top, &script, &problems));
    snprintf(expected, sizeof expected, "%s is a directory, a file was expected\n", top);
    assert_string_equal(buf_cstr(&problems), expected);
    buf_clear(&problems);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_false(script_read(fifo, &script, &problems));
    snprintf(expected, sizeof expected, "%s is a pipe, socket or device, a file was expected\n",
             fifo);
    assert_string_equal(buf_cstr(&problems), expected);
    unlink(fifo);
    FILE *file = fopen(fifo, "w");
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), SCRIPT_MAX_FILE + 1), 0);
    fclose(file);
    buf_clear(&problems);
    assert_false(script_read(fifo, &script, &problems));
    snprintf(expected, sizeof expected, "%s is larger than 1048576 bytes, the most that is read\n",
             fifo);
    assert_string_equal(buf_cstr(&problems), expected);
    unlink(fifo);
    rmdir(top);
}

static void help_names_everything(void **state) {
    (void)state;
    script_help(&problems);
    script_help_markdown(&problems);
    const char *text = buf_cstr(&problems);
    assert_non_null(strstr(text, "  execute_all TOPIC [KB] [ms] [TIMES] [CHUNKS]\n"));
    assert_non_null(strstr(text, "  TIMES   how many times each skill is called (1 to 20000)\n"));
    assert_non_null(strstr(text, "| `skills` |  | list the skills |\n"));
    for (unsigned i = 0; i < SCRIPT_COMMAND_COUNT; i++)
        assert_non_null(strstr(text, script_command_word((enum script_command)i)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(words_of_a_line),
        TEST(mark_of_what_may_fail),
        TEST(arguments),
        TEST(every_command),
        TEST(lines_and_comments),
        TEST(the_largest_script),
        TEST(hashes_of_our_scripts),
        TEST(words_as_python_writes_them),
        TEST(hash_of_odd_words),
        TEST(bad_commands),
        TEST(bad_numbers),
        TEST(bad_arguments),
        TEST(bad_bytes_of_lines),
        TEST(a_line_of_single_letters),
        TEST(nothing_to_do),
        TEST(all_bad_lines_at_once),
        TEST(bad_files),
        TEST(help_names_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
