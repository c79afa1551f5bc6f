/* One HTTP request: its life cycle, what was read of it, its answer. Thread: its loop. */
#ifndef PK_SHELL_REQUEST_H
#define PK_SHELL_REQUEST_H

#include "base/json_check.h"
#include "base/mailbox.h"
#include "http/http.h"
#include "runtime/runtime.h"
#include "store/store.h"

struct shell_loop;
struct listing;
struct route;

/* Life cycle: X(state, text, states it may come from as bits). */
#define REQUEST_STATES(X)                                                                          \
    X(REQUEST_FREE, "free", FROM(REQUEST_READING) | FROM(REQUEST_ANSWERED) | FROM(REQUEST_LEFT))   \
    X(REQUEST_READING, "reading", FROM(REQUEST_FREE)) /* headers are there, the body comes in */   \
    X(REQUEST_LOADING, "loading", FROM(REQUEST_READING)) /* the store has it */                    \
    X(REQUEST_RUNNING, "running",                                                                  \
      FROM(REQUEST_READING) | FROM(REQUEST_LOADING)) /* the runtime has it */                      \
    X(REQUEST_ASIDE, "aside",                                                                      \
      FROM(REQUEST_READING) | FROM(REQUEST_RUNNING)) /* the thread aside has it */                 \
    X(REQUEST_ANSWERED, "answered",                                                                \
      FROM(REQUEST_READING) | FROM(REQUEST_LOADING) | FROM(REQUEST_RUNNING) |                      \
          FROM(REQUEST_ASIDE)) /* the HTTP server has the answer */                                \
    X(REQUEST_LEFT, "left",                                                                        \
      FROM(REQUEST_LOADING) | FROM(REQUEST_RUNNING) |                                              \
          FROM(REQUEST_ASIDE)) /* by its client; work goes on */

enum request_state {
#define X(state, text, from) state,
    REQUEST_STATES(X)
#undef X
        REQUEST_STATE_COUNT
};

enum { REQUEST_PARAMS = 2 };

/* Owned by two: the connection (until the HTTP server says `closed`) and the work (while another
 * thread has it). It is freed when neither holds it any more. */
struct shell_request {
    struct mail mail; /* to the loop, when another thread is done with it */
    void (*on_mail)(struct shell_request *request); /* what the loop does then */
    struct shell_loop *loop;
    struct http_request *http; /* NULL: it is closed */
    bool at_work;              /* another thread has it: mail will come */
    unsigned retry; /* seconds after which the same request may be taken: Retry-After; 0: none */
    bool done;      /* the answer is made */
    enum request_state state;
    uint64_t since; /* when it came into its state */

    const struct route *route; /* NULL: refused before one was found */
    struct buf names;          /* the decoded parameters of the path */
    struct str params[REQUEST_PARAMS];

    struct json_check check;
    struct buf body;
    size_t body_charge; /* bytes of shell->body_bytes */
    uint64_t discarded; /* bytes of a body on a route that has none */
    struct str skill_namespace, skill_name, input;

    struct buf headers;        /* lines of the answer: for pages of other origins, and Allow */
    struct http_answer answer; /* once `done`, until it is sent */

    struct skill_request load;
    struct invocation_request run;
    uint32_t world_minor; /* of the skill that it runs */

    void (*aside)(struct shell_request *request); /* what is done on the thread aside … */
    struct buf body_made;                         /* … makes the body of the answer, … */
    struct listing *listing;                      /* … or finds a shared one; counted */
    int listing_kind;

    struct shell_request *next_free; /* in the loop's pool */
};

/* From the loop's pool; NULL without memory. READING. */
struct shell_request *request_new(struct shell_loop *loop, struct http_request *http);
void request_move(struct shell_request *request, enum request_state state);
/* Another thread gets it: `on_mail` is called when it comes back. */
void request_send_to_work(struct shell_request *request, void (*on_mail)(struct shell_request *));
/* The HTTP server, or the other thread, is done with it. Frees it with the last of them. */
void request_closed(struct shell_request *request);
void request_work_done(struct shell_request *request);
/* Free the pool; no request is alive. */
void request_free_pool(struct shell_loop *loop);

/* Take a piece of the body. False: it was refused, the answer is set. */
bool request_body_add(struct shell_request *request, const void *bytes, size_t size);
/* The invocation is over: its input is dropped, its output counts instead until it was sent. False:
 * more than is allowed. */
bool request_output_charge(struct shell_request *request, size_t size);
void request_body_drop(struct shell_request *request);

#endif
