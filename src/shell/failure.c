#include "shell/failure.h"

#include "base/escape.h"
#include "base/must.h"
#include "store/store.h"

/* The text: before, "NAMESPACE/NAME" (or the namespace alone), after, cause. What tests and clients
 * look for: "could not find the skill", "responded with an error", "had trouble interpreting the
 * input", "could not interpret", "in our runtime", "Original error:", "Original Syntax error:",
 * "Error loading skill: ", "Invalid namespace", "/message-stream". */
static const struct {
    unsigned status, status_2024;
    bool namespace_only;
    const char *before, *after;
} failures[FAILURE_COUNT] = {
    [FAILURE_NAMESPACE_NAME] = {400, 400, true, "Invalid namespace \"",
                                "\": a namespace has " SKILL_NAMESPACE_RULE "."},
    [FAILURE_UNKNOWN] = {400, 400, false, "Sorry, we could not find the skill \"",
                         "\". There are three possible causes:\n\n"
                         "1. The name of the skill in the request is wrong.\n"
                         "2. The namespace in the request is wrong.\n"
                         "3. The skill is not configured: its namespace has no skill of this name "
                         "(GET /v1/skills lists them)."},
    [FAILURE_MISCONFIGURED] = {500, 500, true, "The namespace \"",
                               "\" is misconfigured, so none of its skills can be run until its "
                               "configuration is mended.\n\n"
                               "Original Syntax error:\n\n"},
    [FAILURE_LOAD] = {503, 500, false, "Error loading skill: \"", "\": "},
    [FAILURE_STREAM_SKILL] = {400, 500, false, "The skill \"",
                              "\" is a streaming skill: it answers with a stream of messages, "
                              "which this route does not have. It needs the /message-stream route, "
                              "which this kernel does not have yet."},
    [FAILURE_USER] = {400, 500, false, "The skill \"",
                      "\" was run and responded with an error. The error comes from the skill's "
                      "own code, whose authors know best "
                      "what it means. It says:\n\n"},
    [FAILURE_INPUT] = {400, 500, false, "The skill \"",
                       "\" had trouble interpreting the input. Please compare the input with what "
                       "the skill expects. "
                       "The skill says:\n\n"},
    [FAILURE_OUTPUT] = {500, 500, false, "We could not interpret what the skill \"",
                        "\" returned as its output: it is not valid JSON. This is an error in the "
                        "skill.\n\nOriginal error:\n\n"},
    [FAILURE_SCHEMA] = {400, 500, false, "The skill \"",
                        "\" responded with an error in its metadata: a schema in it is not a valid "
                        "JSON Schema. It says:\n\n"},
    [FAILURE_RUNTIME] =
        {503, 500, false, "The skill \"",
         "\" could not be run to its end: something went wrong in our runtime. If trying again "
         "later does not help, "
         "please tell those who operate this kernel or develop the skill.\n\nOriginal error:\n\n"},
};

unsigned failure_text(struct buf *out, enum failure failure, struct str namespace, struct str name,
                      const char *cause) {
    must(failure < FAILURE_COUNT && failures[failure].before);
    buf_text(out, failures[failure].before);
    escape_add(out, namespace);
    if (!failures[failure].namespace_only) {
        buf_byte(out, '/');
        escape_add(out, name);
    }
    buf_text(out, failures[failure].after);
    if (cause) buf_text(out, cause);
    return failures[failure].status;
}

unsigned failure_status_2024(enum failure failure) {
    return failures[failure].status_2024;
}

enum failure failure_of(enum invocation_outcome outcome) {
    switch (outcome) {
    case INVOCATION_USER_ERROR:
        return FAILURE_USER;
    case INVOCATION_INVALID_INPUT:
        return FAILURE_INPUT;
    case INVOCATION_INVALID_OUTPUT:
        return FAILURE_OUTPUT;
    default:
        return FAILURE_RUNTIME;
    }
}
