/* wasi:io/poll. A pollable is an instant; waiting parks the fiber and costs no thread. */
#include <stdlib.h>

#include "base/clock.h"
#include "wasi/internal.h"

static bool make_room(struct abi_call *call, struct wasi_state *state) {
    uint32_t room = state->pollable_room == 0 ? 8 : 2 * state->pollable_room;
    if (state->pollable_live == WASI_MAX_POLLABLES)
        return abi_fail(call->instance, "more than %d pollables", WASI_MAX_POLLABLES);
    struct wasi_pollable *pollables = realloc(state->pollables, room * sizeof *pollables);
    if (pollables == NULL) return abi_fail(call->instance, "no memory for pollables");
    state->pollables = pollables;
    state->pollable_room = room;
    return true;
}

bool wasi_pollable_new(struct abi_call *call, uint64_t ready_at, uint32_t *rep) {
    struct wasi_state *state = wasi_state_of(call);
    if (state->free_pollable != 0) {
        *rep = state->free_pollable - 1;
        state->free_pollable = state->pollables[*rep].next_free;
    } else {
        if (state->pollable_count == state->pollable_room && !make_room(call, state)) return false;
        *rep = state->pollable_count++;
    }
    state->pollables[*rep] = (struct wasi_pollable){.ready_at = ready_at, .live = true};
    state->pollable_live++;
    return true;
}

static struct wasi_pollable *find(struct abi_call *call, uint64_t rep) {
    struct wasi_state *state = wasi_state_of(call);
    if (rep < state->pollable_count && state->pollables[rep].live) return &state->pollables[rep];
    abi_fail(call->instance, "unknown pollable");
    return NULL;
}

enum host_outcome wasi_pollable_drop(struct abi_call *call) {
    struct wasi_state *state = wasi_state_of(call);
    struct wasi_pollable *pollable = find(call, call->args[0].u);
    if (pollable == NULL) return HOST_FAIL;
    *pollable = (struct wasi_pollable){.next_free = state->free_pollable};
    state->free_pollable = (uint32_t)call->args[0].u + 1;
    state->pollable_live--;
    return HOST_DONE;
}

enum host_outcome wasi_pollable_ready(struct abi_call *call) {
    const struct wasi_pollable *pollable = find(call, call->args[0].u);
    if (pollable == NULL) return HOST_FAIL;
    call->result.u = pollable->ready_at == 0 || pollable->ready_at <= clock_monotonic();
    return HOST_DONE;
}

/* Called again after each wake-up. */
enum host_outcome wasi_pollable_block(struct abi_call *call) {
    const struct wasi_pollable *pollable = find(call, call->args[0].u);
    if (pollable == NULL) return HOST_FAIL;
    call->wake_at = pollable->ready_at;
    return pollable->ready_at == 0 || pollable->ready_at <= clock_monotonic() ? HOST_DONE
                                                                              : HOST_PARK;
}

/* How many of the list are ready at `now`, and when the first of the others will be. False: an
 * unknown one. */
static bool count_ready(struct abi_call *call, uint64_t now, uint32_t *ready, uint64_t *next) {
    const struct abi_value *list = &call->args[0];
    *ready = 0;
    *next = UINT64_MAX;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct wasi_pollable *pollable = find(call, list->items[i].u);
        if (pollable == NULL) return false;
        if (pollable->ready_at <= now)
            ++*ready;
        else if (pollable->ready_at < *next)
            *next = pollable->ready_at;
    }
    return true;
}

/* Called again after each wake-up. */
enum host_outcome wasi_poll(struct abi_call *call) {
    const struct abi_value *list = &call->args[0];
    uint64_t now = clock_monotonic();
    uint32_t ready;
    if (list->n == 0) {
        abi_fail(call->instance, "poll of an empty list");
        return HOST_FAIL;
    }
    if (!count_ready(call, now, &ready, &call->wake_at)) return HOST_FAIL;
    if (ready == 0) return HOST_PARK;
    struct abi_value *indices = abi_values(abi_call_arena(call), ready);
    if (indices == NULL) {
        abi_fail(call->instance, "no memory for a poll");
        return HOST_FAIL;
    }
    call->result = (struct abi_value){.n = ready, .items = indices};
    for (uint32_t i = 0; i < list->n; i++)
        if (wasi_state_of(call)->pollables[list->items[i].u].ready_at <= now) (indices++)->u = i;
    return HOST_DONE;
}
