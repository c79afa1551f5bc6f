/* The words of one line: mark, number, command, arguments. */
#include <inttypes.h>
#include <stddef.h>

#include "base/must.h"
#include "eval/script_internal.h"

/* ---- Arguments. */

static const struct number {
    const char *word;
    size_t offset;
    uint32_t min, max, otherwise;
} numbers[] = {
#define X(word, member, min, max, otherwise, help)                                                 \
    {word, offsetof(struct script_entry, member), min, max, otherwise},
    SCRIPT_NUMBERS(X)
#undef X
};

static uint32_t *member_of(struct script_entry *entry, const struct number *number) {
    return (uint32_t *)((char *)entry + number->offset);
}

/* One of a command's arguments, "KB" or "[KB]". */
struct argument {
    struct str word;
    bool optional;
};

/* Takes the next one from the text of the table. */
static bool next_argument(struct str *spec, struct argument *argument) {
    while (spec->size > 0 && spec->data[0] == ' ') spec->data++, spec->size--;
    if (spec->size == 0) return false;
    size_t size = str_find(*spec, ' ');
    argument->optional = spec->data[0] == '[';
    argument->word = argument->optional ? (struct str){spec->data + 1, size - 2}
                                        : (struct str){spec->data, size};
    *spec = (struct str){spec->data + size, spec->size - size};
    return true;
}

static bool parse_number(struct str word, uint32_t min, uint32_t max, uint32_t *number) {
    uint64_t value = 0;
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] < '0' || word.data[i] > '9') return false;
        value = 10 * value + (uint64_t)(word.data[i] - '0');
        if (value > max) return false;
    }
    if (word.size == 0 || value < min) return false;
    *number = (uint32_t)value;
    return true;
}

static bool set_name(struct script_reader *reader, struct str word, const char **name) {
    if (word.data[0] == '.' || str_find(word, '/') < word.size || word.size > SCRIPT_MAX_NAME)
        return script_problem(reader,
                              "NAME \"%.*s%s\" is no skill's name, such as sample_c1: no \"/\", no "
                              "\".\" at the begin, at most %d bytes",
                              SHOW(word), SCRIPT_MAX_NAME);
    *name = arena_copy(&reader->script->arena, word.data, word.size);
    return *name ? true : script_problem(reader, "no memory to read it");
}

static bool set_number(struct script_reader *reader, struct str argument, struct str word,
                       struct script_entry *entry) {
    const struct number *number = numbers, *end = numbers + sizeof numbers / sizeof *numbers;
    while (number < end && !str_is(argument, number->word)) number++;
    must(number < end); /* else the two tables do not fit */
    if (parse_number(word, number->min, number->max, member_of(entry, number))) return true;
    return script_problem(reader, "%s of %s: \"%.*s%s\" is no number from %" PRIu32 " to %" PRIu32,
                          number->word, script_command_word(entry->command), SHOW(word),
                          number->min, number->max);
}

static bool set_argument(struct script_reader *reader, struct str argument, struct str word,
                         struct script_entry *entry) {
    if (str_is(argument, "NAME")) return set_name(reader, word, &entry->name);
    if (!str_is(argument, "TOPIC")) return set_number(reader, argument, word, entry);
    entry->topic = arena_copy(&reader->script->arena, word.data, word.size);
    return entry->topic ? true : script_problem(reader, "no memory to read it");
}

static bool read_arguments(struct script_reader *reader, const struct str *words, size_t count,
                           struct script_entry *entry) {
    const struct script_command_row *row = &script_rows[entry->command];
    struct str spec = str_of(row->arguments);
    struct argument argument;
    size_t used = 0;
    while (next_argument(&spec, &argument)) {
        if (used == count && argument.optional) continue;
        if (used == count)
            return script_problem(reader, "%s without %.*s: it takes %s", row->word,
                                  STR_ARG(argument.word), row->arguments);
        if (!set_argument(reader, argument.word, words[used++], entry)) return false;
    }
    if (used == count) return true;
    return script_problem(reader, "\"%.*s%s\" is too much: %s takes %s", SHOW(words[used]),
                          row->word, *row->arguments ? row->arguments : "no arguments");
}

/* ---- The command and what stands before it. */

static bool find_command(struct script_reader *reader, struct str word,
                         enum script_command *command) {
    for (unsigned i = 0; i < SCRIPT_COMMAND_COUNT; i++) {
        if (!str_is(word, script_rows[i].word)) continue;
        *command = (enum script_command)i;
        return true;
    }
    if (str_is(word, "stop"))
        return script_problem(reader, "\"stop\" is implied at the end of a script: remove it");
    if (str_starts(word, "!"))
        return script_problem(reader, "\"!\" stands once, before the number and the command");
#define X(command, word, kind, sample, arguments, help) ", " word
    static const char possible[] = "" SCRIPT_COMMANDS(X);
#undef X
    return script_problem(reader, "there is no command \"%.*s%s\"; possible are %s", SHOW(word),
                          possible + 2);
}

static bool looks_like_number(struct str word) {
    size_t sign = word.data[0] == '-' || word.data[0] == '+';
    return word.size > sign && word.data[sign] >= '0' && word.data[sign] <= '9';
}

static void set_defaults(struct script_entry *entry) {
    *entry = (struct script_entry){.repeat = 1};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *member_of(entry, &numbers[i]) = numbers[i].otherwise;
}

bool script_entry_read(struct script_reader *reader, const struct str *words, size_t count,
                       struct script_entry *entry) {
    size_t at = 0;
    set_defaults(entry);
    entry->may_fail = str_is(words[at], "!");
    if (entry->may_fail) at++;
    if (at < count && looks_like_number(words[at]) &&
        !parse_number(words[at++], 1, SCRIPT_MAX_REPEAT, &entry->repeat))
        return script_problem(reader,
                              "\"%.*s%s\" is no number of repetitions: from 1 to %d is possible",
                              SHOW(words[at - 1]), SCRIPT_MAX_REPEAT);
    if (at == count)
        return script_problem(reader, "no command behind \"%.*s%s\"", SHOW(words[at - 1]));
    if (!find_command(reader, words[at], &entry->command)) return false;
    entry->kind = script_rows[entry->command].kind;
    entry->sample = script_rows[entry->command].sample;
    return read_arguments(reader, words + at + 1, count - at - 1, entry);
}
