/* judge COMPONENT SEED ROUNDS: calls every exported function ROUNDS times with random values (or
 * none), through our own chain and through Wasmtime's component implementation, and compares
 * results and traps. Prints "N calls, M equal"; exit code 1 when they differ. */
#include <stdio.h>
#include <stdlib.h>

#include "ours.h"
#include "support/fixture.h"
#include "theirs.h"
#include "values.h"

static void complain(const struct abi_export *export, const struct abi_value *params, bool good[2],
                     struct abi_value results[2], char problems[2][400]) {
    struct buf text;
    buf_init(&text, 1 << 20);
    const struct abi_signature *signature = &export->signature;
    buf_format(&text, "%.*s(", STR_ARG(export->name));
    for (uint32_t i = 0; i < signature->param_count; i++) {
        if (i) buf_text(&text, ", ");
        value_show(signature->params[i], &params[i], &text);
    }
    static const char *const who[] = {")\n  judge: ", "\n  here:  "};
    for (int i = 0; i < 2; i++) {
        buf_text(&text, who[i]);
        if (!good[i])
            buf_format(&text, "trap: %s", problems[i]);
        else if (signature->result)
            value_show(signature->result, &results[i], &text);
    }
    const char *shown = buf_cstr(&text);
    puts(shown ? shown : "(too long to show)");
    buf_free(&text);
}

/* One call on both sides; are they equal? */
static bool compare(struct ours *ours, struct theirs *theirs, const struct abi_export *export,
                    struct random *random, struct arena *arena) {
    const struct abi_signature *signature = &export->signature;
    struct abi_value *params = abi_values(arena, signature->param_count + 1), results[2] = {{0}};
    for (uint32_t i = 0; i < signature->param_count; i++)
        if (!value_random(random, arena, signature->params[i], 0, &params[i])) {
            fprintf(stderr, "judge: cannot make a value of parameter %u of %.*s\n", i,
                    STR_ARG(export->name));
            exit(2);
        }
    char problems[2][400] = {"", ""};
    bool good[2];
    good[0] =
        theirs_call(theirs, export, params, arena, &results[0], problems[0], sizeof problems[0]);
    good[1] = ours_call(ours, export, params, arena, &results[1], problems[1], sizeof problems[1]);
    bool equal = good[0] == good[1];
    if (equal && good[0] && signature->result)
        equal = value_equal(signature->result, &results[0], &results[1]);
    if (!equal) complain(export, params, good, results, problems);
    return equal;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: judge COMPONENT SEED ROUNDS\n");
        return 2;
    }
    size_t size;
    uint8_t *bytes = fixture_read(argv[1], &size);
    struct random random = {.state = strtoull(argv[2], NULL, 10) * 2654435769u + 1};
    struct ours *ours = ours_new(bytes, size);
    const struct abi_interface *interface = ours_interface(ours);
    struct theirs *theirs = theirs_new(bytes, size, interface);
    struct arena arena;
    arena_init(&arena, (size_t)1 << 30);
    int calls = 0, equal = 0, rounds = atoi(argv[3]);
    for (uint32_t i = 0; i < interface->export_count; i++)
        for (int round = 0; round < rounds; round++, calls++) {
            equal += compare(ours, theirs, &interface->exports[i], &random, &arena);
            arena_reset(&arena);
        }
    printf("%d calls, %d equal, %u functions\n", calls, equal, interface->export_count);
    arena_free(&arena);
    theirs_free(theirs);
    ours_free(ours);
    free(bytes);
    return equal != calls;
}
