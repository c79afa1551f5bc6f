/* The program's subcommands, each in a file of its own. argv[0] is the subcommand's name; the exit
 * code is 0, 1 when what was asked for failed, 2 when it was asked wrongly. */
#ifndef PK_EVAL_COMMANDS_H
#define PK_EVAL_COMMANDS_H

int command_run(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_selftest(int argc, char **argv);

#endif
