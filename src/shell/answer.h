/* Answers: they are made here and sent by handler.c (handler_send). Each function sets
 * request->answer and request->done. Thread: the loop's. */
#ifndef PK_SHELL_ANSWER_H
#define PK_SHELL_ANSWER_H

#include "shell/request.h"

#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_JSON "application/json"

/* Takes over `data` (malloc; NULL only with size 0). `type` NULL: no Content-Type. */
void answer_data(struct shell_request *request, unsigned status, const char *type, void *data,
                 size_t size);
/* 200 with a body that others have too: `release` is called with `owner` when it was sent. */
void answer_shared(struct shell_request *request, const char *type, const struct buf *body,
                   void (*release)(void *owner), void *owner);
/* Takes over the buffer's memory; a failed buffer becomes a 503. */
void answer_buf(struct shell_request *request, unsigned status, const char *type, struct buf *buf);
/* A copy, as text/plain. */
void answer_text(struct shell_request *request, unsigned status, const char *text);
/* A copy, as a JSON string. */
void answer_json_text(struct shell_request *request, unsigned status, const char *text);
/* Status without a body. `allow` may be NULL. */
void answer_empty(struct shell_request *request, unsigned status, const char *allow);
/* A text that is constant: not copied. */
void answer_static(struct shell_request *request, unsigned status, const char *text);
/* What every probe of a health check gets. */
void answer_ok(struct shell_request *request);

/* What can be wrong with a request, whatever its route. */
void answer_too_large(struct shell_request *request);
void answer_not_json(struct shell_request *request);
void answer_no_room(struct shell_request *request);

#endif
