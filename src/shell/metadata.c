#include "shell/metadata.h"

#include "shell/answer.h"
#include "shell/aside.h"
#include "shell/loop.h"
#include "shell/run.h"
#include "shell/schema.h"

/* ---- on the thread aside */

static void add_schema(struct buf *json, const char *key, const uint8_t *schema, size_t size) {
    buf_format(json, ",\"%s\":", key);
    if (schema)
        buf_add(json, schema, size);
    else
        buf_text(json, "null");
}

/* {"description":S|null,"version":S|null,"skill_type":"function","input_schema":…|null,"output_schema":…|null}
 */
static void make_body(struct buf *json, const struct invocation_request *run, const char *version) {
    buf_init(json, SIZE_MAX);
    buf_text(json, "{\"description\":");
    if (run->description)
        buf_json_string(json, run->description, run->description_size);
    else
        buf_text(json, "null");
    buf_format(json, version ? ",\"version\":\"%s\"" : ",\"version\":null", version);
    buf_text(json, ",\"skill_type\":\"function\"");
    add_schema(json, "input_schema", run->output, run->output_size);
    add_schema(json, "output_schema", run->output_schema, run->output_schema_size);
    buf_byte(json, '}');
}

static bool check(struct schema_cache *cache, const struct invocation_request *run,
                  struct err *err) {
    if (run->description_size > DESCRIPTION_MAX)
        return err_set(err, ERR_LIMIT, "the description has %zu bytes, more than %d",
                       run->description_size, DESCRIPTION_MAX);
    return (!run->output || schema_check(cache, "input", run->output, run->output_size, err)) &&
           (!run->output_schema ||
            schema_check(cache, "output", run->output_schema, run->output_schema_size, err));
}

/* The cache of schemas is this thread's only. */
static void check_and_make(struct shell_request *request) {
    struct err *err = &request->load.error;
    err->kind = ERR_NONE;
    if (check(request->loop->shell->schemas, &request->run, err))
        make_body(&request->body_made, &request->run,
                  request->world_minor <= 3 ? "0.3" : "0.4"); /* 0.5's is the same as 0.4's */
}

/* ---- on the loop's */

void metadata_check(struct shell_request *request) {
    request->aside = check_and_make;
    aside_send(request->loop->shell->aside, request);
}

void metadata_answer(struct shell_request *request) {
    if (request->load.error.kind != ERR_NONE)
        run_fail(request, FAILURE_SCHEMA, request->load.error.text);
    else if (!request_output_charge(request, request->body_made.size))
        answer_no_room(request);
    else
        answer_buf(request, HTTP_OK, TYPE_JSON, &request->body_made);
}

void metadata_answer_none(struct shell_request *request) {
    make_body(&request->body_made, &request->run, NULL);
    answer_buf(request, HTTP_OK, TYPE_JSON, &request->body_made);
}
