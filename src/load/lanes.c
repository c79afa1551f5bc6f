#include "load/lanes.h"

#include <string.h>

#include "base/must.h"
#include "load/load.h"

void lanes_init(struct lanes *lanes, unsigned limit) {
    *lanes = (struct lanes){.limit = limit};
    pthread_mutex_init(&lanes->lock, NULL);
}

void lanes_free(struct lanes *lanes) {
    must(lanes->running.first == NULL && lanes->waiting.first == NULL);
    pthread_mutex_destroy(&lanes->lock);
}

static struct lane *find_same(const struct lanes *lanes, const struct lane *lane) {
    for (struct list_link *at = lanes->running.first; at; at = at->next) {
        struct lane *other = OWNER(at, struct lane, link);
        if (other->work == lane->work &&
            memcmp(&other->input, &lane->input, sizeof lane->input) == 0)
            return other;
    }
    return NULL;
}

static bool is_large_compile(const struct lane *lane) {
    return lane->work == LANE_COMPILE && !lane->small;
}

static bool is_free(const struct lanes *lanes, const struct lane *lane) {
    if (is_large_compile(lane) && lanes->compile_taken) return false;
    return (lane->small && !lanes->small_taken) || lanes->large < lanes->limit;
}

static void take(struct lanes *lanes, struct lane *lane) {
    lane->in_small_lane = lane->small && !lanes->small_taken;
    if (lane->in_small_lane)
        lanes->small_taken = true;
    else
        lanes->large++;
    if (is_large_compile(lane)) lanes->compile_taken = true;
    lane->followers = (struct list){0};
    list_append(&lanes->running, &lane->link);
}

bool lanes_enter(struct lanes *lanes, struct load *load) {
    struct lane *lane = &load->lane;
    pthread_mutex_lock(&lanes->lock);
    struct lane *same = find_same(lanes, lane);
    bool lead = same == NULL && is_free(lanes, lane);
    if (lead)
        take(lanes, lane);
    else
        list_append(same ? &same->followers : &lanes->waiting, &load->place);
    pthread_mutex_unlock(&lanes->lock);
    return lead;
}

void lanes_leave(struct lanes *lanes, struct load *load, const struct err *failure,
                 struct list *woken) {
    struct lane *lane = &load->lane;
    pthread_mutex_lock(&lanes->lock);
    list_remove(&lanes->running, &lane->link);
    if (lane->in_small_lane)
        lanes->small_taken = false;
    else
        lanes->large--;
    if (is_large_compile(lane)) lanes->compile_taken = false;
    pthread_mutex_unlock(&lanes->lock);
    /* Nobody finds the lane any more: its followers are ours. */
    for (struct load *follower; (follower = load_at(list_take(&lane->followers)));) {
        if (failure) {
            follower->error = *failure;
            follower->failed = true;
        }
        list_append(woken, &follower->place);
    }
}

struct load *lanes_next(struct lanes *lanes) {
    pthread_mutex_lock(&lanes->lock);
    struct list_link *at = lanes->waiting.first;
    while (at && !is_free(lanes, &load_at(at)->lane)) at = at->next;
    if (at) list_remove(&lanes->waiting, at);
    pthread_mutex_unlock(&lanes->lock);
    return load_at(at);
}

struct load *lanes_take_waiting(struct lanes *lanes) {
    pthread_mutex_lock(&lanes->lock);
    struct load *load = load_at(list_take(&lanes->waiting));
    pthread_mutex_unlock(&lanes->lock);
    return load;
}
