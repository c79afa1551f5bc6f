/* A blocking HTTP client for the tests: sends any bytes, reads answers one by one. Fails the test
 * when the server does not answer within 60 s. */
#ifndef PK_TESTS_CLIENT_H
#define PK_TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client {
    int fd;
    char *bytes; /* received and not used yet */
    size_t size, room;
};

struct answer {
    int status;
    char headers[4096]; /* with the status line */
    char *body;         /* NUL behind it; the caller frees with answer_free */
    size_t size;
    bool closes; /* it says "Connection: close" */
};

/* `address`: "127.0.0.1:PORT". */
struct client client_open(const char *address);
void client_close(struct client *client);
void client_reset(struct client *client); /* close with a RST */
void client_send(struct client *client, const void *bytes, size_t size);
void client_text(struct client *client, const char *text);
/* Without failing: the bytes that went out before the server closed. */
size_t client_try_send(struct client *client, const void *bytes, size_t size);
/* The next answer. `head`: of a HEAD request, so that no body follows. */
struct answer client_answer(struct client *client, bool head);
/* True when the server has closed (after what was received); false when it says nothing for `ms`.
 */
bool client_closed(struct client *client, int ms);
void answer_free(struct answer *answer);
/* One header's value, copied to `value`, or false. */
bool answer_header(const struct answer *answer, const char *name, char *value, size_t size);

/* METHOD PATH on a connection of its own, with a JSON body when it is not NULL. */
struct answer client_once(const char *address, const char *method, const char *path,
                          const char *headers, const char *body);

#endif
