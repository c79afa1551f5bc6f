/* response_take: the same bytes in one piece and in pieces give the same outcome, and no byte
 * beyond the answer is taken. The first byte chooses the pieces. */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "eval/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 1000 };

static size_t take(struct response *response, struct buf *body, const uint8_t *data, size_t size,
                   size_t step) {
    size_t taken = 0;
    buf_init(body, BODY_MAX);
    response_begin(response, body);
    for (size_t at = 0; at < size && response->state < RESPONSE_DONE; at += step) {
        size_t piece = size - at < step ? size - at : step;
        char *copy = malloc(piece); /* so that a read beyond it is seen */
        must(copy);
        memcpy(copy, data + at, piece);
        size_t got = response_take(response, copy, piece);
        must(got <= piece && (got == piece || response->state >= RESPONSE_DONE));
        taken += got;
        free(copy);
    }
    response_end(response);
    must(response->state == RESPONSE_DONE || (response->state == RESPONSE_BAD && response->why));
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct response whole = {0}, pieces = {0};
    struct buf whole_body, pieces_body;
    if (size < 2) return 0;
    size_t step = 1 + data[0] % 67u;
    size_t all = take(&whole, &whole_body, data + 1, size - 1, size);
    size_t parts = take(&pieces, &pieces_body, data + 1, size - 1, step);
    must(whole.state == pieces.state);
    if (whole.state == RESPONSE_DONE) {
        must(all == parts && whole.status == pieces.status && whole.closes == pieces.closes);
        must(whole.status >= 200 && whole.status <= 999);
        must(whole_body.size == pieces_body.size && whole_body.failed == pieces_body.failed);
        must(!whole_body.size || memcmp(whole_body.data, pieces_body.data, whole_body.size) == 0);
    } else {
        must(strcmp(whole.why, pieces.why) == 0);
    }
    response_free(&whole);
    response_free(&pieces);
    buf_free(&whole_body);
    buf_free(&pieces_body);
    return 0;
}
