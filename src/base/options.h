/* Options of a command line: a table per command, from which getopt_long's tables and --help come.
 * Options and other words may be mixed; "--" ends the options; long names are not to be shortened,
 * so that a script keeps its meaning when a command gets another option. Nothing is printed.
 * Thread: main (getopt_long has one state for the process), one command line at a time. */
#ifndef PK_BASE_OPTIONS_H
#define PK_BASE_OPTIONS_H

#include <getopt.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    OPTIONS_MAX = 24,
    OPTION_LONG = 256, /* letters from here on: the option has a long name only */
    OPTIONS_END = -1,
    OPTIONS_WRONG = '?',
};

struct option_row {
    int letter;
    const char *name, *argument; /* `argument`: as help names it; NULL: it takes none */
    const char *help;
};

struct option_table {
    const struct option_row *rows;
    size_t count;
};

/* A table made of an array of rows. */
#define OPTION_TABLE(rows) ((struct option_table){rows, sizeof(rows) / sizeof *(rows)})

struct options {
    struct option longs[OPTIONS_MAX + 1];
    char shorts[2 * OPTIONS_MAX + 2];
    int argc;
    char **argv; /* the caller's; put into another order */
};

/* argv[0] is the command's name. */
void options_begin(struct options *options, struct option_table table, int argc, char **argv);
/* The letter of the next option, with *value (the caller's text) when it takes one; OPTIONS_END; or
 * OPTIONS_WRONG, after filling `err`. */
int options_next(struct options *options, const char **value, struct err *err);
/* The words that are no options, when options_next has returned OPTIONS_END. */
char **options_words(const struct options *options, int *count);
/* A line for each row, behind `indent` blanks. */
void options_help(struct option_table table, int indent, struct buf *out);

#endif
