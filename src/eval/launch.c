#include "eval/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int add_actions(posix_spawn_file_actions_t *actions, const struct launch *launch) {
    int problem = launch->input < 0
                      ? posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0)
                      : posix_spawn_file_actions_adddup2(actions, launch->input, 0);
    for (int fd = 1; fd <= 2 && problem == 0 && launch->output >= 0; fd++)
        problem = posix_spawn_file_actions_adddup2(actions, launch->output, fd);
    if (problem == 0 && launch->folder)
        problem = posix_spawn_file_actions_addchdir_np(actions, launch->folder);
    return problem;
}

/* A group of its own: Ctrl-C is for us; we stop the child in order. */
static int add_attributes(posix_spawnattr_t *attributes) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int problem = posix_spawnattr_setsigdefault(attributes, &all);
    if (problem == 0) problem = posix_spawnattr_setsigmask(attributes, &none);
    if (problem == 0) problem = posix_spawnattr_setpgroup(attributes, 0);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP;
    return problem != 0 ? problem : posix_spawnattr_setflags(attributes, flags);
}

int launch(const struct launch *launch, pid_t *pid) {
    char parent[24];
    snprintf(parent, sizeof parent, "%ld", (long)getpid());
    const char *argv[] = {launch->self, launch->command, parent, launch->argument, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int problem = add_actions(&actions, launch);
    if (problem == 0) problem = add_attributes(&attributes);
    if (problem == 0)
        problem = posix_spawn(pid, launch->self, &actions, &attributes, (char *const *)argv,
                              launch->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

bool launch_end_with(const char *parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == (pid_t)strtol(parent, NULL, 10);
}

/* What it says is shown as the kernel's last line. */
int command_launch_kernel(int argc, char **argv) {
    if (argc != 3 || !launch_end_with(argv[1])) return 126;
    execl(argv[2], argv[2], (char *)NULL);
    fprintf(stderr, "cannot execute it: %s\n", strerror(errno));
    return 127;
}
