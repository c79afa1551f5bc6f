#include "shell/header.h"

#include <string.h>
#include <strings.h>

bool header_is_json(const char *content_type) {
    if (!content_type) return false;
    const char *type = content_type + strspn(content_type, " \t");
    size_t size = strcspn(type, "; \t");
    static const char prefix[] = "application/", json[] = "json";
    size_t prefix_size = sizeof prefix - 1, json_size = sizeof json - 1;
    if (size < prefix_size + json_size || strncasecmp(type, prefix, prefix_size) != 0) return false;
    if (strncasecmp(type + size - json_size, json, json_size) != 0) return false;
    return size == prefix_size + json_size || type[size - json_size - 1] == '+';
}

bool header_is_bearer(const char *authorization) {
    static const char scheme[] = "bearer ";
    size_t size = sizeof scheme - 1;
    if (strncasecmp(authorization, scheme, size) != 0) return false;
    return authorization[size + strspn(authorization + size, " ")] != '\0';
}

bool header_length(const char *content_length, uint64_t *length) {
    *length = 0;
    if (!content_length || !*content_length || content_length[strspn(content_length, "0123456789")])
        return false;
    for (const char *digit = content_length; *digit; digit++) {
        if (*length > (UINT64_MAX - 9) / 10) {
            *length = UINT64_MAX;
            return true;
        }
        *length = *length * 10 + (uint64_t)(*digit - '0');
    }
    return true;
}
