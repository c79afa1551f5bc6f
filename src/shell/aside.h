/* A thread for what would hold up a loop: checking schemas, making bodies of answers that grow with
 * what skills say or how many there are. One for all loops. */
#ifndef PK_SHELL_ASIDE_H
#define PK_SHELL_ASIDE_H

#include "shell/request.h"

struct aside;

/* Made and ended with the shell; at its end nothing is at work. */
bool aside_new(struct aside **out, struct err *err);
void aside_free(struct aside *aside); /* NULL allowed */

/* Loop: call request->aside on the other thread, which has the request until it comes back to its
 * loop by mail. Requests of different skills take turns. */
void aside_send(struct aside *aside, struct shell_request *request);

#endif
