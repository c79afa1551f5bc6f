/* What the commands of a script do. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eval/runner.h"

#define LISTED_EVERY (2 * CLOCK_MS)
enum { ANSWER_MAX = 64 << 20, NAMES_MAX = 16 << 20 };

/* Something of the entry has failed that is no call; the run goes on. */
static bool entry_fails(struct run *run, const char *what) {
    if (run->entry_errors++ < RUN_TOLD) progress_say(&run->progress, "    failed: %s", what);
    return true;
}

/* ---- lists ---- */

typedef bool (*list_route)(const struct routes *routes, struct buf *out);

static void no_list(const struct buf *body, char why[RUN_WHY]) {
    snprintf(why, RUN_WHY,
             "the answer is no list of skills (a JSON array of \"NAMESPACE/NAME\"): %.*s",
             body->size < 100 ? (int)body->size : 100, body->data ? (const char *)body->data : "");
    run_one_line(why);
}

/* The names that a route lists; *out_count -1: what came is no list, `why` tells. */
static bool list(struct run *run, list_route route, struct buf *names, int *out_count,
                 char why[RUN_WHY], struct err *err) {
    struct buf request, body;
    buf_init(&request, 1 << 16);
    buf_init(&body, ANSWER_MAX);
    buf_clear(names);
    *out_count = -1;
    bool good = route(&run->routes, &request) || err_set(err, ERR_MEMORY, "no memory");
    good = good && run_ask(run, &request, &body, why, err);
    if (good && !why[0]) {
        *out_count = routes_parse_names(&body, names);
        if (*out_count < 0) no_list(&body, why);
    }
    buf_free(&request);
    buf_free(&body);
    return good;
}

/* The same where it counts as the entry's failure when there is none. */
static bool list_or_fail(struct run *run, list_route route, struct buf *names, int *out_count,
                         struct err *err) {
    char why[RUN_WHY];
    return list(run, route, names, out_count, why, err) &&
           (*out_count >= 0 || entry_fails(run, why));
}

static bool has_name(const struct buf *names, int count, const char *name) {
    const char *at = (const char *)names->data;
    for (int i = 0; i < count; i++, at += strlen(at) + 1)
        if (strcmp(at, name) == 0) return true;
    return false;
}

/* Only skills whose file is still there: others may be listed for an interval, but are gone. */
static int keep_present(const struct run *run, struct buf *names, int count) {
    char *to = (char *)names->data;
    const char *at = to;
    int kept = 0;
    for (int i = 0; i < count; i++) {
        size_t size = strlen(at) + 1;
        if (skills_folder_has(&run->skills, at)) {
            memmove(to, at, size);
            to += size;
            kept++;
        }
        at += size;
    }
    return kept;
}

static bool just_list(struct run *run, list_route route, struct err *err) {
    struct buf names;
    int count;
    buf_init(&names, NAMES_MAX);
    bool good = list_or_fail(run, route, &names, &count, err);
    buf_free(&names);
    return good;
}

/* ---- calls ---- */

/* `count` names, each `times` times, `parallel` at once: in rounds over all of them. */
static bool call_names(struct run *run, const char *names, size_t count, size_t times,
                       size_t parallel, struct err *err) {
    if (count == 0) return entry_fails(run, "there is no skill to call");
    struct buf *requests = calloc(count, sizeof *requests);
    struct client_call *calls = calloc(count * times, sizeof *calls);
    bool good = requests && calls;
    for (size_t i = 0; good && i < count; i++, names += strlen(names) + 1) {
        buf_init(&requests[i], 1 << 16);
        good = routes_execute(&run->routes, names, run->entry, &requests[i]);
        for (size_t round = 0; round < times; round++)
            calls[round * count + i].request =
                (struct str){(const char *)requests[i].data, requests[i].size};
    }
    if (!good) err_set(err, ERR_MEMORY, "no memory for %zu calls", count * times);
    good = good && run_calls(run, calls, count * times, parallel, err);
    for (size_t i = 0; requests && i < count; i++) buf_free(&requests[i]);
    free(requests);
    free(calls);
    return good;
}

static bool call_all(struct run *run, bool at_once, struct err *err) {
    struct buf names;
    int count;
    buf_init(&names, NAMES_MAX);
    bool good = list_or_fail(run, routes_skills, &names, &count, err);
    if (good && count >= 0) {
        size_t present = (size_t)keep_present(run, &names, count);
        uint32_t times = run->entry->times;
        if (at_once && present * times > SCRIPT_MAX_TIMES)
            good = err_set(err, ERR_LIMIT, "%s: %zu calls at once are more than %d",
                           run->entry->text, present * times, SCRIPT_MAX_TIMES);
        else
            good = call_names(run, (const char *)names.data, present, times,
                              at_once ? present * times : 1, err);
    }
    buf_free(&names);
    return good;
}

/* ---- adding ---- */

/* Nothing that follows would mean what it says, unless the script expects it (!). */
static bool not_listed(struct run *run, const char *name, struct err *err) {
    err_set(err, ERR_TIMEOUT,
            "the kernel does not list dev/%s within %g s (--timeout), though its file is in %s",
            name, (double)run->options->timeout / 1e9, run->skills.path);
    return run->entry->may_fail && entry_fails(run, err->text);
}

/* Until all of `wanted` are listed, or a list could not be had: *out_all. */
static bool wait_listed(struct run *run, const struct buf *wanted, uint32_t count, bool *out_all,
                        struct err *err) {
    uint64_t until = clock_monotonic() + run->options->timeout;
    struct buf names;
    int listed;
    buf_init(&names, NAMES_MAX);
    bool good = true, all = false;
    while (good && !all) {
        good = list_or_fail(run, routes_skills, &names, &listed, err);
        if (listed < 0) break;
        const char *name = (const char *)wanted->data;
        uint32_t found = 0;
        while (good && found < count && has_name(&names, listed, name))
            found++, name += strlen(name) + 1;
        all = found == count;
        if (!good || all) break;
        if (clock_monotonic() > until) {
            good = not_listed(run, name, err);
            break;
        }
        good = run_wait(run, LISTED_EVERY, err);
    }
    *out_all = all;
    buf_free(&names);
    return good;
}

static bool add(struct run *run, uint32_t count, struct err *err) {
    struct buf names;
    char name[SKILL_NAME];
    buf_init(&names, NAMES_MAX);
    bool good = true, listed = false;
    for (uint32_t i = 0; good && i < count; i++) {
        good = client_tick_when_due(run->client, err) &&
               skills_folder_add(&run->skills, run->entry->sample, name, err);
        if (good) buf_add(&names, name, strlen(name) + 1);
    }
    good = good && wait_listed(run, &names, count, &listed, err);
    if (good && listed) good = call_names(run, (const char *)names.data, count, 1, 1, err);
    buf_free(&names);
    return good;
}

/* ---- taking away ---- */

/* Without a name the first that is loaded, or else the first at all. */
static bool first_to_drop(struct run *run, char name[SKILL_NAME], struct err *err) {
    struct buf names;
    int count;
    buf_init(&names, NAMES_MAX);
    bool good = list_or_fail(run, routes_cached, &names, &count, err);
    int present = good && count > 0 ? keep_present(run, &names, count) : 0;
    if (present)
        snprintf(name, SKILL_NAME, "%s", (const char *)names.data);
    else if (good)
        skills_folder_first(&run->skills, name);
    buf_free(&names);
    return good;
}

static bool drop(struct run *run, struct err *err) {
    char name[SKILL_NAME];
    struct buf request, body;
    char why[RUN_WHY];
    snprintf(name, sizeof name, "%s", run->entry->name ? run->entry->name : "");
    if (!run->entry->name && !first_to_drop(run, name, err)) return false;
    if (name[0] == '\0') return entry_fails(run, "there is no skill to drop");
    buf_init(&request, 1 << 16);
    buf_init(&body, ANSWER_MAX);
    bool good = routes_drop(&run->routes, name, &request) || err_set(err, ERR_MEMORY, "no memory");
    good = good && run_ask(run, &request, &body, why, err);
    if (good && why[0]) entry_fails(run, why);
    buf_free(&request);
    buf_free(&body);
    return good;
}

static bool delete (struct run *run) {
    char name[SKILL_NAME];
    struct err err;
    snprintf(name, sizeof name, "%s", run->entry->name ? run->entry->name : "");
    if (!run->entry->name && !skills_folder_first(&run->skills, name))
        return entry_fails(run, "there is no skill to delete");
    return skills_folder_delete(&run->skills, name, &err) || entry_fails(run, err.text);
}

bool run_command_once(struct run *run, struct err *err) {
    const struct script_entry *entry = run->entry;
    switch (entry->kind) {
    case SCRIPT_ADD:
        return add(run, 1, err);
    case SCRIPT_P_ADD:
        return add(run, entry->count, err);
    case SCRIPT_SKILLS:
        return just_list(run, routes_skills, err);
    case SCRIPT_CACHED_SKILLS:
        return just_list(run, routes_cached, err);
    case SCRIPT_EXECUTE_SKILL:
        return call_names(run, entry->name, 1, 1, 1, err);
    case SCRIPT_EXECUTE_ALL:
        return call_all(run, false, err);
    case SCRIPT_P_EXECUTE_ALL:
        return call_all(run, true, err);
    case SCRIPT_DROP:
        return drop(run, err);
    case SCRIPT_DELETE:
        return delete (run);
    }
    return err_set(err, ERR_INTERNAL, "a command without an action");
}
