/* What a connection reads: heads, bodies, and what its client sends ahead. */
#include "base/must.h"
#include "http/connection.h"
#include "http/server.h"
#include "http/socket.h"

/* ---- one request */

static void call_end(struct http_connection *connection) {
    connection->in_callback = true;
    connection->server->handler.end(&connection->request);
    connection->in_callback = false;
}

static void call_body(struct http_connection *connection, struct str data) {
    connection->in_callback = true;
    connection->server->handler.body(&connection->request, data.data, data.size);
    connection->in_callback = false;
}

/* A piece of the body: for the handler, if it has not answered yet. */
static void hand_over(struct http_connection *connection, struct str data) {
    if (data.size == 0) return;
    if (connection->has_request && !connection->has_answer)
        call_body(connection, data);
    else
        connection->discarded += data.size;
}

/* Take what there is of the body. */
static size_t take_body(struct http_connection *connection, struct str bytes, bool *bad) {
    size_t taken;
    struct str data;
    if (connection->chunked) {
        taken = http_chunks_take(&connection->chunks, bytes, &data);
        *bad = connection->chunks.state == CHUNKS_BAD;
        connection->body_done = connection->chunks.state == CHUNKS_END;
    } else {
        taken = bytes.size < connection->body_left ? bytes.size : (size_t)connection->body_left;
        data = (struct str){bytes.data, taken};
        connection->body_left -= taken;
        connection->body_done = connection->body_left == 0;
    }
    connection->moved += taken;
    hand_over(connection, data);
    return taken;
}

/* After a piece of the body, or a head without one: where does it go from here? */
static void go_on(struct http_connection *connection, bool bad) {
    bool discarding = connection->state == CONNECTION_DISCARDING;
    if (bad && !connection->has_answer && !discarding) {
        connection_refuse(connection, HTTP_BAD_REQUEST,
                          "The chunks of the body break the rules of HTTP.");
        return;
    }
    if (bad || connection->discarded > CONNECTION_DISCARD_MAX) connection->keep_alive = false;
    if (discarding) {
        if (connection->body_done || !connection->keep_alive) connection_answered(connection);
        return;
    }
    if (connection->body_done && !connection->has_answer) call_end(connection);
    if (connection->has_answer)
        output_begin(connection);
    else if (connection->body_done)
        connection_move(connection, CONNECTION_WAITING);
    else if (connection->state != CONNECTION_BODY)
        connection_move(connection, CONNECTION_BODY);
}

static size_t body(struct http_connection *connection, struct str bytes) {
    bool bad = false;
    size_t taken = take_body(connection, bytes, &bad);
    go_on(connection, bad);
    return taken;
}

static bool begin(struct http_connection *connection) {
    struct http_server *server = connection->server;
    connection->request.user = NULL;
    connection->in_callback = connection->has_request = true;
    bool begun =
        server->handler.begin(server->handler.context, &connection->request, &server->head);
    connection->in_callback = false;
    if (begun) return true;
    connection->has_request = false;
    connection_move(connection, CONNECTION_CLOSED);
    return false;
}

/* `more`: bytes behind the head are there already, so the client has not waited to be asked. */
static void prepare(struct http_connection *connection, const struct http_head *head, bool more) {
    connection->is_head = str_is(head->method, "HEAD");
    connection->is_old = head->is_old;
    connection->keep_alive = head->keep_alive;
    connection->chunked = head->chunked;
    connection->body_left = head->length;
    connection->body_done = !head->chunked && head->length == 0;
    connection->expects = head->expect_continue && !head->is_old && !connection->body_done && !more;
    connection->has_answer = false;
    connection->discarded = 0;
    if (head->chunked) http_chunks_begin(&connection->chunks);
}

/* A whole head: begin its request, with what there is of its body. Returns how many bytes were
 * used. */
static size_t start(struct http_connection *connection, struct str bytes, size_t head_size) {
    struct http_server *server = connection->server;
    struct http_problem problem = {0};
    bool bad = false;
    connection->scanned = 0;
    if (!http_head_read((struct str){bytes.data, head_size}, &server->head, &problem)) {
        connection_refuse(connection, problem.status, problem.text);
        return bytes.size;
    }
    struct str rest = {bytes.data + head_size, bytes.size - head_size};
    prepare(connection, &server->head, rest.size > 0);
    if (!begin(connection)) return bytes.size;
    if (connection->expects && !connection->has_answer) output_interim(connection);
    if (connection->state == CONNECTION_CLOSED) return bytes.size;
    size_t taken = 0;
    if (rest.size > 0 && !connection->body_done) taken = take_body(connection, rest, &bad);
    go_on(connection, bad);
    return head_size + taken;
}

static size_t head(struct http_connection *connection, struct str bytes) {
    struct http_problem problem = {0};
    size_t size = http_head_find_end(bytes, &connection->scanned, &problem);
    if (size > 0) return start(connection, bytes, size);
    if (problem.status) {
        connection_refuse(connection, problem.status, problem.text);
        return bytes.size;
    }
    if (connection->state == CONNECTION_IDLE) connection_move(connection, CONNECTION_HEAD);
    return 0;
}

/* ---- the bytes */

/* Returns how many were used. */
static size_t use_some(struct http_connection *connection, struct str bytes) {
    switch (connection->state) {
    case CONNECTION_IDLE:
    case CONNECTION_HEAD:
        return head(connection, bytes);
    case CONNECTION_BODY:
    case CONNECTION_DISCARDING:
        connection->expects = false;
        return body(connection, bytes);
    case CONNECTION_WAITING:
    case CONNECTION_WRITING:
        return 0;
    default:
        return bytes.size;
    }
}

static void use(struct http_connection *connection, struct str bytes) {
    size_t used = 0, taken;
    do {
        taken = bytes.size - used > 0
                    ? use_some(connection, (struct str){bytes.data + used, bytes.size - used})
                    : 0;
        used += taken;
    } while (taken > 0);
    struct buf *input = &connection->input;
    bool own = input->size > 0; /* `bytes` is in `input` */
    size_t rest = bytes.size - used;
    if (connection->state >= CONNECTION_LINGERING) rest = 0;
    if (own && used > 0) memmove(input->data, input->data + used, rest);
    if (own) input->size = rest;
    if (!own && rest > 0 && !buf_add(input, bytes.data + used, rest))
        connection_move(connection, CONNECTION_CLOSED); /* no memory */
    if (rest == 0 && input->room > 0) buf_free(input);
}

/* Requests that came before the end are served; the one that it cut never gets complete. */
static void close_if_over(struct http_connection *connection) {
    if (!connection->eof || connection->state == CONNECTION_WAITING ||
        connection->state == CONNECTION_WRITING || connection->state == CONNECTION_CLOSED)
        return;
    connection_move(connection, CONNECTION_CLOSED);
}

void connection_settle(struct http_connection *connection) {
    close_if_over(connection);
    socket_watch(connection);
}

void connection_resume(struct http_connection *connection) {
    struct buf *input = &connection->input;
    if (input->size > 0) use(connection, (struct str){(char *)input->data, input->size});
}

void connection_feed(struct http_connection *connection, const void *bytes, size_t size) {
    struct buf *input = &connection->input;
    connection->accepted = 0;
    if (input->size == 0)
        use(connection, (struct str){bytes, size});
    else if (buf_add(input, bytes, size))
        use(connection, (struct str){(char *)input->data, input->size});
    else
        connection_move(connection, CONNECTION_CLOSED); /* no memory */
}

size_t connection_appetite(const struct http_connection *connection) {
    size_t size;
    switch (connection->state) {
    case CONNECTION_WAITING:
        size = connection->input.size;
        return size < CONNECTION_AHEAD_MAX ? CONNECTION_AHEAD_MAX - size : 0;
    case CONNECTION_WRITING:
    case CONNECTION_CLOSED:
        return 0;
    case CONNECTION_LINGERING:
        return SERVER_READ_MAX;
    case CONNECTION_BODY:
    case CONNECTION_DISCARDING:
        size = connection->chunked ? connection->chunks.left : connection->body_left;
        return size < SERVER_READ_MAX - CONNECTION_AHEAD_MAX ? size + CONNECTION_AHEAD_MAX
                                                             : SERVER_READ_MAX;
    default:
        return HTTP_HEAD_MAX;
    }
}
