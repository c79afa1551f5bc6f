/* The subcommands of the program. Each gets its own arguments (argv[0] is its name) and returns the
 * exit code: 0 good, 1 failed, 2 wrongly called. Thread: main. */
#ifndef PK_EVAL_COMMANDS_H
#define PK_EVAL_COMMANDS_H

int command_run(int argc, char **argv);      /* [OPTION…] FILE.cmds */
int command_compare(int argc, char **argv);  /* [OPTION…] LOG… */
int command_selftest(int argc, char **argv); /* [OPTION…] */

#endif
