/* json_check against the grammar written down rule by rule, in one piece and cut in two at every
 * place. */
#include "base/json_check.h"
#include "base/must.h"
#include "json_slow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 4096) return 0;
    bool right = slow_json(data, size);
    const char *problem;
    uint64_t offset;
    must(json_valid(data, size, &problem, &offset) == right);
    must(right || (problem && offset <= size));
    for (size_t cut = 0; cut <= size; cut += size / 16 + 1) {
        struct json_check check;
        json_check_init(&check);
        bool good = json_check_add(&check, data, cut) &&
                    json_check_add(&check, data + cut, size - cut) && json_check_end(&check);
        must(good == right);
    }
    return 0;
}
