/* The subcommands of the program. Each gets its own arguments (argv[0] is its name) and returns the
 * exit code: 0 good, 1 failed, 2 wrongly called. Thread: main. */
#ifndef PK_EVAL_COMMANDS_H
#define PK_EVAL_COMMANDS_H

#include "base/buf.h"

#define EVAL_NAME    "resource-eval"
#define EVAL_VERSION "0.1.0"

enum { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_WRONG_CALL = 2 };

int command_run(int argc, char **argv);      /* [OPTION…] FILE.cmds */
int command_compare(int argc, char **argv);  /* [--full] [--json|--csv] LOG… */
int command_selftest(int argc, char **argv); /* [--rounds N] */

/* Prints a text to standard output and frees it; returns an exit code, after saying why on standard
 * error when it is not 0. */
int command_print(struct buf *text);
/* Says on standard error that `command` was wrongly called; returns EXIT_WRONG_CALL. */
__attribute__((format(printf, 2, 3))) int command_wrong(const char *command, const char *format,
                                                        ...);

#endif
