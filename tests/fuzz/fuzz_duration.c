/* clock_parse_duration: any text gives a duration or an error with a text. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    must(text);
    if (size) memcpy(text, data, size);
    text[size] = 0;
    uint64_t nanoseconds = 0;
    struct err err = {0};
    if (!clock_parse_duration(text, &nanoseconds, &err)) must(err.kind != ERR_NONE && err.text[0]);
    free(text);
    return 0;
}
