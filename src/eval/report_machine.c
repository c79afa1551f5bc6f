/* All figures of all logs, as JSON and as CSV. */
#include <inttypes.h>
#include <string.h>

#include "eval/report_internal.h"
#include "eval/runlog_internal.h"

static void json_text(struct buf *out, const char *key, const char *text) {
    buf_format(out, "\"%s\": ", key);
    buf_json_string(out, text, strlen(text));
}

/* {"arch": "X86_64", …}: one line of a log's header, texts as they are in it. */
static void json_header_line(const struct runlog *log, unsigned line, struct buf *out) {
    const char *between = "";
    for (unsigned i = 0; i < RUNLOG_TEXT_COUNT; i++) {
        if (runlog_texts[i].line != line || !log->header.text[i]) continue;
        buf_text(out, between);
        json_text(out, runlog_texts[i].key, log->header.text[i]);
        between = ", ";
    }
}

static void json_entry(const struct runlog_entry *entry, struct buf *out) {
    buf_text(out, "        {");
    json_text(out, "cmd", entry->cmd);
    for (unsigned i = 0; i < RUNLOG_FIGURE_COUNT; i++)
        if (runlog_has(entry, (enum runlog_figure)i))
            buf_format(out, ", \"%s\": %" PRId64, runlog_figures[i].key, entry->figure[i]);
    buf_byte(out, '}');
}

static void json_log(const struct runlog *log, size_t index, struct buf *out) {
    static const char *const lines[RUNLOG_HEADER_LINES] = {"machine", "binary", "commands"};
    char id[REPORT_ID], date[REPORT_DATE];
    int64_t took, rss;
    report_id(index, id);
    report_date(log->path, date);
    report_sum(log, RUNLOG_TOOK, &took);
    report_max(log, RUNLOG_RSS, &rss);
    buf_format(out, "    {\"id\": \"%s\", ", id);
    json_text(out, "file_name", log->path);
    buf_format(out, ", \"date\": \"%s\",\n", date);
    for (unsigned i = 0; i < RUNLOG_HEADER_LINES; i++) {
        buf_format(out, "      \"%s\": {", lines[i]);
        json_header_line(log, i, out);
        buf_text(out, "},\n");
    }
    buf_format(out, "      \"total_took\": %" PRId64 ", \"maximum_rss\": %" PRId64 ",\n", took,
               rss);
    buf_text(out, "      \"entries\": [\n");
    for (size_t i = 0; i < log->count; i++) {
        json_entry(&log->entries[i], out);
        buf_text(out, i + 1 < log->count ? ",\n" : "\n");
    }
    buf_text(out, "      ]}");
}

void report_json(const struct runlog *logs, size_t count, struct buf *out) {
    buf_text(out, "{\"units\": {");
    for (unsigned i = 0; i < RUNLOG_FIGURE_COUNT; i++)
        buf_format(out, "%s\"%s\": \"%s\"", i ? ", " : "", runlog_figures[i].key,
                   runlog_figures[i].unit);
    buf_text(out, "},\n  \"logs\": [\n");
    for (size_t i = 0; i < count; i++) {
        json_log(&logs[i], i, out);
        buf_text(out, i + 1 < count ? ",\n" : "\n");
    }
    buf_text(out, "  ]}\n");
}

/* RFC 4180: in quotes, quotes doubled. */
static void csv_text(struct buf *out, const char *text) {
    buf_byte(out, '"');
    for (; *text; text++) {
        if (*text == '"') buf_byte(out, '"');
        buf_byte(out, (uint8_t)*text);
    }
    buf_byte(out, '"');
}

void report_csv(const struct runlog *logs, size_t count, struct buf *out) {
    buf_text(out, "id,file_name,number,cmd");
    for (unsigned i = 0; i < RUNLOG_FIGURE_COUNT; i++)
        buf_format(out, ",%s", runlog_figures[i].key);
    buf_byte(out, '\n');
    for (size_t i = 0; i < count; i++) {
        char id[REPORT_ID];
        report_id(i, id);
        for (size_t at = 0; at < logs[i].count; at++) {
            const struct runlog_entry *entry = &logs[i].entries[at];
            buf_format(out, "%s,", id);
            csv_text(out, logs[i].path);
            buf_format(out, ",%zu,", at + 1);
            csv_text(out, entry->cmd);
            for (unsigned figure = 0; figure < RUNLOG_FIGURE_COUNT; figure++) {
                buf_byte(out, ',');
                if (runlog_has(entry, (enum runlog_figure)figure))
                    buf_format(out, "%" PRId64, entry->figure[figure]);
            }
            buf_byte(out, '\n');
        }
    }
}
