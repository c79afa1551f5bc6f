#include "shell/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/must.h"
#include "base/owner.h"
#include "shell/answer.h"
#include "shell/handler.h"
#include "shell/loop.h"
#include "shell/metadata.h"
#include "shell/route.h"
#include "shell/span.h"

/* ---- failures */

static const char load_prefix[] = "Error loading skill: ";

void run_fail(struct shell_request *request, enum failure failure, const char *cause) {
    struct buf text;
    buf_init(&text, SIZE_MAX);
    if (failure == FAILURE_LOAD && strncmp(cause, load_prefix, sizeof load_prefix - 1) == 0)
        cause += sizeof load_prefix - 1;
    unsigned status =
        failure_text(&text, failure, request->skill_namespace, request->skill_name, cause);
    if (buf_cstr(&text)) log_line(LOG_INFO, "shell", failure, "%u: %s", status, buf_cstr(&text));
    if (!(request->route->flags & ROUTE_2024)) {
        answer_buf(request, status, TYPE_TEXT, &text);
        return;
    }
    struct buf json;
    buf_init(&json, SIZE_MAX);
    buf_json_string(&json, text.data, text.size);
    json.failed |= text.failed;
    buf_free(&text);
    answer_buf(request, failure_status_2024(failure), TYPE_JSON, &json);
}

/* ---- the other threads' calls: they only send the request home */

static void loaded_elsewhere(struct skill_request *load) {
    struct shell_request *request = OWNER(load, struct shell_request, load);
    mailbox_post(&request->loop->mail, &request->mail);
}

static void ran_elsewhere(struct invocation_request *run) {
    struct shell_request *request = OWNER(run, struct shell_request, run);
    mailbox_post(&request->loop->mail, &request->mail);
}

/* ---- the invocation is over */

static void forget_answer(struct invocation_request *run) {
    free(run->output);
    free(run->output_schema);
    free(run->description);
    free(run->text);
    run->output = run->output_schema = run->description = NULL;
    run->text = NULL;
}

static void answer_run(struct shell_request *request) {
    struct invocation_request *run = &request->run;
    if (run->outcome != INVOCATION_OK) {
        request->retry = run->outcome == INVOCATION_REFUSED ? 1 : 0;
        run_fail(request, failure_of(run->outcome),
                 run->text ? run->text : "the kernel has no memory for the cause");
        return;
    }
    if (!request_output_charge(request, run->output_size)) {
        answer_no_room(request);
        return;
    }
    answer_data(request, HTTP_OK, TYPE_JSON, run->output, run->output_size);
    run->output = NULL;
}

static void ended(struct shell_request *request);

/* What the skill said waits for the thread aside, which makes a body of it: both count. */
static bool charge_metadata(struct shell_request *request) {
    const struct invocation_request *run = &request->run;
    return request_output_charge(request, 2 * (run->output_size + run->output_schema_size) +
                                              7 * run->description_size);
}

static void check_schemas(struct shell_request *request) {
    request_move(request, REQUEST_ASIDE);
    request_send_to_work(request, ended);
    metadata_check(request);
}

/* Mail: the runtime, or the thread aside, is done. */
static void ended(struct shell_request *request) {
    bool left = request->state == REQUEST_LEFT;
    bool metadata =
        request->run.entry == INVOCATION_METADATA && request->run.outcome == INVOCATION_OK;
    bool checked = request->state == REQUEST_ASIDE;
    if (metadata && !checked && !left && charge_metadata(request)) {
        check_schemas(request);
        return;
    }
    if (!left && metadata && !checked)
        answer_no_room(request);
    else if (!left && metadata)
        metadata_answer(request);
    else if (!left)
        answer_run(request);
    forget_answer(&request->run);
    if (left) {
        request_work_done(request);
        return;
    }
    handler_send(request);
}

/* ---- the skill is there */

/* Its reference moves to the runtime. False: it was answered without running it. */
static bool start(struct shell_request *request, struct skill *skill) {
    bool metadata = request->run.entry == INVOCATION_METADATA;
    if (metadata ? !skill->metadata : skill->kind != SKILL_FUNCTION) {
        if (metadata)
            metadata_answer_none(request);
        else
            run_fail(request, FAILURE_STREAM_SKILL, NULL);
        skill_release(skill);
        return false;
    }
    request->run.skill = skill;
    request->run.input = (const uint8_t *)request->input.data;
    request->run.input_size = request->input.size;
    request->run.done = ran_elsewhere;
    request->world_minor = skill->world_minor;
    request_move(request, REQUEST_RUNNING);
    request_send_to_work(request, ended);
    runtime_submit(request->loop->shell->runtime, &request->run);
    return true;
}

/* Mail: the store has loaded the skill, or could not. */
static void loaded(struct shell_request *request) {
    struct skill_request *load = &request->load;
    if (request->state == REQUEST_LEFT) {
        skill_release(load->skill);
        request_work_done(request);
        return;
    }
    if (load->skill && start(request, load->skill)) return;
    if (!load->skill) {
        request->retry = load->retry_after;
        run_fail(request, FAILURE_LOAD, load->error.text);
    }
    handler_send(request);
}

static void fetch(struct shell_request *request) {
    struct skill_request *load = &request->load;
    load->done = loaded_elsewhere;
    load->skill = NULL;
    request_send_to_work(request, loaded);
    switch (skill_store_get(request->loop->shell->store, request->skill_namespace,
                            request->skill_name, load)) {
    case SKILL_PENDING:
        request_move(request, REQUEST_LOADING);
        return;
    case SKILL_READY:
        break;
    case SKILL_UNKNOWN:
        run_fail(request, FAILURE_UNKNOWN, NULL);
        break;
    case SKILL_MISCONFIGURED:
        run_fail(request,
                 load->error.kind == ERR_CANCELLED ? FAILURE_LOAD /* the store has stopped */
                                                   : FAILURE_MISCONFIGURED,
                 load->error.text);
        break;
    }
    request->at_work = false; /* no mail will come */
    request->loop->outstanding--;
    if (!request->done) start(request, load->skill);
}

/* ---- routes */

static void begin(struct shell_request *request, enum invocation_entry entry, struct str namespace,
                  struct str name) {
    memset(&request->run, 0, sizeof request->run);
    request->run.entry = entry;
    request->skill_namespace = namespace;
    request->skill_name = name;
    if (skill_namespace_valid(namespace))
        fetch(request);
    else
        run_fail(request, FAILURE_NAMESPACE_NAME, NULL);
}

void run_skill(struct shell_request *request) {
    request->input = (struct str){(char *)request->body.data, request->body.size};
    begin(request, INVOCATION_RUN, request->params[0], request->params[1]);
}

void run_metadata(struct shell_request *request) {
    request->input = (struct str){0};
    begin(request, INVOCATION_METADATA, request->params[0], request->params[1]);
}

bool run_split_name(struct shell_request *request, struct str skill, struct str *namespace,
                    struct str *name) {
    size_t slash = str_find(skill, '/');
    if (slash == skill.size) {
        answer_json_text(request, HTTP_BAD_REQUEST,
                         "The skill has a missing namespace: it must be named \"namespace/name\".");
        return false;
    }
    *namespace = (struct str){skill.data, slash};
    *name = (struct str){skill.data + slash + 1, skill.size - slash - 1};
    return true;
}

/* {"skill": "dev/NAME", "input": …} */
void run_skill_2024(struct shell_request *request) {
    static const char *const keys[] = {"skill", "input"};
    struct str values[2];
    struct str body = {(char *)request->body.data, request->body.size}, skill = {0};
    if (!span_members(body, keys, values, 2) || !values[0].data || !values[1].data) {
        answer_text(request, HTTP_UNPROCESSABLE_CONTENT,
                    "The request body must be a JSON object with the members \"skill\" "
                    "(\"namespace/name\") and \"input\".");
        return;
    }
    if (!span_string(values[0], &request->names, &skill)) {
        answer_text(request, HTTP_UNPROCESSABLE_CONTENT,
                    "The member \"skill\" must be a string, \"namespace/name\".");
        return;
    }
    struct str namespace, name;
    request->input = values[1];
    bool blank = span_blank(skill);
    if (!blank && !run_split_name(request, skill, &namespace, &name)) return;
    if (blank || span_blank(name))
        answer_json_text(request, HTTP_BAD_REQUEST, "The name of the skill is empty.");
    else
        begin(request, INVOCATION_RUN, namespace, name);
}
