/* The table of routes, and the handlers that answer at once. */
#include "base/str.h"
#include "shell/answer.h"
#include "shell/listing.h"
#include "shell/loop.h"
#include "shell/route.h"
#include "shell/run.h"

static void handle_health(struct shell_request *request) {
    answer_ok(request);
}

/* The port is open only after the first pass over the namespaces, so what is left to say is whether
 * we are stopping. */
static void handle_ready(struct shell_request *request) {
    if (atomic_load(&request->loop->shell->phase) == SHELL_SERVING)
        answer_ok(request);
    else
        answer_text(request, HTTP_SERVICE_UNAVAILABLE, "stopping");
}

static void handle_skills(struct shell_request *request) {
    listing_answer(request, LISTING_SKILLS);
}

static void handle_cached(struct shell_request *request) {
    listing_answer(request, LISTING_CACHED);
}

static void drop(struct shell_request *request, struct str namespace, struct str name) {
    if (!skill_namespace_valid(namespace)) {
        request->skill_namespace = namespace;
        run_fail(request, FAILURE_NAMESPACE_NAME, NULL);
        return;
    }
    bool dropped = skill_store_drop(request->loop->shell->store, namespace, name);
    answer_json_text(request, HTTP_OK,
                     dropped ? "Skill removed from cache" : "Skill was not present in cache");
}

static void handle_drop(struct shell_request *request) {
    drop(request, request->params[0], request->params[1]);
}

/* One segment, "dev%2FNAME". */
static void handle_drop_2024(struct shell_request *request) {
    struct str namespace, name;
    if (run_split_name(request, request->params[0], &namespace, &name))
        drop(request, namespace, name);
}

const struct route route_table[] = {
    {"GET", "/health", 0, handle_health},
    {"GET", "/ready", 0, handle_ready},
    {"GET", "/v1/skills", ROUTE_BEARER, handle_skills},
    {"POST", "/v1/skills/{namespace}/{name}/run", ROUTE_BEARER | ROUTE_JSON, run_skill},
    {"GET", "/v1/skills/{namespace}/{name}/metadata", ROUTE_BEARER, run_metadata},
    {"GET", "/cached_skills", ROUTE_BEARER, handle_cached},
    {"DELETE", "/cached_skills/{namespace}/{name}", ROUTE_BEARER, handle_drop},
    /* routes of the existing Kernel as it was in 2024, which evaluations still call */
    {"GET", "/healthcheck", 0, handle_health},
    {"GET", "/skills", 0, handle_skills},
    {"POST", "/execute_skill", ROUTE_BEARER | ROUTE_TOKEN | ROUTE_JSON | ROUTE_2024,
     run_skill_2024},
    {"DELETE", "/cached_skills/{skill}", ROUTE_BEARER | ROUTE_2024, handle_drop_2024},
    {0},
};
