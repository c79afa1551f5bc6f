/* The handler of the HTTP server's requests, and the way of answers to it. Private to src/shell.
 * Thread: the loop's. */
#ifndef PK_SHELL_HANDLER_H
#define PK_SHELL_HANDLER_H

#include "shell/request.h"

/* The callbacks of struct http_handler; the context is the loop. */
bool handler_begin(void *context, struct http_request *http, const struct http_head *head);
void handler_body(struct http_request *http, const void *bytes, size_t size);
void handler_end(struct http_request *http);
void handler_closed(struct http_request *http, enum http_end end);

/* Its answer is set (answer.h): send it. The request may be gone when this returns. */
void handler_send(struct shell_request *request);

#endif
