/* GET …/metadata. What grows with what a skill says is done on the thread aside: checking its
 * schemas, and making the answer's body. Thread: the loop's. */
#ifndef PK_SHELL_METADATA_H
#define PK_SHELL_METADATA_H

#include "shell/request.h"

/* Hand over what request->run has brought; the request comes back to its loop by mail, with
 * request->load.error set when a schema is none, else with request->body_made. */
void metadata_check(struct shell_request *request);
/* The answer, from what metadata_check has made. */
void metadata_answer(struct shell_request *request);
/* The answer for skills that have no metadata (world 0.2, streaming skills). */
void metadata_answer_none(struct shell_request *request);

#endif
