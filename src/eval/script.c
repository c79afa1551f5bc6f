#include "eval/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "eval/script_internal.h"

enum { ARENA_MAX = 64 << 20, HASHED_MAX = 32 << 20 };

const struct script_command_row script_rows[SCRIPT_COMMAND_COUNT] = {
#define X(command, word, kind, sample, arguments, help)                                            \
    [command] = {word, sample, arguments, help, kind},
    SCRIPT_COMMANDS(X)
#undef X
};

const char *script_command_word(enum script_command command) {
    return script_rows[command].word;
}

bool script_problem(struct script_reader *reader, const char *format, ...) {
    char text[1000];
    if (reader->problem_count++ >= SCRIPT_MAX_PROBLEMS) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_format(reader->problems, "%s:%u: %s\n", reader->script->path, reader->line, text);
    return false;
}

static char *join(struct arena *arena, const struct str *words, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++) size += words[i].size + 1;
    char *text = arena_alloc(arena, size), *to = text;
    for (size_t i = 0; text && i < count; i++) {
        memcpy(to, words[i].data, words[i].size);
        to += words[i].size;
        *to++ = i + 1 < count ? ' ' : '\0';
    }
    return text;
}

static void hash_words(struct buf *hashed, const struct str *words, size_t count) {
    buf_text(hashed, hashed->size > 1 ? ", [" : "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buf_text(hashed, ", ");
        script_python_repr(hashed, words[i].data, words[i].size);
    }
    buf_byte(hashed, ']');
}

static bool out_of_memory(struct script_reader *reader) {
    return script_problem(reader, "no memory to read it");
}

static bool keep(struct script_reader *reader, struct script_entry *entry, const struct str *words,
                 size_t count) {
    struct script *script = reader->script;
    if (script->count == reader->room) {
        size_t room = reader->room ? 2 * reader->room : 64;
        void *entries = realloc(script->entries, room * sizeof *script->entries);
        if (!entries) return out_of_memory(reader);
        script->entries = entries;
        reader->room = room;
    }
    entry->line = reader->line;
    entry->text = join(&script->arena, words, count);
    if (!entry->text) return out_of_memory(reader);
    hash_words(&reader->hashed, words, count);
    script->entries[script->count++] = *entry;
    return true;
}

static void read_line(struct script_reader *reader, struct str line) {
    struct str words[SCRIPT_MAX_WORDS];
    struct script_entry entry;
    size_t count;
    if (!script_split(reader, line, words, &count) || count == 0) return;
    if (!script_entry_read(reader, words, count, &entry)) return;
    keep(reader, &entry, words, count);
}

static void read_lines(struct script_reader *reader, struct str rest) {
    if (str_starts(rest, "\xef\xbb\xbf")) rest = (struct str){rest.data + 3, rest.size - 3};
    for (reader->line = 1; rest.size > 0; reader->line++) {
        size_t end = str_find(rest, '\n'), used = end < rest.size ? end + 1 : end;
        if (end > 0 && rest.data[end - 1] == '\r') end--;
        read_line(reader, (struct str){rest.data, end});
        rest = (struct str){rest.data + used, rest.size - used};
    }
}

/* Problems of the file, and the hash when there are none. */
static bool finish(struct script_reader *reader) {
    struct script *script = reader->script;
    if (reader->problem_count > SCRIPT_MAX_PROBLEMS)
        buf_format(reader->problems, "%s: %zu further bad lines are not shown\n", script->path,
                   reader->problem_count - SCRIPT_MAX_PROBLEMS);
    if (reader->problem_count > 0) return false;
    if (script->count == 0) {
        buf_format(
            reader->problems,
            "%s: holds no command: one per line is expected, such as \"add_c\" (resource-eval "
            "run --help lists them)\n",
            script->path);
        return false;
    }
    buf_byte(&reader->hashed, ']');
    if (reader->hashed.failed) {
        buf_format(reader->problems, "%s: no memory to read it\n", script->path);
        return false;
    }
    sha1_of(reader->hashed.data, reader->hashed.size, script->hash);
    return true;
}

bool script_parse(const char *path, const void *bytes, size_t size, struct script *script,
                  struct buf *problems) {
    struct script_reader reader = {.script = script, .problems = problems};
    *script = (struct script){.path = path};
    arena_init(&script->arena, ARENA_MAX);
    if (size > SCRIPT_MAX_FILE) {
        buf_format(problems, "%s: is larger than %d bytes, the most that is read\n", path,
                   SCRIPT_MAX_FILE);
        return false;
    }
    buf_init(&reader.hashed, HASHED_MAX);
    buf_byte(&reader.hashed, '[');
    read_lines(&reader, (struct str){bytes, size});
    bool good = finish(&reader);
    buf_free(&reader.hashed);
    if (!good) script_free(script);
    return good;
}

bool script_read(const char *path, struct script *script, struct buf *problems) {
    struct buf bytes;
    struct err err;
    uint64_t modified;
    buf_init(&bytes, SCRIPT_MAX_FILE);
    bool good = file_read(path, &bytes, &modified, &err);
    if (!good) buf_format(problems, "%s\n", err.text);
    good = good && script_parse(path, bytes.data, bytes.size, script, problems);
    if (good) script->modified = modified;
    buf_free(&bytes);
    return good;
}

void script_free(struct script *script) {
    free(script->entries);
    arena_free(&script->arena);
    *script = (struct script){0};
}
