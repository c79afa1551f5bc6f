/* Any bytes as a run log: read or refused with a text, and whatever was read can be reported, also
 * beside itself. The first byte chooses whether header lines stand before, or whether the bytes are
 * changes to a good log: each is three, where (two) and what stands there then. */
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "base/str.h"
#include "eval/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char head[] =
    "{\"arch\": \"ARM_8\", \"brand\": \"B\", \"cores\": \"1\", \"memory_total\": \"1\", "
    "\"memory_available\": \"1\"}\n{\"bin\": \"b\", \"hash\": \"h\", \"modified\": \"m\"}\n"
    "{\"filename\": \"f\", \"hash\": \"h\", \"modified\": \"m\"}\n";

static const char entries[] =
    "{\"took\": \"1\", \"rss_diff\": \"-22\", \"rss\": \"333\", \"vms_diff\": \"0\", \"vms\": "
    "\"4\", "
    "\"cmd\": \"add_c # \\u00e4\"}\n"
    "{\"took\": \"999\", \"rss_diff\": \"0\", \"rss\": \"0\", \"vms_diff\": \"0\", \"vms\": \"0\", "
    "\"cmd\": \"stop\", \"pss\": \"7\", \"requests\": \"12\", \"errors\": \"1\", \"p50\": \"5\", "
    "\"p99\": \"66\", \"max\": \"777\", \"children_cpu\": \"9\"}\n";

static void change(struct buf *text, const uint8_t *data, size_t size) {
    for (size_t i = 0; i + 2 < size; i += 3)
        text->data[(data[i] << 8 | data[i + 1]) % text->size] = data[i + 2];
}

static void check_report(const struct buf *text) {
    must(!text->failed && text->size > 0 && text->data[text->size - 1] == '\n');
    must(utf8_valid(text->data, text->size) && !memchr(text->data, '\0', text->size));
}

static void report(const struct runlog *log) {
    struct runlog two[2] = {*log, *log};
    struct err err;
    struct buf text;
    buf_init(&text, REPORT_MAX);
    must(report_comparable(two, 2, &err));
    report_tables(two, 2, true, &text);
    check_report(&text);
    buf_clear(&text);
    report_json(two, 2, &text);
    check_report(&text);
    buf_clear(&text);
    report_csv(two, 2, &text);
    check_report(&text);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct runlog log;
    struct err err = {.kind = ERR_NONE};
    struct buf text;
    if (size == 0) return 0;
    buf_init(&text, RUNLOG_MAX_FILE);
    if (data[0] & 3) buf_text(&text, head);
    if (data[0] & 2) {
        buf_text(&text, entries);
        change(&text, data + 1, size - 1);
    } else
        buf_add(&text, data + 1, size - 1);
    if (runlog_parse("241022_204217.730_run.log", text.data, text.size, &log, &err)) {
        must(log.count > 0);
        report(&log);
        runlog_free(&log);
    } else
        must(err.kind != ERR_NONE && utf8_valid(err.text, strlen(err.text)));
    buf_free(&text);
    return 0;
}
