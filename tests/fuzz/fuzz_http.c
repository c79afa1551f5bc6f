/* A connection fed with arbitrary bytes: the same requests and answers whatever the pieces, each
 * request closed once, nothing left behind. The first byte chooses the pieces, the second how the
 * client ends and how much of an answer it takes at once. */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is late is answered, and what waits for the client is taken. */
static void let_go_on(struct peer *peer, size_t room) {
    while (peer->connection->state != CONNECTION_CLOSED) {
        if (peer->late)
            peer_answer(peer, "late", 4);
        else if (peer->connection->state == CONNECTION_WRITING)
            peer->room = room, connection_writable(peer->connection);
        else
            break;
    }
    peer->room = room;
}

static void feed(struct peer *peer, const uint8_t *data, size_t size, size_t step, size_t room) {
    size_t at = 0;
    while (at < size && peer->connection->state != CONNECTION_CLOSED) {
        size_t piece = connection_appetite(peer->connection);
        must(piece > 0);
        if (piece > step) piece = step;
        if (piece > size - at) piece = size - at;
        char *copy = malloc(piece); /* so that a read beyond it is seen */
        must(copy);
        memcpy(copy, data + at, piece);
        peer_feed(peer, copy, piece);
        free(copy);
        at += piece;
        let_go_on(peer, room);
    }
}

/* The interim answer depends on whether the body has come with its head. */
static bool depends_on_pieces(const uint8_t *data, size_t size) {
    for (size_t i = 0; i + 5 <= size; i++)
        if (strncasecmp((const char *)data + i, "xpect", 5) == 0) return true;
    return false;
}

static void end(struct peer *peer, unsigned how) {
    struct http_connection *connection = peer->connection;
    if (connection->state == CONNECTION_CLOSED) return;
    if (how & 1) connection_half_close(connection, true);
    if ((how & 2) && connection->state != CONNECTION_CLOSED) connection_evict(connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct peer whole, pieces;
    struct buf events;
    if (size < 2) return 0;
    size_t step = 1 + data[0] % 97u, room = data[1] & 4 ? 1 + data[1] / 8u : SIZE_MAX;
    peer_begin(&whole);
    feed(&whole, data + 2, size - 2, SIZE_MAX, SIZE_MAX);
    enum connection_state state = whole.connection->state;
    events = whole.events;
    whole.events = (struct buf){.cap = SIZE_MAX};
    peer_end(&whole);
    peer_begin(&pieces);
    feed(&pieces, data + 2, size - 2, step, room);
    if (!depends_on_pieces(data, size)) {
        must(pieces.connection->state == state);
        must(pieces.events.size == events.size);
        must(events.size == 0 || memcmp(pieces.events.data, events.data, events.size) == 0);
    }
    end(&pieces, data[1]);
    peer_end(&pieces);
    buf_free(&events);
    return 0;
}
