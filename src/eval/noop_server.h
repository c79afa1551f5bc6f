/* A server that does nothing but answer "ok", to measure the client against: one thread, epoll. */
#ifndef PK_EVAL_NOOP_SERVER_H
#define PK_EVAL_NOOP_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Starts it as a child on a free port of 127.0.0.1; it ends with us. `self`: as in launch.h. */
bool noop_server_start(const char *self, pid_t *pid, struct sockaddr_in *address, struct err *err);
void noop_server_stop(pid_t pid);
/* The hidden command: serve-nothing PARENT. */
int command_serve_nothing(int argc, char **argv);

#endif
