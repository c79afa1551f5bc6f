/* The subcommands of the program. Each gets its own arguments (argv[0] is its name) and returns the
 * exit code. Thread: main. */
#ifndef PK_KERNEL_COMMANDS_H
#define PK_KERNEL_COMMANDS_H

#include "base/options.h"

int command_serve(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_link(int argc, char **argv);

/* For --help. */
extern const struct option_table inspect_options, link_options;

/* Says on stderr how a command is called, and what was wrong; returns its exit code, 2. */
int command_wrong(const char *name, struct option_table table, const struct err *err);

#endif
