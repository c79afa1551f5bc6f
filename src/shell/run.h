/* Routes that run a skill: they load it, run it, and answer with what came out. Thread: the loop's.
 */
#ifndef PK_SHELL_RUN_H
#define PK_SHELL_RUN_H

#include "shell/request.h"
#include "shell/failure.h"

void run_skill(struct shell_request *request);      /* POST /v1/skills/{namespace}/{name}/run */
void run_metadata(struct shell_request *request);   /* GET /v1/skills/{namespace}/{name}/metadata */
void run_skill_2024(struct shell_request *request); /* POST /execute_skill */

/* "dev/NAME" in its two parts. False: there is no slash, which was answered. */
bool run_split_name(struct shell_request *request, struct str skill, struct str *namespace,
                    struct str *name);
/* Answer with a failure, in the form that the request's route has for it. */
void run_fail(struct shell_request *request, enum failure failure, const char *cause);

#endif
