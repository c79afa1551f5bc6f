#include "shell/schema.h"

#include <string.h>

#include "base/json_check.h"
#include "pk_ffi.h"

/* Of valid JSON: every value but the first of its array or object comes behind a comma or colon. */
static size_t count_values(const uint8_t *json, size_t size) {
    size_t count = 1;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (in_string && json[i] == '\\')
            i++;
        else if (json[i] == '"')
            in_string = !in_string;
        else if (!in_string && json[i] && strchr("{[,:", json[i]))
            count++;
    }
    return count;
}

/* Passed on as it is, so it must be JSON by our own rule too. */
static bool check(const uint8_t *schema, size_t size, struct err *err) {
    const char *reason;
    uint64_t offset;
    char problem[500] = "";
    if (!json_valid(schema, size, &reason, &offset))
        return err_set(err, ERR_INVALID, "is not JSON: %s at byte %llu", reason,
                       (unsigned long long)offset);
    if (count_values(schema, size) > SCHEMA_VALUES_MAX)
        return err_set(err, ERR_LIMIT, "is too complex: it has more than %d values",
                       SCHEMA_VALUES_MAX);
    if (!pk_schema_check((const char *)schema, size, problem, sizeof problem))
        return err_set(err, ERR_INVALID, "is not a JSON Schema: %s", problem);
    return true;
}

static const struct err *verdict_on(struct schema_cache *cache, const uint8_t *schema,
                                    size_t size) {
    struct digest digest = digest_of(schema, size);
    struct schema_verdict *verdict = &cache->verdicts[digest.bytes[0] % SCHEMA_CACHE];
    if (verdict->known && memcmp(&verdict->digest, &digest, sizeof digest) == 0)
        return &verdict->error;
    verdict->digest = digest;
    verdict->known = true;
    verdict->error.kind = ERR_NONE;
    check(schema, size, &verdict->error);
    cache->checks++;
    return &verdict->error;
}

bool schema_check(struct schema_cache *cache, const char *what, const uint8_t *schema, size_t size,
                  struct err *err) {
    if (size > SCHEMA_MAX)
        return err_set(err, ERR_LIMIT, "the %s schema has %zu bytes, more than %d", what, size,
                       SCHEMA_MAX);
    const struct err *verdict = verdict_on(cache, schema, size);
    if (verdict->kind == ERR_NONE) return true;
    return err_set(err, verdict->kind, "the %s schema %s", what, verdict->text);
}
