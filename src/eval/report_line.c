#include <stdint.h>

#include "eval/columns.h"
#include "eval/report_internal.h"

static size_t width_of(const char *text) {
    size_t columns;
    columns_fit(text, SIZE_MAX, &columns);
    return columns;
}

static void pad_to(struct report_line *line, size_t column) {
    for (; line->column < column; line->column++) buf_byte(line->out, ' ');
}

void report_line_left(struct report_line *line, size_t column, const char *text) {
    pad_to(line, column);
    buf_text(line->out, text);
    line->column += width_of(text);
}

void report_line_right(struct report_line *line, size_t column, const char *text) {
    size_t width = width_of(text);
    pad_to(line, line->column + 1); /* never glued to what stands before */
    pad_to(line, column > width ? column - width : 0);
    report_line_left(line, 0, text);
}

void report_line_end(struct report_line *line) {
    buf_byte(line->out, '\n');
    line->column = 0;
}

void report_rule(struct buf *out, char byte, size_t width) {
    for (size_t i = 0; i < width; i++) buf_byte(out, (uint8_t)byte);
    buf_byte(out, '\n');
}

size_t report_cmd_width(const struct runlog *log) {
    size_t width = REPORT_CMD_WIDTH;
    for (size_t i = 0; i < log->count; i++) {
        size_t wanted = width_of(log->entries[i].cmd) + 2;
        if (wanted > width) width = wanted;
    }
    return width < REPORT_CMD_MOST ? width : REPORT_CMD_MOST;
}

void report_line_cut(struct report_line *line, size_t most, const char *text) {
    size_t columns, size = columns_fit(text, most, &columns);
    buf_add(line->out, text, size);
    line->column += columns;
}

void report_line_cmd(struct report_line *line, size_t width, const char *cmd) {
    bool fits = width_of(cmd) + 2 <= width;
    report_line_cut(line, fits ? width : width - 3, cmd);
    if (!fits) report_line_left(line, 0, "…");
}
