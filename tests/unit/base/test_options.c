#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FULL = OPTION_LONG };

static const struct option_row rows[] = {
    {'o', "out", "DIR", "where to"},
    {'v', "verbose", NULL, "say more"},
    {FULL, "full", NULL, "everything"},
};

static struct err err;
static char *line[10];
static int line_size;

static void write_line(const char *text) {
    static char copy[200];
    line[0] = strcpy(copy, text);
    line_size = 0;
    for (char *at = strtok(copy, " "); at; at = strtok(NULL, " ")) line[line_size++] = at;
}

/* What was seen: "v", "o=VALUE", "full" and words behind "|", or "?". */
static void check(const char *text, const char *seen) {
    struct options options;
    struct buf out;
    const char *value;
    int letter, count;
    write_line(text);
    buf_init(&out, 1000);
    options_begin(&options, OPTION_TABLE(rows), line_size, line);
    while ((letter = options_next(&options, &value, &err)) >= 0 && letter != OPTIONS_WRONG)
        buf_format(&out, "%s%s%s ", letter == FULL ? "full" : (char[]){(char)letter, '\0'},
                   value ? "=" : "", value ? value : "");
    if (letter == OPTIONS_WRONG) buf_text(&out, "?");
    char **words = options_words(&options, &count);
    if (letter == OPTIONS_END) buf_text(&out, "|");
    for (int i = 0; letter == OPTIONS_END && i < count; i++) buf_format(&out, " %s", words[i]);
    assert_string_equal(buf_cstr(&out), seen);
    buf_free(&out);
}

static void wrong(const char *text, const char *seen, const char *told) {
    check(text, seen);
    assert_string_equal(err.text, told);
}

static void test_options(void **state) {
    (void)state;
    check("c", "|");
    check("c a -v b --full", "v full | a b");
    check("c -o x --out y --out=z -oq a", "o=x o=y o=z o=q | a");
    check("c -vo x", "v o=x |");
    check("c -v -- --full -x", "v | --full -x");
    check("c --out --full", "o=--full |"); /* a value is a value */
    check("c -", "| -");
}

static void test_wrong(void **state) {
    (void)state;
    wrong("c --nothing", "?", "there is no option --nothing");
    wrong("c -x", "?", "there is no option -x");
    wrong("c -vx", "v ?", "there is no option -x");
    wrong("c --out", "?", "the option --out needs a value");
    wrong("c -o", "?", "the option -o needs a value");
    wrong("c --full=1", "?", "\"--full=1\": the option takes no value");
    wrong("c --ful", "?", "there is no option --ful"); /* not to be shortened */
    wrong("c --ou x", "?", "there is no option --ou");
    wrong("c --ou=x", "?", "there is no option --ou=x");
    wrong("c --\x1b[2J", "?", "there is no option --\\x1b[2J");
}

static void test_help(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    options_help(OPTION_TABLE(rows), 2, &out);
    assert_string_equal(buf_cstr(&out), "  -o, --out DIR              where to\n"
                                        "  -v, --verbose              say more\n"
                                        "      --full                 everything\n");
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
