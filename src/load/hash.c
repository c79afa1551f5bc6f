/* The first step: the file is read, and named by its contents. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "load/steps.h"

enum { PIECE = 1024 * 1024 };

static bool hash_file(struct load *load, int file, uint64_t size, struct err *err) {
    uint8_t *piece = malloc(PIECE);
    if (piece == NULL) return err_set(err, ERR_MEMORY, "no memory to read it");
    struct digest_state *state = digest_begin();
    uint64_t at = 0;
    ssize_t got = 1;
    while (at < size && got > 0) {
        got = pread(file, piece, PIECE, (off_t)at);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            digest_add(state, piece, (size_t)got), at += (uint64_t)got;
    }
    int problem = errno;
    load->component = digest_end(state);
    free(piece);
    return got >= 0 ? true : err_errno(err, problem, "it cannot be read");
}

static enum load_result hash_open_file(struct load *load, int file) {
    struct err *err = &load->error;
    struct source_identity after;
    if (!source_identify_file(file, &load->identity)) {
        err_set(err, ERR_INVALID, "it is not a regular file");
        return LOAD_FAILED;
    }
    load->identified = true;
    if (load->identity.size > LOAD_MAX_INPUT) {
        err_set(err, ERR_LIMIT, "it is larger than %u MiB", LOAD_MAX_INPUT >> 20);
        return LOAD_FAILED;
    }
    if (!hash_file(load, file, load->identity.size, err)) return LOAD_FAILED;
    if (!source_identify_file(file, &after) || !source_same(&after, &load->identity))
        return LOAD_CHANGED;
    load->hashed = true;
    return LOAD_DONE;
}

enum load_result load_hash(struct loads *loads, struct load *load) {
    (void)loads;
    int file = load->source->kind->open(load->source, load->in_source, &load->error);
    if (file < 0) return LOAD_FAILED;
    enum load_result result = hash_open_file(load, file);
    close(file);
    return result;
}
