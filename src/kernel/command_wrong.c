#include <stdio.h>

#include "kernel/commands.h"

int command_wrong(const char *name, struct option_table table, const struct err *err) {
    struct buf text;
    buf_init(&text, 1 << 16);
    options_help(table, 2, &text);
    fprintf(stderr, "usage: pharia-kernel %s FILE [OPTION…]\n%spharia-kernel: %s\n", name,
            buf_cstr(&text) ? buf_cstr(&text) : "", err->text);
    buf_free(&text);
    return 2;
}
