#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "test.h"

enum { PATIENCE_MS = 60000 };

struct client client_open(const char *address) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    struct client client = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    int one = 1;
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(client.fd, (struct sockaddr *)&to, sizeof to))
        fail_msg("connect: %s", strerror(errno));
    return client;
}

void client_close(struct client *client) {
    close(client->fd);
    free(client->bytes);
    *client = (struct client){.fd = -1};
}

void client_reset(struct client *client) {
    struct linger linger = {1, 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    client_close(client);
}

size_t client_try_send(struct client *client, const void *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t count = send(client->fd, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
        if (count <= 0) break;
        done += (size_t)count;
    }
    return done;
}

void client_send(struct client *client, const void *bytes, size_t size) {
    assert_int_equal(client_try_send(client, bytes, size), size);
}

void client_text(struct client *client, const char *text) {
    client_send(client, text, strlen(text));
}

/* More bytes; false at the end or after `ms`. */
static bool receive(struct client *client, int ms) {
    struct pollfd in = {.fd = client->fd, .events = POLLIN};
    if (poll(&in, 1, ms) <= 0) return false;
    if (client->room - client->size < 65536) {
        client->room = 2 * client->room + 131072;
        client->bytes = realloc(client->bytes, client->room);
        must(client->bytes);
    }
    ssize_t count = recv(client->fd, client->bytes + client->size, client->room - client->size, 0);
    if (count <= 0) return false;
    client->size += (size_t)count;
    return true;
}

bool client_closed(struct client *client, int ms) {
    struct pollfd in = {.fd = client->fd, .events = POLLIN};
    char byte;
    return poll(&in, 1, ms) > 0 && recv(client->fd, &byte, 1, MSG_PEEK) <= 0;
}

static void use(struct client *client, size_t size) {
    memmove(client->bytes, client->bytes + size, client->size - size);
    client->size -= size;
}

static void read_headers(struct client *client, struct answer *answer) {
    char *end;
    while (!client->size || !(end = memmem(client->bytes, client->size, "\r\n\r\n", 4)))
        if (!receive(client, PATIENCE_MS))
            fail_msg("no answer: %.*s", (int)client->size, client->bytes ? client->bytes : "");
    size_t size = (size_t)(end - client->bytes) + 4;
    assert_true(size < sizeof answer->headers);
    memcpy(answer->headers, client->bytes, size);
    answer->headers[size] = '\0';
    use(client, size);
    if (sscanf(answer->headers, "HTTP/1.%*d %d ", &answer->status) != 1)
        fail_msg("no status: %s", answer->headers);
}

bool answer_header(const struct answer *answer, const char *name, char *value, size_t size) {
    size_t length = strlen(name);
    for (const char *line = strstr(answer->headers, "\r\n"); line;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':') continue;
        const char *start = line + 3 + length + strspn(line + 3 + length, " ");
        snprintf(value, size, "%.*s", (int)strcspn(start, "\r"), start);
        return true;
    }
    return false;
}

struct answer client_answer(struct client *client, bool head) {
    struct answer answer = {0};
    char value[100];
    do read_headers(client, &answer);
    while (answer.status == 100);
    answer.closes = answer_header(&answer, "Connection", value, sizeof value) &&
                    strcasecmp(value, "close") == 0;
    size_t size = answer_header(&answer, "Content-Length", value, sizeof value)
                      ? strtoull(value, NULL, 10)
                      : 0;
    if (head) size = 0;
    while (client->size < size)
        if (!receive(client, PATIENCE_MS))
            fail_msg("the body is cut after %zu of %zu bytes", client->size, size);
    answer.body = malloc(size + 1);
    must(answer.body);
    if (size) memcpy(answer.body, client->bytes, size);
    answer.body[size] = '\0';
    answer.size = size;
    use(client, size);
    return answer;
}

void answer_free(struct answer *answer) {
    free(answer->body);
    answer->body = NULL;
}

struct answer client_once(const char *address, const char *method, const char *path,
                          const char *headers, const char *body) {
    struct client client = client_open(address);
    char start[4096];
    int size = snprintf(start, sizeof start, "%s %s HTTP/1.1\r\nHost: x\r\n%s", method, path,
                        headers ? headers : "");
    if (body)
        size += snprintf(start + size, sizeof start - (size_t)size,
                         "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    client_send(&client, start, (size_t)size);
    client_text(&client, "\r\n");
    if (body) client_text(&client, body);
    struct answer answer = client_answer(&client, strcmp(method, "HEAD") == 0);
    client_close(&client);
    return answer;
}
