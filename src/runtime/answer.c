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

static enum abi_step no_memory(struct skill_call *call, uint32_t size) {
    abi_fail(&call->abi, "the kernel has no memory for an answer of %u bytes", size);
    return ABI_STEP_FAIL;
}

static enum abi_step invalid_output(struct invocation_request *request, uint32_t size) {
    const struct json_check *check = &request->check;
    char text[200];
    snprintf(text, sizeof text, "%s at byte %llu of its %u bytes of output", check->problem,
             (unsigned long long)check->offset, size);
    answer_clear(request);
    request->outcome = INVOCATION_INVALID_OUTPUT;
    request->text = strdup(text);
    return ABI_STEP_DONE;
}

/* A piece is checked and copied. */
static enum abi_step finish_output(struct skill_call *call, struct invocation_request *request,
                                   const struct abi_value *output) {
    size_t left = output->n - request->output_size, piece = left < ABI_PIECE ? left : ABI_PIECE;
    if (!request->output) {
        json_check_init(&request->check);
        request->output = malloc((size_t)output->n + 1);
        if (!request->output) return no_memory(call, output->n);
    }
    const uint8_t *from = output->bytes + request->output_size;
    if (!json_check_add(&request->check, from, piece)) return invalid_output(request, output->n);
    if (piece) memcpy(request->output + request->output_size, from, piece);
    request->output_size += piece;
    if (piece < left) return ABI_STEP_MORE;
    if (!json_check_end(&request->check)) return invalid_output(request, output->n);
    request->output[output->n] = 0;
    request->outcome = INVOCATION_OK;
    return ABI_STEP_DONE;
}

/* result<list<u8>, variant{internal(string), invalid-input(string)}> */
static enum abi_step finish_run(struct skill_call *call, struct invocation_request *request,
                                const struct abi_value *result) {
    if (result->n == 0) return finish_output(call, request, result->items);
    const struct abi_value *error = result->items;
    request->outcome = error->n == 0 ? INVOCATION_USER_ERROR : INVOCATION_INVALID_INPUT;
    struct abi_value text = *error->items;
    if (text.n > ERROR_TEXT_MAX) text.n = ERROR_TEXT_MAX;
    while (text.n < error->items->n && text.n && (text.bytes[text.n] & 0xc0) == 0x80)
        text.n--; /* no character is cut in two */
    request->text = (char *)copy(&text);
    return request->text ? ABI_STEP_DONE : no_memory(call, text.n);
}

/* record{description: option<string>, input-schema: list<u8>, output-schema: list<u8>} */
static enum abi_step finish_metadata(struct skill_call *call, struct invocation_request *request,
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
    bool copied = request->output && request->output_schema;
    return copied ? ABI_STEP_DONE : no_memory(call, field[1].n);
}

enum abi_step answer_finish(struct skill_call *call, const struct abi_value *result) {
    struct invocation_request *request = call->finish_context;
    if (request->entry == INVOCATION_RUN) return finish_run(call, request, result);
    return finish_metadata(call, request, result);
}
