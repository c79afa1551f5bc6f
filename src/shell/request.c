#include "shell/request.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "shell/answer.h"
#include "shell/loop.h"

enum {
    POOL_MAX = 1024,
    SMALL_BODY = 16384, /* its memory is kept, too */
    NAMES_MAX = 65536,
    HEADERS_MAX = 32768, /* the head of a request is at most half of it */
};

#define FROM(state) (1u << (state))

static const struct {
    const char *name;
    unsigned from;
} states[] = {
#define X(state, text, from) {text, from},
    REQUEST_STATES(X)
#undef X
};

void request_move(struct shell_request *request, enum request_state state) {
    if (!(states[state].from & FROM(request->state))) {
        log_error("shell", "request: no move from %s to %s", states[request->state].name,
                  states[state].name);
        must(!"a listed move of the request's states");
    }
    uint64_t now = clock_monotonic();
    request->loop->state_time[request->state] += now - request->since;
    request->since = now;
    request->state = state;
}

static struct shell_request *take_free(struct shell_loop *loop) {
    struct shell_request *request = loop->free;
    if (request) {
        loop->free = request->next_free;
        loop->free_count--;
        return request;
    }
    request = calloc(1, sizeof *request);
    if (!request) return NULL;
    request->loop = loop;
    buf_init(&request->names, NAMES_MAX);
    buf_init(&request->headers, HEADERS_MAX);
    buf_init(&request->body, loop->shell->settings.body_limit);
    return request;
}

static void add(atomic_uint_fast64_t *counter, int64_t number) { /* one writer */
    atomic_store_explicit(counter,
                          atomic_load_explicit(counter, memory_order_relaxed) + (uint64_t)number,
                          memory_order_relaxed);
}

struct shell_request *request_new(struct shell_loop *loop, struct http_request *http) {
    struct shell_request *request = take_free(loop);
    if (!request) return NULL;
    request->http = http;
    request->since = clock_monotonic();
    request->done = false;
    request->route = NULL;
    request->params[0] = request->params[1] = request->skill_namespace = request->skill_name =
        (struct str){0};
    request->discarded = 0;
    request->retry = 0;
    request->answer = (struct http_answer){0};
    json_check_init(&request->check);
    request_move(request, REQUEST_READING);
    add(&loop->requests, 1);
    add(&loop->active, 1);
    return request;
}

void request_body_drop(struct shell_request *request) {
    atomic_fetch_sub_explicit(&request->loop->shell->body_bytes, request->body_charge,
                              memory_order_relaxed);
    request->body_charge = 0;
    if (request->body.room > SMALL_BODY)
        buf_free(&request->body);
    else
        buf_clear(&request->body);
}

bool request_output_charge(struct shell_request *request, size_t size) {
    struct shell *shell = request->loop->shell;
    request_body_drop(request);
    if (size <= SMALL_BODY) return true;
    size_t before = atomic_fetch_add_explicit(&shell->body_bytes, size, memory_order_relaxed);
    request->body_charge = size;
    return before + size <= shell->settings.body_memory;
}

static void free_memory(struct shell_request *request) {
    buf_free(&request->names);
    buf_free(&request->headers);
    buf_free(&request->body);
    free(request);
}

static void release(struct shell_request *request) {
    struct shell_loop *loop = request->loop;
    if (request->state == REQUEST_LEFT) add(&loop->left, 1);
    request_move(request, REQUEST_FREE);
    request_body_drop(request);
    buf_clear(&request->names);
    buf_clear(&request->headers);
    buf_free(&request->body_made); /* of a client that left */
    add(&loop->active, -1);
    if (loop->free_count == POOL_MAX) {
        free_memory(request);
        return;
    }
    request->next_free = loop->free;
    loop->free = request;
    loop->free_count++;
}

void request_send_to_work(struct shell_request *request, void (*on_mail)(struct shell_request *)) {
    must(!request->at_work);
    request->on_mail = on_mail;
    request->at_work = true;
    request->loop->outstanding++;
}

void request_closed(struct shell_request *request) {
    request->http = NULL;
    if (!request->at_work) release(request);
}

void request_work_done(struct shell_request *request) {
    must(!request->at_work);
    if (!request->http) release(request);
}

void request_free_pool(struct shell_loop *loop) {
    while (loop->free) {
        struct shell_request *request = loop->free;
        loop->free = request->next_free;
        free_memory(request);
    }
    loop->free_count = 0;
}

/* ---- the body */

/* Count what the buffer took: bodies of all requests together have a limit, so that many clients
 * cannot use up the memory. Small ones do not count, or a few clients whose large bodies never end
 * would shut out everybody: the number of connections limits those. */
static bool charge(struct shell_request *request) {
    struct shell *shell = request->loop->shell;
    if (request->body.room <= SMALL_BODY) return true;
    size_t more = request->body.room - request->body_charge;
    if (more == 0) return true;
    size_t before = atomic_fetch_add_explicit(&shell->body_bytes, more, memory_order_relaxed);
    request->body_charge += more;
    return before + more <= shell->settings.body_memory;
}

bool request_body_add(struct shell_request *request, const void *bytes, size_t size) {
    size_t limit = request->loop->shell->settings.body_limit;
    if (size > limit - request->body.size) {
        answer_too_large(request);
        return false;
    }
    if (!json_check_add(&request->check, bytes, size)) {
        answer_not_json(request);
        return false;
    }
    if (buf_add(&request->body, bytes, size) && charge(request)) return true;
    answer_no_room(request);
    return false;
}
