/* The subcommands of the program. Each gets its own arguments (argv[0] is its name) and returns the
 * exit code. Thread: main. */
#ifndef PK_KERNEL_COMMANDS_H
#define PK_KERNEL_COMMANDS_H

int command_serve(int argc, char **argv);
int command_inspect(int argc, char **argv); /* FILE [--json] */
int command_link(int argc, char **argv);    /* FILE -o DIR [--strict-memory] */

#endif
