#include "shell/metadata.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "pk_ffi.h"
#include "shell/answer.h"
#include "shell/loop.h"
#include "shell/run.h"

enum {
    SCHEMA_MAX = 1 << 20, /* bytes of one schema */
    SCHEMA_VALUES_MAX =
        10000, /* JSON values and keys in it: the work of checking grows with them */
};

struct schema_checker {
    struct mailbox mail;
    struct mail stop;
    pthread_t thread;
};

/* ---- on the checker's thread */

/* Of valid JSON: every value but the first of its array or object comes behind a comma or colon. */
static size_t count_values(const uint8_t *json, size_t size) {
    size_t count = 1;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (in_string && json[i] == '\\')
            i++;
        else if (json[i] == '"')
            in_string = !in_string;
        else if (!in_string && strchr("{[,:", json[i]) && json[i])
            count++;
    }
    return count;
}

/* Passed on as it is, so it must be JSON by our own rule too. */
static bool check_schema(const char *what, const uint8_t *schema, size_t size, struct err *err) {
    const char *reason;
    uint64_t offset;
    char problem[500] = "";
    if (size > SCHEMA_MAX)
        return err_set(err, ERR_LIMIT, "the %s schema has %zu bytes, more than %d", what, size,
                       SCHEMA_MAX);
    if (!json_valid(schema, size, &reason, &offset))
        return err_set(err, ERR_INVALID, "the %s schema is not JSON: %s at byte %llu", what, reason,
                       (unsigned long long)offset);
    if (count_values(schema, size) > SCHEMA_VALUES_MAX)
        return err_set(err, ERR_LIMIT, "the %s schema is too complex: it has more than %d values",
                       what, SCHEMA_VALUES_MAX);
    if (!pk_schema_check((const char *)schema, size, problem, sizeof problem))
        return err_set(err, ERR_INVALID, "the %s schema is not a JSON Schema: %s", what, problem);
    return true;
}

static void check(struct shell_request *request) {
    struct err *err = &request->load.error;
    struct invocation_request *run = &request->run;
    err->kind = ERR_NONE;
    if (run->description_size > DESCRIPTION_MAX) {
        err_set(err, ERR_LIMIT, "the description has %zu bytes, more than %d",
                run->description_size, DESCRIPTION_MAX);
        return;
    }
    if (run->output && !check_schema("input", run->output, run->output_size, err)) return;
    if (run->output_schema)
        check_schema("output", run->output_schema, run->output_schema_size, err);
}

static void *checker_run(void *argument) {
    struct schema_checker *checker = argument;
    pthread_setname_np(pthread_self(), "schema");
    for (;;) {
        struct mail *mail = mailbox_take(&checker->mail);
        if (!mail) mailbox_wait(&checker->mail, UINT64_MAX);
        while (mail) {
            if (mail == &checker->stop) return NULL;
            struct shell_request *request = (struct shell_request *)mail;
            mail = mail->next;
            check(request);
            mailbox_post(&request->loop->mail, &request->mail);
        }
    }
}

/* ---- on the loop's */

bool schema_checker_new(struct schema_checker **out, struct err *err) {
    struct schema_checker *checker = calloc(1, sizeof *checker);
    if (!checker) return err_set(err, ERR_MEMORY, "no memory for the checker of schemas");
    if (!mailbox_init(&checker->mail)) {
        err_errno(err, errno, "the mailbox of the checker of schemas");
        free(checker);
        return false;
    }
    int failed = pthread_create(&checker->thread, NULL, checker_run, checker);
    if (!failed) {
        *out = checker;
        return true;
    }
    mailbox_free(&checker->mail);
    free(checker);
    return err_errno(err, failed, "the thread of the checker of schemas");
}

void schema_checker_free(struct schema_checker *checker) {
    if (!checker) return;
    mailbox_post(&checker->mail, &checker->stop);
    pthread_join(checker->thread, NULL);
    mailbox_free(&checker->mail);
    free(checker);
}

void metadata_check(struct schema_checker *checker, struct shell_request *request) {
    mailbox_post(&checker->mail, &request->mail);
}

static void add_schema(struct buf *json, const char *key, const uint8_t *schema, size_t size) {
    buf_format(json, ",\"%s\":", key);
    if (schema)
        buf_add(json, schema, size);
    else
        buf_text(json, "null");
}

/* {"description":S|null,"version":S|null,"skill_type":"function","input_schema":…|null,"output_schema":…|null}
 */
static void answer_with(struct shell_request *request, const char *version) {
    struct invocation_request *run = &request->run;
    struct buf json;
    buf_init(&json, SIZE_MAX);
    buf_text(&json, "{\"description\":");
    if (run->description)
        buf_json_string(&json, run->description, run->description_size);
    else
        buf_text(&json, "null");
    buf_format(&json, version ? ",\"version\":\"%s\"" : ",\"version\":null", version);
    buf_text(&json, ",\"skill_type\":\"function\"");
    add_schema(&json, "input_schema", run->output, run->output_size);
    add_schema(&json, "output_schema", run->output_schema, run->output_schema_size);
    buf_byte(&json, '}');
    answer_buf(request, HTTP_OK, TYPE_JSON, &json);
}

void metadata_answer(struct shell_request *request) {
    if (request->load.error.kind != ERR_NONE)
        run_fail(request, FAILURE_SCHEMA, request->load.error.text);
    else
        answer_with(request, request->world_minor <= 3
                                 ? "0.3"
                                 : "0.4"); /* world 0.5's is the same as 0.4's */
}

void metadata_answer_none(struct shell_request *request) {
    answer_with(request, NULL);
}
