/* What the subcommands have in common. Thread: main. */
#ifndef PK_EVAL_COMMAND_H
#define PK_EVAL_COMMAND_H

#include "base/buf.h"

#define EVAL_NAME    "resource-eval"
#define EVAL_VERSION "0.1.0"

enum { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_WRONG_CALL = 2 };

/* Prints a text to standard output and frees it; returns an exit code, after saying why on standard
 * error when it is not 0. */
int command_print(struct buf *text);
/* Says on standard error that `command` was wrongly called; returns EXIT_WRONG_CALL. */
__attribute__((format(printf, 2, 3))) int command_wrong(const char *command, const char *format,
                                                        ...);

#endif
