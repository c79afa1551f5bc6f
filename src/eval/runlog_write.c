#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/must.h"
#include "eval/runlog_internal.h"

struct runlog_writer {
    int fd;
    struct buf path, done, line; /* done: the path when the run was good */
};

static void writer_free(struct runlog_writer *writer) {
    if (writer->fd >= 0) close(writer->fd);
    buf_free(&writer->path);
    buf_free(&writer->done);
    buf_free(&writer->line);
    free(writer);
}

static bool open_file(struct runlog_writer *writer, struct err *err) {
    const char *path = buf_cstr(&writer->path), *done = buf_cstr(&writer->done);
    if (!path || !done) return err_set(err, ERR_MEMORY, "no memory for a run log");
    if (access(done, F_OK) == 0) return err_errno(err, EEXIST, "cannot make the run log %s", done);
    writer->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    return writer->fd >= 0 ? true : err_errno(err, errno, "cannot make the run log %s", path);
}

struct runlog_writer *runlog_create(const char *directory, uint64_t began, struct err *err) {
    char stamp[RUNLOG_STAMP];
    struct runlog_writer *writer = malloc(sizeof *writer);
    if (!writer) {
        err_set(err, ERR_MEMORY, "no memory for a run log");
        return NULL;
    }
    writer->fd = -1;
    buf_init(&writer->path, 1 << 16);
    buf_init(&writer->done, 1 << 16);
    buf_init(&writer->line, RUNLOG_MAX_LINE);
    runlog_stamp(began, stamp);
    if (strcmp(directory, ".") != 0) buf_format(&writer->done, "%s/", directory);
    buf_format(&writer->done, "%s_run.log", stamp);
    buf_add(&writer->path, writer->done.data, writer->done.size);
    buf_text(&writer->path, "_failed");
    if (open_file(writer, err)) return writer;
    writer_free(writer);
    return NULL;
}

const char *runlog_path(const struct runlog_writer *writer) {
    return (const char *)writer->path.data;
}

/* ---- Lines. */

static void add_member(struct buf *line, const char *key, const char *value) {
    buf_text(line, line->size == 0 ? "{" : ", ");
    buf_json_string(line, key, strlen(key));
    buf_text(line, ": ");
    buf_json_string(line, value, strlen(value));
}

static void add_figures(struct buf *line, const struct runlog_entry *entry, bool required) {
    for (unsigned i = 0; i < RUNLOG_FIGURE_COUNT; i++) {
        char number[24];
        if (runlog_figures[i].required != required) continue;
        must(!required || runlog_has(entry, (enum runlog_figure)i));
        if (!runlog_has(entry, (enum runlog_figure)i)) continue;
        snprintf(number, sizeof number, "%" PRId64, entry->figure[i]);
        add_member(line, runlog_figures[i].key, number);
    }
}

static bool write_line(struct runlog_writer *writer, struct err *err) {
    buf_text(&writer->line, "}\n");
    if (writer->line.failed)
        return err_set(err, ERR_LIMIT, "a line of %s would be longer than %d bytes",
                       runlog_path(writer), RUNLOG_MAX_LINE);
    if (io_write_all(writer->fd, writer->line.data, writer->line.size)) return true;
    return err_errno(err, errno, "cannot write to %s", runlog_path(writer));
}

bool runlog_write_header(struct runlog_writer *writer, const struct runlog_header *header,
                         struct err *err) {
    for (unsigned line = 0; line < RUNLOG_HEADER_LINES; line++) {
        buf_clear(&writer->line);
        for (unsigned i = 0; i < RUNLOG_TEXT_COUNT; i++) {
            if (runlog_texts[i].line != line) continue;
            must(!runlog_texts[i].required || header->text[i]);
            if (header->text[i]) add_member(&writer->line, runlog_texts[i].key, header->text[i]);
        }
        if (!write_line(writer, err)) return false;
    }
    return true;
}

/* What no reader would take must not be written: a run of hours would end in a useless log. */
static bool check_figures(const struct runlog_writer *writer, const struct runlog_entry *entry,
                          struct err *err) {
    for (unsigned i = 0; i < RUNLOG_FIGURE_COUNT; i++) {
        int64_t figure = runlog_has(entry, (enum runlog_figure)i) ? entry->figure[i] : 0;
        int64_t least = runlog_figures[i].negative ? -RUNLOG_MAX_FIGURE : 0;
        if (figure < least || figure > RUNLOG_MAX_FIGURE)
            return err_set(err, ERR_INTERNAL,
                           "%s: \"%s\" of \"%.60s\" is %" PRId64 ", which cannot be",
                           runlog_path(writer), runlog_figures[i].key, entry->cmd, figure);
    }
    return true;
}

bool runlog_write_entry(struct runlog_writer *writer, const struct runlog_entry *entry,
                        struct err *err) {
    if (!check_figures(writer, entry, err)) return false;
    buf_clear(&writer->line);
    add_figures(&writer->line, entry, true);
    add_member(&writer->line, "cmd", entry->cmd);
    add_figures(&writer->line, entry, false);
    return write_line(writer, err);
}

/* ---- The end. */

bool runlog_close(struct runlog_writer *writer, bool failed, struct err *err) {
    if (!writer) return true;
    const char *path = (const char *)writer->path.data, *done = (const char *)writer->done.data;
    bool good = close(writer->fd) == 0 ? true : err_errno(err, errno, "cannot write to %s", path);
    writer->fd = -1;
    if (good && !failed && rename(path, done))
        good = err_errno(err, errno, "cannot rename %s to %s", path, done);
    writer_free(writer);
    return good;
}
