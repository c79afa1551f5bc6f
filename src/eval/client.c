#include "eval/client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/must.h"
#include "eval/connection.h"

enum {
    CONNECTING_MAX = 256, /* more at once would overflow a server's queue of new connections */
    TEXTS = 5,            /* of so many answers that are not 2xx the text is kept */
    EVENTS = 512,
    READ = 64 << 10,
};
#define TICK (100 * CLOCK_MS)

struct client {
    struct client_settings settings;
    int epoll;
    struct connection **live; /* connecting and busy ones */
    size_t live_count, live_room, connecting;
    struct connection *idle;
    /* the batch */
    struct client_call *calls;
    size_t count, begun, done, parallel, texts;
    uint64_t tick; /* when it is due: batches may be much shorter than TICK */
    char buffer[READ];
};

bool client_new(const struct client_settings *settings, struct client **out, struct err *err) {
    struct client *client = calloc(1, sizeof *client);
    if (!client) return err_set(err, ERR_MEMORY, "no memory for the client");
    client->settings = *settings;
    client->tick = clock_monotonic() + TICK;
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (client->epoll < 0) {
        free(client);
        return err_errno(err, errno, "cannot make the client's epoll");
    }
    *out = client;
    return true;
}

/* ---- connections ---- */

static void live_add(struct client *client, struct connection *connection) {
    connection->place = client->live_count;
    client->live[client->live_count++] = connection;
}

static void live_remove(struct client *client, struct connection *connection) {
    struct connection *last = client->live[--client->live_count];
    client->live[connection->place] = last;
    last->place = connection->place;
}

void client_close_idle(struct client *client) {
    for (struct connection *next; client->idle; client->idle = next) {
        next = client->idle->next;
        connection_free(client->idle);
    }
}

void client_free(struct client *client) {
    if (!client) return;
    client_close_idle(client);
    for (size_t i = 0; i < client->live_count; i++) connection_free(client->live[i]);
    free(client->live);
    close(client->epoll);
    free(client);
}

/* An idle one whose peer has not closed it meanwhile. */
static struct connection *take_idle(struct client *client) {
    for (struct connection *connection; (connection = client->idle);) {
        client->idle = connection->next;
        if (connection_is_usable(connection)) return connection;
        connection_free(connection);
    }
    return NULL;
}

/* ---- calls ---- */

static void call_ends(struct client *client, struct client_call *call, uint64_t begin) {
    uint64_t took = (clock_monotonic() - begin) / CLOCK_US;
    call->took = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
    client->done++;
}

static void keep_text(struct client *client, struct connection *connection) {
    struct client_call *call = connection->call;
    const struct buf *from = call->body ? call->body : &connection->text;
    if (client_call_is_good(call) || client->texts >= TEXTS) return;
    client->texts++;
    size_t size = from->size < CONNECTION_TEXT_MAX ? from->size : CONNECTION_TEXT_MAX;
    call->text = strndup(from->data ? (const char *)from->data : "", size);
}

/* The connection's call has failed, and with it the connection. */
static void give_up(struct client *client, struct connection *connection, const char *failure) {
    connection->call->status = 0;
    connection->call->failure = failure;
    call_ends(client, connection->call, connection->begin);
    if (connection->state == CONNECTION_CONNECTING) client->connecting--;
    live_remove(client, connection);
    connection_free(connection);
}

static void disconnected(struct client *client, struct connection *connection, int problem) {
    connection->call->disconnected = true;
    give_up(client, connection, connection_failure(problem));
}

static void start_call(struct client *client, struct connection *connection) {
    connection->call = &client->calls[client->begun++];
    connection->sent = 0;
    connection->begin = clock_monotonic();
    buf_clear(&connection->text);
    connection->text.failed = false;
    response_begin(&connection->response,
                   connection->call->body ? connection->call->body : &connection->text);
    if (connection->state == CONNECTION_CONNECTING) return;
    connection->state = CONNECTION_BUSY;
    if (!connection_send(connection, client->epoll)) disconnected(client, connection, errno);
}

/* The answer is complete: the next call, if there is one. */
static void finish_call(struct client *client, struct connection *connection) {
    connection->call->status = connection->response.status;
    keep_text(client, connection);
    call_ends(client, connection->call, connection->begin);
    bool again = !connection->response.closes && connection->sent == connection->call->request.size;
    if (again && client->begun < client->count) {
        start_call(client, connection);
        return;
    }
    live_remove(client, connection);
    if (!again) {
        connection_free(connection);
        return;
    }
    connection->state = CONNECTION_IDLE;
    connection->next = client->idle;
    client->idle = connection;
}

static void launch_one(struct client *client) {
    struct connection *connection = take_idle(client);
    if (!connection) {
        connection = connection_open(&client->settings.server, client->epoll);
        if (connection) {
            connection->state = CONNECTION_CONNECTING;
            client->connecting++;
        }
    }
    if (connection) {
        live_add(client, connection);
        start_call(client, connection);
        return;
    }
    struct client_call *call = &client->calls[client->begun++];
    call->failure = connection_failure(errno);
    call->disconnected = errno == ECONNREFUSED;
    call_ends(client, call, clock_monotonic());
}

static void launch(struct client *client) {
    while (client->begun < client->count && client->live_count < client->parallel &&
           client->connecting < CONNECTING_MAX)
        launch_one(client);
}

/* ---- events ---- */

static void receive(struct client *client, struct connection *connection) {
    struct response *response = &connection->response;
    for (;;) {
        ssize_t got = recv(connection->fd, client->buffer, READ, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got < 0) {
            disconnected(client, connection, errno);
            return;
        }
        if (got == 0)
            response_end(response);
        else if (response_take(response, client->buffer, (size_t)got) < (size_t)got || got == READ)
            /* More than was asked for, or who knows: the next answer must not begin with it. */
            response->closes = response->closes || response->state == RESPONSE_DONE;
        if (response->state == RESPONSE_BAD) {
            connection->call->disconnected = got == 0;
            give_up(client, connection, response->why);
        } else if (response->state == RESPONSE_DONE)
            finish_call(client, connection);
        else if (got == READ)
            continue;
        return;
    }
}

static void connected(struct client *client, struct connection *connection) {
    int problem = 0;
    socklen_t size = sizeof problem;
    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem) {
        disconnected(client, connection, problem);
        return;
    }
    client->connecting--;
    connection->state = CONNECTION_BUSY;
    if (!connection_send(connection, client->epoll)) disconnected(client, connection, errno);
}

/* An event may be of a connection that an earlier one of the same round has ended only if that was
 * another's: each handles its own. */
static void handle(struct client *client, const struct epoll_event *event) {
    struct connection *connection = event->data.ptr;
    if (connection->state == CONNECTION_IDLE) {
        epoll_ctl(client->epoll, EPOLL_CTL_DEL, connection->fd, NULL); /* found out when taken */
    } else if (connection->state == CONNECTION_CONNECTING) {
        if (event->events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) connected(client, connection);
    } else if (event->events & EPOLLOUT && connection->wants_out &&
               connection->sent < connection->call->request.size) {
        if (!connection_send(connection, client->epoll)) disconnected(client, connection, errno);
    } else
        receive(client, connection);
}

static void give_up_late(struct client *client, uint64_t now) {
    for (size_t i = client->live_count; i-- > 0;)
        if (now - client->live[i]->begin > client->settings.timeout)
            give_up(client, client->live[i], "no answer within the time limit (--timeout)");
}

static void abandon(struct client *client) {
    while (client->live_count) give_up(client, client->live[0], "the run was given up");
}

bool client_tick_when_due(struct client *client, struct err *err) {
    const struct client_settings *settings = &client->settings;
    uint64_t now = clock_monotonic();
    if (now < client->tick) return true;
    client->tick = now + TICK;
    give_up_late(client, now);
    return !settings->tick || settings->tick(settings->context, client->done, client->count) ||
           err_set(err, ERR_CANCELLED, "given up");
}

static bool loop(struct client *client, struct err *err) {
    struct epoll_event events[EVENTS];
    launch(client);
    while (client->done < client->count) {
        int count = epoll_wait(client->epoll, events, EVENTS, (int)(TICK / CLOCK_MS));
        if (count < 0 && errno != EINTR) return err_errno(err, errno, "waiting for answers");
        for (int i = 0; i < count; i++) handle(client, &events[i]);
        launch(client);
        if (client_tick_when_due(client, err)) continue;
        abandon(client);
        return false;
    }
    return true;
}

bool client_run(struct client *client, struct client_call *calls, size_t count, size_t parallel,
                struct err *err) {
    uint32_t most = client_connections_max();
    if (parallel > count) parallel = count;
    if (parallel > most)
        return err_set(err, ERR_LIMIT,
                       "%zu calls at once need as many open files, the system allows %u. Remedy: "
                       "raise the limit (ulimit -Hn), or ask for fewer",
                       parallel, most);
    if (parallel > client->live_room) {
        struct connection **live = realloc(client->live, parallel * sizeof(struct connection *));
        if (!live) return err_set(err, ERR_MEMORY, "no memory for %zu connections", parallel);
        client->live = live;
        client->live_room = parallel;
    }
    client->calls = calls;
    client->count = count;
    client->parallel = parallel;
    client->begun = client->done = client->texts = 0;
    bool good = loop(client, err);
    client->count = client->done = 0;
    must(client->live_count == 0 || !good);
    return good;
}
