#include "base/options.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"

void options_begin(struct options *options, struct option_table table, int argc, char **argv) {
    must(table.count <= OPTIONS_MAX);
    memset(options, 0, sizeof *options);
    options->argc = argc, options->argv = argv;
    char *at = options->shorts;
    *at++ = ':'; /* a missing value is told apart */
    for (size_t i = 0; i < table.count; i++) {
        const struct option_row *row = &table.rows[i];
        int has = row->argument ? required_argument : no_argument;
        options->longs[i] = (struct option){row->name, has, NULL, row->letter};
        if (row->letter >= OPTION_LONG) continue;
        *at++ = (char)row->letter;
        if (row->argument) *at++ = ':';
    }
    optind = 0; /* a new command line */
    opterr = 0;
}

/* "--name" out of the word "--name=value". */
static bool is_whole_name(const char *word, const char *name) {
    size_t size = strlen(name);
    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, size) == 0 &&
           (word[2 + size] == '\0' || word[2 + size] == '=');
}

int options_next(struct options *options, const char **value, struct err *err) {
    int which = -1;
    int letter = getopt_long(options->argc, options->argv, options->shorts, options->longs, &which);
    *value = optarg;
    if (letter == OPTIONS_END) return OPTIONS_END;
    /* The word before the next one; it is the option, or its value as a word of its own. */
    const char *word = options->argv[optind - 1];
    if (letter == ':') {
        err_set(err, ERR_INVALID, "the option %s needs a value", word);
        return OPTIONS_WRONG;
    }
    if (which >= 0 && optarg == word) word = options->argv[optind - 2];
    if (letter != '?' && (which < 0 || is_whole_name(word, options->longs[which].name)))
        return letter;
    if (letter == '?' && optopt > 0 && optopt < OPTION_LONG && strncmp(word, "--", 2) != 0)
        err_set(err, ERR_INVALID, "there is no option -%c", optopt);
    else if (letter == '?' && optopt > 0)
        err_set(err, ERR_INVALID, "\"%s\": the option takes no value", word);
    else
        err_set(err, ERR_INVALID, "there is no option %s", word);
    return OPTIONS_WRONG;
}

char **options_words(const struct options *options, int *count) {
    *count = options->argc - optind;
    return options->argv + optind;
}

void options_help(struct option_table table, int indent, struct buf *out) {
    for (size_t i = 0; i < table.count; i++) {
        const struct option_row *row = &table.rows[i];
        char shorts[8] = "    ", text[64];
        if (row->letter < OPTION_LONG) snprintf(shorts, sizeof shorts, "-%c, ", row->letter);
        snprintf(text, sizeof text, "--%s%s%s", row->name, row->argument ? " " : "",
                 row->argument ? row->argument : "");
        buf_format(out, "%*s%s%-22s %s\n", indent, "", shorts, text, row->help);
    }
}
