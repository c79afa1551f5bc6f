/* A guest for the tests: an interface from JSON pieces, a memory that moves in every realloc,
 * values compared by type. */
#ifndef PK_TESTS_UNIT_ABI_GUEST_H
#define PK_TESTS_UNIT_ABI_GUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/host.h"
#include "base/buf.h"

struct guest {
    struct abi_interface interface;
    struct abi_instance instance;
    struct arena arena;
    uint8_t *memory; /* exactly as large as the guest thinks: a sanitizer sees what is beyond */
    uint32_t size, next, reallocs;
};

static inline void guest_resize(struct guest *guest, uint32_t size) {
    uint8_t *moved = malloc(size == 0 ? 1 : size);
    assert_non_null(moved);
    memset(moved, 0xaa, size);
    if (guest->size > 0) memcpy(moved, guest->memory, guest->size < size ? guest->size : size);
    free(guest->memory);
    guest->memory = moved;
    guest->size = size;
    guest->instance.memory = moved;
    guest->instance.memory_size = size;
}

/* `resources`, `types`, `imports`, `exports`: insides of the JSON arrays, with ' for the quotes. */
static inline void guest_open(struct guest *guest, const char *resources, const char *types,
                              const char *imports, const char *exports) {
    struct buf text;
    struct err err;
    *guest = (struct guest){0};
    buf_init(&text, 1 << 24);
    buf_format(&text, "{'format':1,'resources':[%s],'types':[%s],'imports':[%s],'exports':[%s],",
               resources, types, imports, exports);
    buf_text(&text, "'globals':'','start':false,'strict':false,'max_pages':65536}");
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\'') text.data[i] = '"';
    if (!abi_interface_read(buf_cstr(&text), text.size, &guest->interface, &err))
        fail_msg("%s", err.text);
    buf_free(&text);
    arena_init(&guest->arena, ABI_CALL_BUDGET + (64 << 20));
    abi_instance_init(&guest->instance, &guest->interface, &guest->arena);
    guest_resize(guest, 64);
    guest->next = 16;
}

#define GUEST_RESOURCES "{'interface':'x','name':'thing'},{'interface':'x','name':'other'}"

/* One import f: `params` is the inside of the JSON array, `result` an index or "null". */
static inline void guest_open_import(struct guest *guest, const char *types, const char *params,
                                     const char *result, const char *core, const char *encoding,
                                     bool plan) {
    char text[1000];
    snprintf(text, sizeof text,
             "{'interface':'x','name':'f','module':'m','field':'f','kind':'func','plan':%s,"
             "'params':[%s],'result':%s,'encoding':'%s','core':'%s'}",
             plan ? "true" : "false", params, result, encoding, core);
    guest_open(guest, GUEST_RESOURCES, types, text, "");
}

/* One export f, in UTF-8. */
static inline void guest_open_export(struct guest *guest, const char *types, const char *params,
                                     const char *result, const char *core) {
    char text[1000];
    snprintf(text, sizeof text,
             "{'interface':'x','name':'f','entry':0,'post_return':true,'params':[%s],"
             "'result':%s,'encoding':'utf8','core':'%s'}",
             params, result, core);
    guest_open(guest, GUEST_RESOURCES, types, "", text);
}

static inline bool guest_lift(struct guest *guest, const uint64_t *core, struct abi_value *values) {
    guest->instance.error[0] = '\0';
    arena_reset(&guest->arena);
    return abi_lift_params(&guest->instance, &guest->interface.imports[0].signature, core, values);
}

/* A lift that must fail with a text that contains `text`. */
#define assert_lift_fails(guest, core, text)                                                       \
    do {                                                                                           \
        struct abi_value lifted_[20];                                                              \
        assert_false(guest_lift(guest, core, lifted_));                                            \
        assert_non_null(strstr((guest)->instance.error, text));                                    \
    } while (0)

static inline void guest_close(struct guest *guest) {
    abi_instance_end(&guest->instance, NULL, NULL);
    abi_interface_free(&guest->interface);
    arena_free(&guest->arena);
    free(guest->memory);
}

/* What the guest's realloc does for a request. */
static inline uint32_t guest_alloc(struct guest *guest, uint64_t request) {
    uint32_t size = (uint32_t)request, align = (uint32_t)(request >> 32);
    uint32_t at = (guest->next + align - 1) & ~(align - 1);
    guest->next = at + size;
    guest->reallocs++;
    guest_resize(guest, guest->next);
    return at;
}

/* The loop of a shim. */
static inline bool guest_answer(struct guest *guest, uint64_t request) {
    while (request != 0) {
        assert_false(guest->instance.may_leave);
        uint32_t address = guest_alloc(guest, request);
        if (!abi_put(&guest->instance, address, &request)) return false;
    }
    return true;
}

static inline bool values_equal(const struct abi_type *type, const struct abi_value *a,
                                const struct abi_value *b) {
    switch (type->kind) {
    case ABI_F32:
    case ABI_F64:
        return memcmp(&a->f, &b->f, sizeof a->f) == 0 || (a->f != a->f && b->f != b->f);
    case ABI_STRING:
        return a->n == b->n && (a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0);
    case ABI_LIST:
        if (a->n != b->n) return false;
        if (type->types[0]->kind == ABI_U8)
            return a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0;
        for (uint32_t i = 0; i < a->n; i++)
            if (!values_equal(type->types[0], &a->items[i], &b->items[i])) return false;
        return true;
    case ABI_RECORD:
    case ABI_TUPLE:
        for (uint32_t i = 0; i < type->count; i++)
            if (!values_equal(type->types[i], &a->items[i], &b->items[i])) return false;
        return true;
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_OPTION:
    case ABI_RESULT:
        if (a->n != b->n) return false;
        return type->types == NULL || type->types[a->n] == NULL ||
               values_equal(type->types[a->n], a->items, b->items);
    default:
        return a->u == b->u;
    }
}

#endif
