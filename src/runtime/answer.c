#include "runtime/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_check.h"

enum {
    ERROR_TEXT_MAX = 64 << 10
}; /* bytes of a skill's own error text: a traceback, not a document */

void answer_clear(struct invocation_request *request) {
    free(request->output);
    free(request->output_schema);
    free(request->description);
    free(request->text);
    request->output = request->output_schema = request->description = NULL;
    request->output_size = request->output_schema_size = request->description_size = 0;
    request->text = NULL;
}

/* A copy of guest bytes with a NUL behind it; NULL only without memory. */
static uint8_t *copy(const struct abi_value *value) {
    uint8_t *bytes = malloc((size_t)value->n + 1);
    if (!bytes) return NULL;
    if (value->n) memcpy(bytes, value->bytes, value->n);
    bytes[value->n] = 0;
    return bytes;
}

static bool no_memory(struct skill_call *call, uint32_t size) {
    return abi_fail(&call->abi, "the kernel has no memory for an answer of %u bytes", size);
}

static bool finish_output(struct skill_call *call, struct invocation_request *request,
                          const struct abi_value *output) {
    const char *problem;
    uint64_t offset;
    if (!json_valid(output->bytes, output->n, &problem, &offset)) {
        char text[200];
        snprintf(text, sizeof text, "%s at byte %llu of its %u bytes of output", problem,
                 (unsigned long long)offset, output->n);
        request->outcome = INVOCATION_INVALID_OUTPUT;
        request->text = strdup(text);
        return true;
    }
    request->output = copy(output);
    request->output_size = output->n;
    request->outcome = INVOCATION_OK;
    return request->output || no_memory(call, output->n);
}

/* result<list<u8>, variant{internal(string), invalid-input(string)}> */
static bool finish_run(struct skill_call *call, struct invocation_request *request,
                       const struct abi_value *result) {
    if (result->n == 0) return finish_output(call, request, result->items);
    const struct abi_value *error = result->items;
    request->outcome = error->n == 0 ? INVOCATION_USER_ERROR : INVOCATION_INVALID_INPUT;
    struct abi_value text = *error->items;
    if (text.n > ERROR_TEXT_MAX) text.n = ERROR_TEXT_MAX;
    while (text.n < error->items->n && text.n && (text.bytes[text.n] & 0xc0) == 0x80)
        text.n--; /* no character is cut in two */
    request->text = (char *)copy(&text);
    return request->text || no_memory(call, text.n);
}

/* record{description: option<string>, input-schema: list<u8>, output-schema: list<u8>} */
static bool finish_metadata(struct skill_call *call, struct invocation_request *request,
                            const struct abi_value *result) {
    const struct abi_value *field = result->items;
    if (field[0].n) {
        request->description_size = field[0].items->n;
        if (request->description_size <= DESCRIPTION_MAX)
            request->description = copy(field[0].items);
        if (request->description_size <= DESCRIPTION_MAX && !request->description)
            return no_memory(call, field[0].items->n);
    }
    request->output = copy(&field[1]);
    request->output_size = field[1].n;
    request->output_schema = copy(&field[2]);
    request->output_schema_size = field[2].n;
    request->outcome = INVOCATION_OK;
    return (request->output && request->output_schema) || no_memory(call, field[1].n);
}

bool answer_finish(struct skill_call *call, const struct abi_value *result) {
    struct invocation_request *request = call->finish_context;
    if (request->entry == INVOCATION_RUN) return finish_run(call, request, result);
    return finish_metadata(call, request, result);
}
