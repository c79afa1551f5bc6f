#include "eval/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int command_print(struct buf *text) {
    const char *bytes = buf_cstr(text);
    bool good = bytes && fwrite(bytes, 1, text->size, stdout) == text->size && fflush(stdout) == 0;
    if (!good)
        fprintf(stderr, EVAL_NAME ": cannot print %zu bytes: %s\n", text->size,
                bytes ? strerror(errno) : "there is no memory for them");
    buf_free(text);
    return good ? EXIT_GOOD : EXIT_FAILED;
}

int command_wrong(const char *command, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, EVAL_NAME " %s: ", command);
    vfprintf(stderr, format, args);
    fprintf(stderr, "; see " EVAL_NAME " %s --help\n", command);
    va_end(args);
    return EXIT_WRONG_CALL;
}
