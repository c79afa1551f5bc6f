#include "shell/header.h"

#include <strings.h>

static bool begins_with(struct str text, const char *prefix) {
    size_t size = strlen(prefix);
    return text.size >= size && strncasecmp(text.data, prefix, size) == 0;
}

static struct str behind(struct str text, size_t size) {
    return (struct str){text.data + size, text.size - size};
}

static bool ends_type(char byte) {
    return byte == ';' || byte == ' ' || byte == '\t';
}

bool header_is_json(struct str content_type) {
    static const char prefix[] = "application/", json[] = "json";
    size_t size = 0, json_size = sizeof json - 1;
    while (size < content_type.size && !ends_type(content_type.data[size])) size++;
    struct str type = {content_type.data, size};
    if (!begins_with(type, prefix)) return false;
    struct str kind = behind(type, sizeof prefix - 1);
    if (kind.size < json_size || !begins_with(behind(kind, kind.size - json_size), json))
        return false;
    return kind.size == json_size || kind.data[kind.size - json_size - 1] == '+';
}

bool header_is_bearer(struct str authorization) {
    static const char scheme[] = "bearer ";
    if (!begins_with(authorization, scheme)) return false;
    struct str token = behind(authorization, sizeof scheme - 1);
    while (token.size > 0 && *token.data == ' ') token = behind(token, 1);
    return token.size > 0;
}
