#include "cache/manifest.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "link/link.h"

/* ---- writing */

static bool write_artefact(struct buf *out, const char *key, const struct artefact *artefact) {
    char hex[DIGEST_HEX];
    digest_hex(&artefact->sha256, hex);
    return buf_format(
        out, ",\"%s\":{\"size\":%" PRIu64 ",\"sha256\":\"%s\",\"xxh3\":\"%016" PRIx64 "\"}", key,
        artefact->size, hex, artefact->xxh3);
}

bool skill_facts_write(const struct skill_facts *facts, struct buf *out) {
    buf_format(out, "{\"kind\":\"%s\",\"minor\":%" PRIu32 ",\"pages\":%" PRIu32 ",\"globals\":[",
               facts->kind == SKILL_FUNCTION ? "function" : "message-stream", facts->minor,
               facts->pages);
    for (uint32_t i = 0; i < facts->global_count; i++)
        buf_format(out, "%s\"%016" PRIx64 "\"", i > 0 ? "," : "", facts->globals[i]);
    buf_format(out,
               "],\"data_in_image\":%s,\"data_reason\":", facts->data_in_image ? "true" : "false");
    if (facts->data_in_image)
        buf_text(out, "null");
    else
        buf_json_string(out, facts->data_reason, strlen(facts->data_reason));
    return buf_byte(out, '}');
}

/* The first member covers all that follows its comma. */
static const char checked_head[] = "{\"xxh3\":\"0123456789abcdef\",";
enum { CHECKED_HEX_AT = 9, CHECKED_HEAD = sizeof checked_head - 1 };

static bool begin_checked(struct buf *out) {
    buf_clear(out);
    buf_text(out, checked_head);
    return buf_format(out, "\"format\":%d", MANIFEST_FORMAT);
}

static bool end_checked(struct buf *out) {
    if (!buf_text(out, "}\n")) return false;
    char hex[17];
    snprintf(hex, sizeof hex, "%016" PRIx64,
             checksum_of(out->data + CHECKED_HEAD, out->size - CHECKED_HEAD));
    memcpy(out->data + CHECKED_HEX_AT, hex, 16);
    return true;
}

bool skill_manifest_write(const struct skill_manifest *manifest, struct buf *out) {
    char hex[DIGEST_HEX];
    digest_hex(&manifest->component, hex);
    begin_checked(out);
    buf_format(out, ",\"component\":\"%s\"", hex);
    write_artefact(out, "code", &manifest->code);
    write_artefact(out, "interface", &manifest->interface);
    write_artefact(out, "names", &manifest->names);
    write_artefact(out, "image", &manifest->image);
    buf_text(out, ",\"facts\":");
    skill_facts_write(&manifest->facts, out);
    return end_checked(out);
}

bool code_manifest_write(const struct code_manifest *manifest, struct buf *out) {
    char hex[DIGEST_HEX];
    digest_hex(&manifest->code, hex);
    begin_checked(out);
    buf_format(out, ",\"code\":\"%s\"", hex);
    write_artefact(out, "compiled", &manifest->compiled);
    return end_checked(out);
}

bool error_write(const struct err *error, struct buf *out) {
    buf_format(out, "{\"kind\":\"%s\",\"text\":", err_kind_name(error->kind));
    buf_json_string(out, error->text, strlen(error->text));
    return buf_byte(out, '}');
}

/* ---- reading */

/* `digits` hex digits, lower case, nothing else. */
static bool read_hex(const char *text, size_t digits, uint8_t *out) {
    if (text == NULL || strlen(text) != digits) return false;
    memset(out, 0, digits / 2);
    for (size_t i = 0; i < digits; i++) {
        char c = text[i];
        uint8_t value;
        if (c >= '0' && c <= '9')
            value = (uint8_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = (uint8_t)(c - 'a' + 10);
        else
            return false;
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | value);
    }
    return true;
}

static bool read_digest(const json_t *object, const char *key, struct digest *out) {
    return read_hex(json_string_value(json_object_get(object, key)), DIGEST_HEX - 1, out->bytes);
}

static bool read_hex64(const json_t *value, uint64_t *out) {
    uint8_t bytes[8];
    if (!read_hex(json_string_value(value), 16, bytes)) return false;
    *out = 0;
    for (int i = 0; i < 8; i++) *out = *out << 8 | bytes[i];
    return true;
}

static bool read_number(const json_t *object, const char *key, uint64_t max, uint64_t *out) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > max)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_u32(const json_t *object, const char *key, uint32_t max, uint32_t *out) {
    uint64_t value;
    if (!read_number(object, key, max, &value)) return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_artefact(const json_t *object, const char *key, struct artefact *out) {
    const json_t *value = json_object_get(object, key);
    return json_is_object(value) && read_number(value, "size", UINT64_C(1) << 40, &out->size) &&
           read_digest(value, "sha256", &out->sha256) &&
           read_hex64(json_object_get(value, "xxh3"), &out->xxh3);
}

static bool read_globals(const json_t *object, struct skill_facts *facts) {
    const json_t *globals = json_object_get(object, "globals");
    if (!json_is_array(globals) || json_array_size(globals) > MANIFEST_MAX_GLOBALS) return false;
    facts->global_count = (uint32_t)json_array_size(globals);
    for (uint32_t i = 0; i < facts->global_count; i++)
        if (!read_hex64(json_array_get(globals, i), &facts->globals[i])) return false;
    return true;
}

static bool read_kind(const json_t *object, struct skill_facts *facts) {
    const char *kind = json_string_value(json_object_get(object, "kind"));
    if (kind == NULL) return false;
    facts->kind = strcmp(kind, "function") == 0 ? SKILL_FUNCTION : SKILL_MESSAGE_STREAM;
    return facts->kind == SKILL_FUNCTION || strcmp(kind, "message-stream") == 0;
}

static bool read_reason(const json_t *object, struct skill_facts *facts) {
    const json_t *in_image = json_object_get(object, "data_in_image"),
                 *reason = json_object_get(object, "data_reason");
    facts->data_in_image = json_is_true(in_image);
    facts->data_reason[0] = '\0';
    if (!json_is_boolean(in_image)) return false;
    if (facts->data_in_image) return json_is_null(reason);
    if (!json_is_string(reason)) return false;
    snprintf(facts->data_reason, sizeof facts->data_reason, "%s", json_string_value(reason));
    size_t length = strlen(facts->data_reason); /* not cut inside a character */
    while (!utf8_valid(facts->data_reason, length)) facts->data_reason[--length] = '\0';
    return true;
}

static bool read_facts(const json_t *object, struct skill_facts *facts) {
    return json_is_object(object) && read_kind(object, facts) &&
           read_u32(object, "minor", UINT32_MAX, &facts->minor) &&
           read_u32(object, "pages", MANIFEST_MAX_PAGES, &facts->pages) &&
           read_globals(object, facts) && read_reason(object, facts);
}

static json_t *load(const char *text, size_t size) {
    if (size > MANIFEST_MAX_SIZE) return NULL;
    return json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
}

/* NULL when the checksum, the format or the JSON is not right. */
static json_t *load_checked(const char *text, size_t size) {
    if (size < CHECKED_HEAD || size > MANIFEST_MAX_SIZE) return NULL;
    char expected[17];
    snprintf(expected, sizeof expected, "%016" PRIx64,
             checksum_of(text + CHECKED_HEAD, size - CHECKED_HEAD));
    if (memcmp(text + CHECKED_HEX_AT, expected, 16) != 0) return NULL;
    json_t *object = load(text, size);
    if (object != NULL &&
        json_integer_value(json_object_get(object, "format")) != MANIFEST_FORMAT) {
        json_decref(object);
        return NULL;
    }
    return object;
}

bool skill_image_fits(const struct skill_manifest *manifest) {
    return manifest->image.size <= (uint64_t)manifest->facts.pages * ENGINE_PAGE &&
           manifest->image.size % LINK_IMAGE_PAGE == 0;
}

bool skill_manifest_read(const char *text, size_t size, struct skill_manifest *manifest,
                         struct err *err) {
    json_t *object = load_checked(text, size);
    bool good = object != NULL && read_digest(object, "component", &manifest->component) &&
                read_artefact(object, "code", &manifest->code) &&
                read_artefact(object, "interface", &manifest->interface) &&
                read_artefact(object, "names", &manifest->names) &&
                read_artefact(object, "image", &manifest->image) &&
                read_facts(json_object_get(object, "facts"), &manifest->facts) &&
                skill_image_fits(manifest);
    json_decref(object);
    return good ? true
                : err_set(err, ERR_INVALID, "it is not a whole manifest of a skill, format %d",
                          MANIFEST_FORMAT);
}

bool code_manifest_read(const char *text, size_t size, struct code_manifest *manifest,
                        struct err *err) {
    json_t *object = load_checked(text, size);
    bool good = object != NULL && read_digest(object, "code", &manifest->code) &&
                read_artefact(object, "compiled", &manifest->compiled);
    json_decref(object);
    return good ? true
                : err_set(err, ERR_INVALID, "it is not a whole manifest of a code, format %d",
                          MANIFEST_FORMAT);
}

bool skill_facts_read(const char *text, size_t size, struct skill_facts *facts, struct err *err) {
    json_t *object = load(text, size);
    bool good = read_facts(object, facts);
    json_decref(object);
    return good ? true
                : err_set(err, ERR_INTERNAL, "the linker's facts are not in the expected form");
}

bool error_read(const char *text, size_t size, struct err *error) {
    json_t *object = load(text, size);
    const char *kind = json_string_value(json_object_get(object, "kind"));
    const char *what = json_string_value(json_object_get(object, "text"));
    bool found = false;
    for (int i = ERR_NONE + 1; kind != NULL && what != NULL && !found && i <= ERR_INTERNAL; i++)
        if ((found = strcmp(kind, err_kind_name((enum err_kind)i)) == 0))
            err_set(error, (enum err_kind)i, "%s", what);
    json_decref(object);
    return found;
}
