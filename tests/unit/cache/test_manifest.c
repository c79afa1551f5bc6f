/* manifest: what is written is read back; anything else is refused, whole: cut, garbled, of another
 * version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cache/manifest.h"

static struct skill_manifest manifest, back;

static void fill_artefact(struct artefact *artefact, uint8_t seed, uint64_t size) {
    *artefact = (struct artefact){.size = size, .xxh3 = UINT64_C(0xfedcba9876543210) + seed};
    memset(artefact->sha256.bytes, seed, DIGEST_SIZE);
}

static void fill(uint32_t globals) {
    memset(&manifest, 0, sizeof manifest);
    memset(manifest.component.bytes, 0xc0, DIGEST_SIZE);
    fill_artefact(&manifest.code, 1, 1000);
    fill_artefact(&manifest.interface, 2, 0);
    fill_artefact(&manifest.names, 3, UINT64_C(1) << 40);
    fill_artefact(&manifest.image, 4, 3 * 65536);
    manifest.facts = (struct skill_facts){.kind = SKILL_FUNCTION,
                                          .minor = 3,
                                          .pages = 3,
                                          .global_count = globals,
                                          .data_in_image = true};
    for (uint32_t i = 0; i < globals; i++) manifest.facts.globals[i] = UINT64_MAX - i;
}

static void write(struct buf *out) {
    buf_init(out, MANIFEST_MAX_SIZE);
    assert_true(skill_manifest_write(&manifest, out));
}

static bool read_back(const void *text, size_t size) {
    struct err err;
    memset(&back, 0, sizeof back);
    bool good = skill_manifest_read(text, size, &back, &err);
    if (!good) assert_string_equal(err.text, "it is not a whole manifest of a skill, format 2");
    return good;
}

static void round_trip(void **state) {
    (void)state;
    struct buf text;
    static const uint32_t globals[] = {0, 1, MANIFEST_MAX_GLOBALS};
    for (size_t i = 0; i < 3; i++) {
        fill(globals[i]);
        manifest.facts.kind = i == 1 ? SKILL_MESSAGE_STREAM : SKILL_FUNCTION;
        manifest.facts.minor = UINT32_MAX;
        write(&text);
        assert_true(read_back(text.data, text.size));
        assert_memory_equal(&back, &manifest, sizeof back);
        buf_free(&text);
    }
    fill(2);
    manifest.facts.data_in_image = false;
    strcpy(manifest.facts.data_reason, "a \"quoted\" \\ reason\n\x01 with \xc3\xa4");
    write(&text);
    assert_true(read_back(text.data, text.size));
    assert_memory_equal(&back, &manifest, sizeof back);
    buf_free(&text);
}

static void round_trip_of_code(void **state) {
    (void)state;
    struct code_manifest code = {.code.bytes = {1, 2, 3}}, code_back = {0};
    struct buf text;
    struct err err;
    fill_artefact(&code.compiled, 9, 12345);
    buf_init(&text, MANIFEST_MAX_SIZE);
    assert_true(code_manifest_write(&code, &text));
    assert_true(code_manifest_read((const char *)text.data, text.size, &code_back, &err));
    assert_memory_equal(&code, &code_back, sizeof code);
    assert_false(skill_manifest_read((const char *)text.data, text.size, &back,
                                     &err)); /* nor is one the other */
    for (size_t size = 0; size < text.size; size++) {
        assert_false(code_manifest_read((const char *)text.data, size, &code_back, &err));
        assert_non_null(strstr(err.text, "not a whole manifest of a code"));
    }
    buf_free(&text);
}

/* Exactly the bytes, in memory of their own: reading beyond them shows under ASan. */
static void cut_at_every_byte(void **state) {
    (void)state;
    struct buf text;
    fill(5);
    write(&text);
    for (size_t size = 0; size < text.size; size++) {
        void *copy = malloc(size);
        if (size > 0) memcpy(copy, text.data, size);
        assert_false(read_back(copy, size));
        free(copy);
    }
    buf_free(&text);
}

/* Every bit: either it is refused, or nothing that counts has changed (a letter of the first
 * member's own syntax cannot). */
static void every_bit_flipped(void **state) {
    (void)state;
    struct buf text;
    fill(2);
    write(&text);
    for (size_t i = 0; i < text.size * 8; i++) {
        text.data[i / 8] ^= (uint8_t)(1 << i % 8);
        if (read_back(text.data, text.size)) assert_memory_equal(&back, &manifest, sizeof back);
        text.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_true(read_back(text.data, text.size));
    buf_free(&text);
}

/* The document with `from` replaced and the checksum made right again: what is left is the reader's
 * own check. */
static bool accepts(const char *from, const char *to) {
    struct buf text, other;
    write(&text);
    const char *document = buf_cstr(&text), *at = strstr(document, from);
    assert_non_null(at);
    buf_init(&other, 1 << 20);
    buf_add(&other, document, (size_t)(at - document));
    buf_text(&other, to);
    buf_text(&other, at + strlen(from));
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx",
             (unsigned long long)checksum_of(other.data + 27, other.size - 27));
    memcpy(other.data + 9, hex, 16);
    bool good = read_back(other.data, other.size);
    buf_free(&other);
    buf_free(&text);
    return good;
}

static void garbled_fields(void **state) {
    (void)state;
    fill(2);
    assert_true(accepts("\"minor\":3", "\"minor\":3"));
    assert_true(accepts("\"minor\":3",
                        "\"later\":{},\"minor\":3")); /* unknown members are for later versions */
    static const char *const bad[][2] = {
        {"\"format\":2", "\"format\":1"},
        {"\"format\":2", "\"format\":\"2\""},
        {"\"format\":2", "\"format\":null"},
        {"\"format\":2,", ""},
        {"\"minor\":3", "\"minor\":-1"},
        {"\"minor\":3", "\"minor\":4294967296"},
        {"\"minor\":3", "\"minor\":3.0"},
        {"\"minor\":3", "\"minor\":3,\"minor\":3"},
        {"\"pages\":3", "\"pages\":2"},
        {"\"pages\":3", "\"pages\":65537"},
        {"\"kind\":\"function\"", "\"kind\":\"\""},
        {"\"kind\":\"function\"", "\"kind\":1"},
        {"\"data_reason\":null", "\"data_reason\":\"x\""},
        {"\"data_in_image\":true", "\"data_in_image\":false"},
        {"\"data_in_image\":true", "\"data_in_image\":1"},
        {"\"size\":1000", "\"size\":-1"},
        {"\"size\":1000", "\"size\":1099511627777"},
        {"\"sha256\":\"0", "\"sha256\":\""},
        {"\"sha256\":\"0", "\"sha256\":\"00"},
        {"\"sha256\":\"0", "\"sha256\":\"g"},
        {"\"globals\":[", "\"globals\":[null,"},
        {"\"globals\":[", "\"globals\":[1,"},
        {"\"globals\":[\"ffff", "\"globals\":[\"FFFF"},
        {"\"facts\":{", "\"facts\":[],\"other\":{"},
        {"\"code\":{", "\"code\":7,\"other\":{"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (accepts(bad[i][0], bad[i][1])) fail_msg("%s was accepted", bad[i][1]);
}

static void limits(void **state) {
    (void)state;
    struct err err;
    struct buf text;
    fill(MANIFEST_MAX_GLOBALS);
    char more[40];
    snprintf(more, sizeof more, "\"globals\":[\"%016x\",", 0);
    assert_false(accepts("\"globals\":[", more)); /* one more than there is room for */
    static char huge[MANIFEST_MAX_SIZE + 1];
    memset(huge, ' ', sizeof huge);
    assert_false(skill_manifest_read(huge, sizeof huge, &back, &err));
    buf_init(&text, 100); /* a buffer without room: the writer says so and writes nowhere else */
    assert_false(skill_manifest_write(&manifest, &text));
    buf_free(&text);
}

static void facts(void **state) {
    (void)state;
    static struct skill_facts facts_back;
    struct buf text;
    struct err err;
    fill(3);
    buf_init(&text, MANIFEST_MAX_SIZE);
    assert_true(skill_facts_write(&manifest.facts, &text));
    assert_true(skill_facts_read((const char *)text.data, text.size, &facts_back, &err));
    assert_memory_equal(&facts_back, &manifest.facts, sizeof facts_back);
    for (size_t size = 0; size < text.size; size++)
        assert_false(skill_facts_read((const char *)text.data, size, &facts_back, &err));
    assert_non_null(strstr(err.text, "facts"));
    buf_free(&text);
    /* A reason that is longer than its place is cut. */
    buf_init(&text, MANIFEST_MAX_SIZE);
    buf_text(&text, "{\"kind\":\"function\",\"minor\":1,\"pages\":0,\"globals\":[],\"data_in_"
                    "image\":false,\"data_reason\":\"");
    for (int i = 0; i < 1000; i++) buf_byte(&text, 'r');
    buf_text(&text, "\"}");
    assert_true(skill_facts_read((const char *)text.data, text.size, &facts_back, &err));
    assert_int_equal(strlen(facts_back.data_reason), sizeof facts_back.data_reason - 1);
    buf_free(&text);
}

static bool read_error(const char *text, struct err *error) {
    return error_read(text, strlen(text), error);
}

static void errors(void **state) {
    (void)state;
    struct err error, error_back;
    for (int kind = ERR_NONE + 1; kind <= ERR_INTERNAL; kind++) {
        struct buf text;
        err_set(&error, (enum err_kind)kind, "it is \"%d\"\n%%s", kind);
        buf_init(&text, 4096);
        assert_true(error_write(&error, &text));
        assert_true(error_read((const char *)text.data, text.size, &error_back));
        assert_int_equal(error_back.kind, kind);
        assert_string_equal(error_back.text, error.text);
        buf_free(&text);
    }
    static const char *const bad[] = {"",
                                      "{}",
                                      "[]",
                                      "null",
                                      "{\"kind\":\"invalid\"}",
                                      "{\"kind\":\"none\",\"text\":\"x\"}",
                                      "{\"kind\":\"what\",\"text\":\"x\"}",
                                      "{\"kind\":\"invalid\",\"text\":3}",
                                      "{\"kind\":\"inv"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (read_error(bad[i], &error_back)) fail_msg("%s was taken for an error", bad[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(round_trip_of_code),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(every_bit_flipped),
        cmocka_unit_test(garbled_fields),
        cmocka_unit_test(limits),
        cmocka_unit_test(facts),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
