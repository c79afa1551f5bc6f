/* Any bytes as a manifest, a child's facts or a child's error: read or refused, and what was read
 * is written and read again as the same. The first byte chooses; a manifest's checksum is made
 * right, or nothing behind it would ever be looked at. */
#include "cache/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf first, second;

static void same(void) {
    must(!first.failed && !second.failed && first.size == second.size);
    must(memcmp(first.data, second.data, first.size) == 0);
}

static void read_skill(const char *text, size_t size) {
    static struct skill_manifest manifest, again;
    struct err err;
    if (!skill_manifest_read(text, size, &manifest, &err)) return;
    must(manifest.facts.global_count <= MANIFEST_MAX_GLOBALS);
    must(manifest.facts.pages <= MANIFEST_MAX_PAGES);
    must(skill_manifest_write(&manifest, &first));
    must(skill_manifest_read((const char *)first.data, first.size, &again, &err));
    must(skill_manifest_write(&again, &second));
    same();
}

static void read_code(const char *text, size_t size) {
    struct code_manifest manifest, again;
    struct err err;
    if (!code_manifest_read(text, size, &manifest, &err)) return;
    must(code_manifest_write(&manifest, &first));
    must(code_manifest_read((const char *)first.data, first.size, &again, &err));
    must(code_manifest_write(&again, &second));
    same();
}

static void read_facts(const char *text, size_t size) {
    static struct skill_facts facts, again;
    struct err err;
    if (!skill_facts_read(text, size, &facts, &err)) return;
    must(skill_facts_write(&facts, &first));
    must(skill_facts_read((const char *)first.data, first.size, &again, &err));
    must(skill_facts_write(&again, &second));
    same();
}

static void read_error(const char *text, size_t size) {
    struct err error, again;
    if (!error_read(text, size, &error)) return;
    must(error_write(&error, &first));
    must(error_read((const char *)first.data, first.size, &again));
    must(again.kind == error.kind && strcmp(again.text, error.text) == 0);
}

static void mend_checksum(char *text, size_t size) {
    enum { HEX_AT = 9, HEAD = 27 };
    char hex[17];
    if (size < HEAD) return;
    snprintf(hex, sizeof hex, "%016" PRIx64, checksum_of(text + HEAD, size - HEAD));
    memcpy(text + HEX_AT, hex, 16);
}

static void write_good(unsigned kind) {
    static struct skill_manifest skill = {.code = {.size = 11132765, .xxh3 = UINT64_MAX},
                                          .image = {.size = 3 * (uint64_t)ENGINE_PAGE},
                                          .facts = {.minor = 3,
                                                    .pages = 3,
                                                    .global_count = 3,
                                                    .globals = {1, 2, 3},
                                                    .data_reason = "why\n\xc3\xa4"}};
    static const struct code_manifest code = {.compiled = {.size = 27517896}};
    struct err error;
    err_set(&error, ERR_UNSUPPORTED, "shared memory at offset 0x12");
    if (kind == 0) skill_manifest_write(&skill, &first);
    if (kind == 1) code_manifest_write(&code, &first);
    if (kind == 2) skill_facts_write(&skill.facts, &first);
    if (kind == 3) error_write(&error, &first);
}

/* Each change is three bytes: where (two), and what stands there then. */
static void change(const uint8_t *data, size_t size) {
    for (size_t i = 0; i + 2 < size; i += 3)
        first.data[(data[i] << 8 | data[i + 1]) % first.size] = data[i + 2];
}

static void read_text(unsigned kind, char *text, size_t size) {
    if (kind < 2) mend_checksum(text, size);
    if (kind == 0) read_skill(text, size);
    if (kind == 1) read_code(text, size);
    if (kind == 2) read_facts(text, size);
    if (kind == 3) read_error(text, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    unsigned kind = data[0] % 4;
    buf_init(&first, 2 * MANIFEST_MAX_SIZE);
    buf_init(&second, 2 * MANIFEST_MAX_SIZE);
    if (data[0] & 4) {
        write_good(kind);
        change(data + 1, size - 1);
    } else
        buf_add(&first, data + 1, size - 1);
    if (!first.failed) {
        char *text = malloc(
            first.size + 1); /* a copy that ends where it ends, so that reading beyond it shows */
        must(text != NULL);
        size_t length = first.size;
        if (length > 0) memcpy(text + 1, first.data, length);
        buf_clear(&first);
        read_text(kind, text + 1, length);
        free(text);
    }
    buf_free(&first);
    buf_free(&second);
    return 0;
}
