/* GET …/metadata: the checker of schemas, and the answer. */
#ifndef PK_SHELL_METADATA_H
#define PK_SHELL_METADATA_H

#include "shell/request.h"

/* Checking a schema may take long, so it has a thread of its own. Made and ended with the shell. */
struct schema_checker;
bool schema_checker_new(struct schema_checker **out, struct err *err);
void schema_checker_free(struct schema_checker *checker); /* nothing is at work; NULL allowed */

/* Loop: hand over request->run's schemas; the request comes back to its loop by mail, with
 * request->load.error set when they are not valid JSON Schema. */
void metadata_check(struct schema_checker *checker, struct shell_request *request);
/* Loop: the answer, from request->run and what metadata_check found. */
void metadata_answer(struct shell_request *request);
/* Loop: the answer for skills that have no metadata (world 0.2, streaming skills). */
void metadata_answer_none(struct shell_request *request);

#endif
