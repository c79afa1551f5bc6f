/* Routes that run a skill: they load it, run it, and answer with what came out. Thread: the loop's.
 */
#ifndef PK_SHELL_RUN_H
#define PK_SHELL_RUN_H

#include "shell/request.h"
#include "shell/text.h"

void run_skill(struct shell_request *request);      /* POST /v1/skills/{namespace}/{name}/run */
void run_metadata(struct shell_request *request);   /* GET /v1/skills/{namespace}/{name}/metadata */
void run_skill_2024(struct shell_request *request); /* POST /execute_skill */

/* Answer with a failure, in the form that the request's route has for it. */
void run_fail(struct shell_request *request, enum text_failure failure, const char *cause);

#endif
