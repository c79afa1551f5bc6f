/* Any bytes as a script: read or refused with a text, and what was read is read again from the
 * texts of its entries as the same. */
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "base/str.h"
#include "eval/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const struct script_entry *entry) {
    must(entry->repeat >= 1 && entry->repeat <= SCRIPT_MAX_REPEAT);
    must(entry->count <= SCRIPT_MAX_COUNT && entry->kb <= SCRIPT_MAX_KB);
    must(entry->ms <= SCRIPT_MAX_MS && entry->times >= 1 && entry->times <= SCRIPT_MAX_TIMES);
    must(utf8_valid(entry->text, strlen(entry->text)));
    must(!entry->name || (!strchr(entry->name, '/') && entry->name[0] != '.'));
}

/* Its texts as a script. "!" may have made a line too long. */
static void read_again(const struct script *script, struct buf *problems) {
    struct buf text;
    struct script again;
    bool fits = true;
    buf_init(&text, SCRIPT_MAX_FILE);
    for (size_t i = 0; i < script->count; i++) {
        check_entry(&script->entries[i]);
        buf_format(&text, "%s\n", script->entries[i].text);
        if (strlen(script->entries[i].text) > SCRIPT_MAX_LINE) fits = false;
    }
    if (fits && !text.failed) {
        must(script_parse("again", text.data, text.size, &again, problems));
        must(again.count == script->count && strcmp(again.hash, script->hash) == 0);
        script_free(&again);
    }
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct script script;
    struct buf problems;
    buf_init(&problems, 1 << 20);
    if (script_parse("fuzz", data, size, &script, &problems)) {
        must(script.count > 0 && problems.size == 0);
        read_again(&script, &problems);
        script_free(&script);
    } else
        must(!problems.failed && problems.size > 0 && problems.data[problems.size - 1] == '\n');
    buf_free(&problems);
    return 0;
}
