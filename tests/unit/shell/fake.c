#include "fake.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/must.h"
#include "runtime/runtime.h"
#include "store/store.h"

enum { WORKERS = 2 };
#define NEVER (UINT64_MAX / 2)
#define HELD  (UINT64_MAX / 4)

struct job {
    struct job *next;
    uint64_t due;
    struct skill_request *load;
    struct invocation_request *run;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *jobs; /* by due time */
static atomic_bool stopping;
static pthread_t workers[WORKERS];
static atomic_ulong submitted, ended, cancelled, loads, skills_alive;

struct fake_counts fake_counts(void) {
    return (struct fake_counts){submitted, ended, cancelled, loads, skills_alive};
}

/* ---- skills */

static struct skill *make_skill(struct str name) {
    static const struct abi_export entry;
    struct skill *skill = calloc(1, sizeof *skill);
    must(skill);
    skill->name = strndup(name.data, name.size);
    skill->kind = str_is(name, "stream") ? SKILL_MESSAGE_STREAM : SKILL_FUNCTION;
    skill->world_minor = str_is(name, "old") ? 2 : 3;
    skill->metadata = str_is(name, "old") || str_is(name, "stream") ? NULL : &entry;
    skill->run = &entry;
    skill->references = 1;
    skills_alive++;
    return skill;
}

void skill_release(struct skill *skill) {
    if (!skill || --skill->references > 0) return;
    skills_alive--;
    free(skill->name);
    free(skill);
}

bool skill_namespace_valid(struct str name) {
    if (name.size == 0 || name.size > 64) return false;
    for (size_t i = 0; i < name.size; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name.data[i])) return false;
    return name.data[0] != '-' && name.data[name.size - 1] != '-';
}

/* ---- jobs */

static void add_job(struct job job) {
    struct job *copy = malloc(sizeof *copy);
    must(copy);
    *copy = job;
    pthread_mutex_lock(&lock);
    struct job **at = &jobs;
    while (*at && (*at)->due <= copy->due) at = &(*at)->next;
    copy->next = *at;
    *at = copy;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static const struct {
    const char *name;
    enum invocation_outcome outcome;
} outcomes[] = {
    {"user", INVOCATION_USER_ERROR},       {"input", INVOCATION_INVALID_INPUT},
    {"output", INVOCATION_INVALID_OUTPUT}, {"trap", INVOCATION_TRAP},
    {"timeout", INVOCATION_TIMEOUT},       {"refused", INVOCATION_REFUSED},
};

static void fill(struct invocation_request *run) {
    const char *name = run->skill->name;
    run->outcome = INVOCATION_OK;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (strcmp(name, outcomes[i].name) == 0) run->outcome = outcomes[i].outcome;
    if (atomic_load(&run->control)) run->outcome = INVOCATION_CANCELLED;
    if (run->outcome != INVOCATION_OK) {
        run->text = strdup("the cause");
        return;
    }
    const char *schema = strcmp(name, "meta-bad") == 0    ? "{\"type\":7}"
                         : strcmp(name, "meta-json") == 0 ? "{"
                                                          : "{\"type\":\"object\"}";
    struct str text = run->entry == INVOCATION_RUN
                          ? (struct str){(const char *)run->input, run->input_size}
                          : str_of(schema);
    run->output = malloc(text.size + 1);
    must(run->output);
    if (text.size) memcpy(run->output, text.data, text.size);
    run->output_size = text.size;
    if (run->entry == INVOCATION_RUN) return;
    run->output_schema = (uint8_t *)strdup("true");
    run->output_schema_size = 4;
    run->description = (uint8_t *)strdup("a \"fake\"");
    run->description_size = 8;
}

static void end_run(struct invocation_request *run) {
    if (atomic_load(&run->control)) cancelled++;
    fill(run);
    skill_release(run->skill);
    run->skill = NULL;
    ended++;
    run->done(run);
}

static void end_load(struct skill_request *load) {
    const char *name = load->error.text; /* put there by skill_store_get */
    struct skill *skill = NULL;
    if (strcmp(name, "load-fail") != 0 && !stopping) skill = make_skill(str_of(name));
    load->skill = skill;
    if (!skill) err_set(&load->error, ERR_INVALID, "Error loading skill: the cause");
    load->done(load);
}

static void *work(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    while (!stopping || jobs) {
        uint64_t now = clock_monotonic();
        struct job *job = jobs;
        if (!job || (job->due > now && !stopping)) {
            struct timespec until;
            clock_gettime(CLOCK_REALTIME, &until);
            until.tv_nsec += 1000000;
            if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
            if (job)
                pthread_cond_timedwait(&changed, &lock, &until);
            else
                pthread_cond_wait(&changed, &lock);
            continue;
        }
        jobs = job->next;
        pthread_mutex_unlock(&lock);
        if (job->run)
            end_run(job->run);
        else
            end_load(job->load);
        free(job);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* ---- runtime */

void runtime_submit(struct runtime *runtime, struct invocation_request *request) {
    (void)runtime;
    submitted++;
    const char *name = request->skill->name;
    if (strcmp(name, "refused") == 0) {
        end_run(request);
        return;
    }
    uint64_t delay = strcmp(name, "hang") == 0 ? NEVER : strcmp(name, "held") == 0 ? HELD : 0;
    if (strncmp(name, "slow-", 5) == 0) delay = strtoull(name + 5, NULL, 10) * CLOCK_MS;
    add_job((struct job){.due = clock_monotonic() + delay, .run = request});
}

void runtime_cancel(struct runtime *runtime, struct invocation_request *request) {
    (void)runtime;
    atomic_store(&request->control, 1);
    pthread_mutex_lock(&lock);
    for (struct job **at = &jobs; *at; at = &(*at)->next) {
        if ((*at)->run != request) continue;
        struct job *job = *at; /* to the front */
        *at = job->next;
        job->due = 0;
        job->next = jobs;
        jobs = job;
        break;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* ---- store */

static bool known(struct str name) {
    static const char *const names[] = {
        "echo",      "echo-pending", "hang",      "user",      "input", "output",
        "trap",      "timeout",      "refused",   "stream",    "old",   "meta-bad",
        "meta-json", "load-fail",    "load-slow", "load-held", "held",  "a/b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(name, names[i])) return true;
    return str_starts(name, "slow-");
}

enum skill_answer skill_store_get(struct skill_store *store, struct str namespace, struct str name,
                                  struct skill_request *request) {
    (void)store;
    if (str_is(namespace, "broken")) {
        err_set(&request->error, ERR_INVALID, "the cause");
        return SKILL_MISCONFIGURED;
    }
    if (!str_is(namespace, "dev") || !known(name)) return SKILL_UNKNOWN;
    uint64_t delay = str_is(name, "load-slow")   ? 300 * CLOCK_MS
                     : str_is(name, "load-held") ? HELD
                                                 : CLOCK_MS;
    if (str_is(name, "echo-pending") || str_starts(name, "load-")) {
        loads++;
        snprintf(request->error.text, sizeof request->error.text, "%.*s", STR_ARG(name));
        add_job((struct job){.due = clock_monotonic() + delay, .load = request});
        return SKILL_PENDING;
    }
    request->skill = make_skill(name);
    return SKILL_READY;
}

void skill_store_list(struct skill_store *store, struct buf *json) {
    (void)store;
    buf_text(json, "[\"dev/echo\",\"dev/user\"]");
}

void skill_store_list_cached(struct skill_store *store, struct buf *json) {
    (void)store;
    buf_text(json, "[\"dev/echo\"]");
}

uint64_t skill_store_version(struct skill_store *store) {
    (void)store;
    return 1;
}

bool skill_store_drop(struct skill_store *store, struct str namespace, struct str name) {
    (void)store;
    return str_is(namespace, "dev") && (str_is(name, "echo") || str_is(name, "a/b"));
}

/* ---- the test's side */

void fake_start(void) {
    pthread_mutex_lock(&lock);
    stopping = false;
    pthread_mutex_unlock(&lock);
    submitted = ended = cancelled = loads = 0;
    for (int i = 0; i < WORKERS; i++) must(!pthread_create(&workers[i], NULL, work, NULL));
}

void fake_let_go(void) {
    struct job *held = NULL;
    pthread_mutex_lock(&lock);
    for (struct job **at = &jobs; *at;) {
        struct job *job = *at;
        if (job->due < HELD || job->due >= NEVER) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        job->due = 0;
        job->next = held;
        held = job;
    }
    while (held) {
        struct job *next = held->next;
        held->next = jobs;
        jobs = held;
        held = next;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void fake_stop(void) {
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
}
