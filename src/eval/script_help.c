/* The tables of commands and arguments, for people. */
#include <inttypes.h>

#include "eval/script_internal.h"

static const char form[] = "One command per line: [!] [REPEAT] COMMAND [ARGUMENT…]  # comment\n"
                           "  !       requests of this line may fail\n"
                           "  REPEAT  so many times, as one timed entry";

void script_help(struct buf *out) {
    buf_format(out, "%s (1 to %d)\n", form, SCRIPT_MAX_REPEAT);
    buf_text(out, "  \"stop\" is implied at the end\n\nCommands:\n");
    for (unsigned i = 0; i < SCRIPT_COMMAND_COUNT; i++) {
        const struct script_command_row *row = &script_rows[i];
        buf_format(out, "  %s%s%s\n      %s\n", row->word, *row->arguments ? " " : "",
                   row->arguments, row->help);
    }
    buf_text(out, "\nArguments:\n"
                  "  NAME    a skill's name, such as sample_c1\n"
                  "  TOPIC   one word, which the skill greets\n");
#define X(word, member, min, max, otherwise, help)                                                 \
    buf_format(out, "  %-6s  %s (%d to %d)\n", word, help, min, max);
    SCRIPT_NUMBERS(X)
#undef X
}

void script_help_markdown(struct buf *out) {
    buf_text(out, "| command | arguments | what it does |\n| --- | --- | --- |\n");
    for (unsigned i = 0; i < SCRIPT_COMMAND_COUNT; i++) {
        const struct script_command_row *row = &script_rows[i];
        const char *quote = *row->arguments ? "`" : "";
        buf_format(out, "| `%s` | %s%s%s | %s |\n", row->word, quote, row->arguments, quote,
                   row->help);
    }
    buf_text(out, "\n| argument | from | to | what it is |\n| --- | --- | --- | --- |\n");
#define X(word, member, min, max, otherwise, help)                                                 \
    buf_format(out, "| `%s` | %d | %d | %s |\n", word, min, max, help);
    SCRIPT_NUMBERS(X)
#undef X
}
