/* Starting a process that does not outlive us. posix_spawn (never fork: a process with threads, or
 * with large memory, must not be copied) cannot ask the system to end a child with its parent, so
 * this program is started first: its hidden commands ask, and then execute the kernel or serve. */
#ifndef PK_EVAL_LAUNCH_H
#define PK_EVAL_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct launch {
    const char *self;     /* this program; "/proc/self/exe" in it */
    const char *command;  /* the hidden command */
    const char *argument; /* of it, or NULL */
    const char *folder;   /* the working directory; NULL: ours */
    char **environment;
    int input;  /* becomes descriptor 0; -1: /dev/null */
    int output; /* becomes 1 and 2; -1: ours */
};

/* 0, or an errno. The child leads a process group of its own and has default signals; everything
 * else that is open is close-on-exec. The caller waits for *pid. */
int launch(const struct launch *launch, pid_t *pid);
/* In the child: ends with the process `parent`, a number as text. False: that has ended already. */
bool launch_end_with(const char *parent);

/* The hidden commands: COMMAND PARENT [ARGUMENT]. */
#define LAUNCH_KERNEL  "launch-kernel"
#define LAUNCH_NOTHING "serve-nothing"
int command_launch_kernel(int argc, char **argv);

#endif
