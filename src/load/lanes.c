#include "load/lanes.h"

#include <string.h>

#include "base/must.h"
#include "load/stages.h"

void lanes_init(struct lanes *lanes, unsigned limit) {
    *lanes = (struct lanes){.limit = limit};
    lanes->waiting_at = &lanes->waiting;
    pthread_mutex_init(&lanes->lock, NULL);
}

void lanes_free(struct lanes *lanes) {
    must(lanes->running == NULL && lanes->waiting == NULL);
    pthread_mutex_destroy(&lanes->lock);
}

static struct lane *find_same(const struct lanes *lanes, const struct lane *lane) {
    for (struct lane *other = lanes->running; other != NULL; other = other->next)
        if (other->work == lane->work &&
            memcmp(&other->input, &lane->input, sizeof lane->input) == 0)
            return other;
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
    lane->followers = NULL;
    lane->next = lanes->running;
    lanes->running = lane;
}

bool lanes_enter(struct lanes *lanes, struct load *load) {
    struct lane *lane = &load->lane;
    pthread_mutex_lock(&lanes->lock);
    struct lane *same = find_same(lanes, lane);
    bool lead = same == NULL && is_free(lanes, lane);
    if (lead) {
        take(lanes, lane);
    } else if (same != NULL) {
        load->next = same->followers;
        same->followers = load;
    } else {
        load->next = NULL;
        *lanes->waiting_at = load;
        lanes->waiting_at = &load->next;
    }
    pthread_mutex_unlock(&lanes->lock);
    return lead;
}

struct load *lanes_leave(struct lanes *lanes, struct load *load, const struct err *failure) {
    struct lane *lane = &load->lane, **at = &lanes->running;
    pthread_mutex_lock(&lanes->lock);
    while (*at != lane) {
        must(*at != NULL);
        at = &(*at)->next;
    }
    *at = lane->next;
    if (lane->in_small_lane)
        lanes->small_taken = false;
    else
        lanes->large--;
    if (is_large_compile(lane)) lanes->compile_taken = false;
    struct load *followers = lane->followers;
    lane->followers = NULL;
    pthread_mutex_unlock(&lanes->lock);
    for (struct load *follower = followers; follower != NULL && failure != NULL;
         follower = follower->next) {
        follower->error = *failure;
        follower->failed = true;
    }
    return followers;
}

struct load *lanes_next(struct lanes *lanes) {
    pthread_mutex_lock(&lanes->lock);
    struct load **at = &lanes->waiting;
    while (*at != NULL && !is_free(lanes, &(*at)->lane)) at = &(*at)->next;
    struct load *found = *at;
    if (found != NULL) {
        *at = found->next;
        if (*at == NULL) lanes->waiting_at = at;
        found->next = NULL;
    }
    pthread_mutex_unlock(&lanes->lock);
    return found;
}

struct load *lanes_take_waiting(struct lanes *lanes) {
    pthread_mutex_lock(&lanes->lock);
    struct load *list = lanes->waiting;
    lanes->waiting = NULL;
    lanes->waiting_at = &lanes->waiting;
    pthread_mutex_unlock(&lanes->lock);
    return list;
}
