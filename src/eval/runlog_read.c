#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "eval/runlog_internal.h"
#include "eval/show.h"

enum { ARENA_MAX = 512 << 20 };

struct reader {
    struct runlog *log;
    size_t room; /* of its entries */
    unsigned line;
    json_t *object; /* of the current line */
    struct err *err;
};

#define PROBLEM(reader, kind, format, ...)                                                         \
    err_set((reader)->err, kind, "%s:%u: " format, (reader)->log->path, (reader)->line, __VA_ARGS__)

/* ---- Values of the current line. */

static bool has_control(const char *text) {
    for (; *text; text++)
        if ((uint8_t)*text < 0x20 || *text == 0x7f) return true;
    return false;
}

/* A copy of a key's value; NULL with true when it is not there and need not be. */
static bool read_text(struct reader *reader, const char *key, bool required, const char **text) {
    const json_t *value = json_object_get(reader->object, key);
    *text = NULL;
    if (!value && !required) return true;
    if (!value)
        return PROBLEM(reader, ERR_INVALID, "the key \"%s\" is missing, so this is no run log",
                       key);
    if (!json_is_string(value))
        return PROBLEM(reader, ERR_INVALID,
                       "the value of \"%s\" is no string: every value of a run log is one", key);
    if (has_control(json_string_value(value)))
        return PROBLEM(reader, ERR_INVALID, "the value of \"%s\" has control characters", key);
    *text = arena_copy(&reader->log->arena, json_string_value(value), json_string_length(value));
    return *text ? true : PROBLEM(reader, ERR_MEMORY, "no memory for \"%s\"", key);
}

static bool parse_figure(const char *text, int64_t *figure) {
    bool negative = text[0] == '-';
    const char *at = text + negative;
    int64_t value = 0;
    if (!*at) return false;
    for (; *at; at++) {
        if (*at < '0' || *at > '9') return false;
        value = 10 * value + (*at - '0');
        if (value > RUNLOG_MAX_FIGURE) return false;
    }
    *figure = negative ? -value : value;
    return true;
}

static bool read_figure(struct reader *reader, enum runlog_figure figure,
                        struct runlog_entry *entry) {
    const struct runlog_figure_row *row = &runlog_figures[figure];
    const char *text;
    int64_t value;
    if (!read_text(reader, row->key, row->required, &text)) return false;
    if (!text) return true;
    if (!parse_figure(text, &value) || (value < 0 && !row->negative))
        return PROBLEM(reader, ERR_INVALID,
                       "the value of \"%s\" is \"%.*s%s\", no whole number from %s%" PRId64
                       " to %" PRId64,
                       row->key, SHOW(str_of(text)), row->negative ? "-" : "",
                       row->negative ? RUNLOG_MAX_FIGURE : 0, RUNLOG_MAX_FIGURE);
    runlog_set(entry, figure, value);
    return true;
}

/* ---- Lines. */

static bool read_header(struct reader *reader) {
    for (unsigned i = 0; i < RUNLOG_TEXT_COUNT; i++) {
        const struct runlog_text_row *row = &runlog_texts[i];
        if (row->line + 1 != reader->line) continue;
        if (!read_text(reader, row->key, row->required, &reader->log->header.text[i])) return false;
    }
    return true;
}

static bool read_entry(struct reader *reader) {
    struct runlog *log = reader->log;
    struct runlog_entry entry = {0};
    if (log->count == RUNLOG_MAX_ENTRIES)
        return PROBLEM(reader, ERR_LIMIT, "more than %d commands, the most that are read",
                       RUNLOG_MAX_ENTRIES);
    for (unsigned i = 0; i < RUNLOG_FIGURE_COUNT; i++)
        if (!read_figure(reader, (enum runlog_figure)i, &entry)) return false;
    if (!read_text(reader, "cmd", true, &entry.cmd)) return false;
    if (log->count == reader->room) {
        size_t room = reader->room ? 2 * reader->room : 32;
        void *entries = realloc(log->entries, room * sizeof *log->entries);
        if (!entries) return PROBLEM(reader, ERR_MEMORY, "no memory for %zu commands", room);
        log->entries = entries;
        reader->room = room;
    }
    log->entries[log->count++] = entry;
    return true;
}

static bool read_line(struct reader *reader, struct str line, bool whole) {
    json_error_t at;
    if (line.size > RUNLOG_MAX_LINE)
        return PROBLEM(reader, ERR_LIMIT, "a line of %zu bytes, at most %d are read", line.size,
                       RUNLOG_MAX_LINE);
    reader->object = json_loadb(line.data, line.size, JSON_REJECT_DUPLICATES, &at);
    if (!reader->object && !whole)
        return PROBLEM(reader, ERR_INVALID, "%s", "the line is cut, so the log is not whole");
    bool good = json_is_object(reader->object);
    if (!good)
        PROBLEM(reader, ERR_INVALID, "%s",
                "the line is no JSON object, as every line of a run log is");
    else
        good = reader->line <= RUNLOG_HEADER_LINES ? read_header(reader) : read_entry(reader);
    json_decref(reader->object);
    return good;
}

static bool read_lines(struct reader *reader, struct str rest) {
    for (reader->line = 1; rest.size > 0; reader->line++) {
        size_t end = str_find(rest, '\n'), used = end < rest.size ? end + 1 : end;
        if (!read_line(reader, (struct str){rest.data, end}, used > end)) return false;
        rest = (struct str){rest.data + used, rest.size - used};
    }
    if (reader->log->count > 0) return true;
    return err_set(reader->err, ERR_INVALID,
                   "%s has only %u lines: a run log has three header lines and one per command",
                   reader->log->path, reader->line - 1);
}

static bool check_file(const char *path, size_t size, struct err *err) {
    if (str_ends(str_of(path), "_failed"))
        return err_set(
            err, ERR_INVALID,
            "%s is the log of a run that failed, as its name says: what it measured says "
            "nothing",
            path);
    if (size == 0) return err_set(err, ERR_INVALID, "%s is empty, so it is no run log", path);
    return true;
}

bool runlog_parse(const char *path, const void *bytes, size_t size, struct runlog *log,
                  struct err *err) {
    struct reader reader = {.log = log, .err = err};
    *log = (struct runlog){.path = path};
    if (!check_file(path, size, err)) return false;
    arena_init(&log->arena, ARENA_MAX);
    bool good = read_lines(&reader, (struct str){bytes, size});
    if (!good) runlog_free(log);
    return good;
}

bool runlog_read(const char *path, struct runlog *log, struct err *err) {
    struct buf bytes;
    buf_init(&bytes, RUNLOG_MAX_FILE);
    bool good =
        file_read(path, &bytes, NULL, err) && runlog_parse(path, bytes.data, bytes.size, log, err);
    buf_free(&bytes);
    return good;
}
