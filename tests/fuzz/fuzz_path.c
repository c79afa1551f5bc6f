/* Request paths: split and decoded without reading outside, and what is decoded is UTF-8. */
#include <stdlib.h>

#include "base/must.h"
#include "shell/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str url = {(const char *)data, size}, segments[PATH_MAX_SEGMENTS];
    int count = path_split(url, segments);
    must(count >= -1 && count <= PATH_MAX_SEGMENTS);
    for (int i = 0; i < count; i++) {
        must(segments[i].size == 0 || (segments[i].data >= url.data &&
                                       segments[i].data + segments[i].size <= url.data + url.size));
        struct buf out;
        buf_init(&out, 1 << 16);
        if (path_decode(segments[i], &out))
            must(out.size <= segments[i].size && utf8_valid(out.data, out.size));
        buf_free(&out);
    }
    return 0;
}
