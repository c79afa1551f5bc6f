/* The spans of an object's members, of any JSON text: inside the text, themselves JSON, strings
 * decode to UTF-8. */
#include "base/json_check.h"
#include "base/must.h"
#include "shell/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str json = {(const char *)data, size}, values[2];
    static const char *const keys[] = {"skill", "input"};
    if (!json_valid(data, size, NULL, NULL) || !span_members(json, keys, values, 2)) return 0;
    for (int i = 0; i < 2; i++) {
        if (!values[i].data) continue;
        must(values[i].data >= json.data &&
             values[i].data + values[i].size <= json.data + json.size);
        must(json_valid(values[i].data, values[i].size, NULL, NULL));
        struct buf out;
        struct str text;
        buf_init(&out, 1 << 16);
        if (span_string(values[i], &out, &text)) must(utf8_valid(text.data, text.size));
        buf_free(&out);
    }
    return 0;
}
