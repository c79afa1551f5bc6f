/* Random values of every type of layout_cases.h go the whole way: host -> entry's parameters ->
 * guest -> import's parameters -> host -> import's result -> guest -> entry's result -> host, in
 * every encoding, with a memory that moves in every realloc. */
#include "layout.h"

static uint64_t random_state = 88172645463325252;

static uint32_t random_below(uint32_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 20) % limit);
}

static uint64_t random_bits(void) {
    uint64_t bits = (uint64_t)random_below(UINT32_MAX) << 32 | random_below(UINT32_MAX);
    return random_below(3) == 0 ? bits & 0xff : bits;
}

/* Mostly short; now and then characters of every length. */
static struct abi_value random_string(struct arena *arena) {
    static const char *const pieces[] = {"a",
                                         "Z",
                                         "\xc3\xa4",
                                         "\xc3\xbf",
                                         "\xc4\x80",
                                         "\xe2\x82\xac",
                                         "\xef\xbf\xbf",
                                         "\xf0\x9f\x90\xb8",
                                         "\xf4\x8f\xbf\xbf",
                                         "\x7f"};
    uint32_t count = random_below(8), kinds = random_below(3) == 0 ? 4 : 10, size = 0;
    char *text = arena_alloc(arena, 4 * count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const char *piece = pieces[random_below(kinds)];
        memcpy(text + size, piece, strlen(piece));
        size += (uint32_t)strlen(piece);
    }
    return abi_string(text, size);
}

static uint64_t random_integer(enum abi_kind kind) {
    uint64_t bits = random_bits();
    switch (kind) {
    case ABI_BOOL:
        return bits & 1;
    case ABI_S8:
        return (uint64_t)(int8_t)bits;
    case ABI_U8:
        return (uint8_t)bits;
    case ABI_S16:
        return (uint64_t)(int16_t)bits;
    case ABI_U16:
        return (uint16_t)bits;
    case ABI_S32:
        return (uint64_t)(int32_t)bits;
    case ABI_U32:
        return (uint32_t)bits;
    case ABI_CHAR:
        return bits % 2 == 0 ? bits % 0xd800 : 0xe000 + bits % (0x110000 - 0xe000);
    case ABI_OWN:
    case ABI_BORROW:
        return bits & 0x7fffffff;
    default:
        return bits;
    }
}

static double random_float(enum abi_kind kind) {
    uint64_t bits = random_bits();
    double number;
    float narrow;
    memcpy(&number, &bits, sizeof number);
    memcpy(&narrow, &bits, sizeof narrow);
    return kind == ABI_F64 ? number : (double)narrow;
}

static struct abi_value random_value(struct arena *arena, const struct abi_type *type);

static struct abi_value random_items(struct arena *arena, const struct abi_type *type,
                                     uint32_t count) {
    struct abi_value *items = abi_values(arena, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = random_value(arena, type->types[type->kind == ABI_LIST ? 0 : i]);
    return (struct abi_value){.n = count, .items = items};
}

static struct abi_value random_case(struct arena *arena, const struct abi_type *type) {
    uint32_t number = random_below(type->count);
    if (type->types == NULL || type->types[number] == NULL) return (struct abi_value){.n = number};
    struct abi_value *payload = abi_values(arena, 1);
    *payload = random_value(arena, type->types[number]);
    return (struct abi_value){.n = number, .items = payload};
}

static struct abi_value random_value(struct arena *arena, const struct abi_type *type) {
    switch (type->kind) {
    case ABI_F32:
    case ABI_F64:
        return (struct abi_value){.f = random_float(type->kind)};
    case ABI_STRING:
        return random_string(arena);
    case ABI_LIST:
        if (type->types[0]->kind == ABI_U8) return random_string(arena);
        return random_items(arena, type, random_below(4));
    case ABI_RECORD:
    case ABI_TUPLE:
        return random_items(arena, type, type->count);
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_OPTION:
    case ABI_RESULT:
        return random_case(arena, type);
    case ABI_FLAGS:
        return (struct abi_value){.u = random_bits() & (UINT64_MAX >> (64 - type->count))};
    default:
        return (struct abi_value){.u = random_integer(type->kind)};
    }
}

/* An import and an export of (T) -> T for each case; (T) where T has a borrow. */
static void add_functions(const struct abi_interface *types, const char *encoding,
                          struct buf *imports, struct buf *exports) {
    for (uint32_t i = 0; i < LAYOUT_CASES; i++) {
        const struct abi_type *type = types->types[i];
        const char *flat = layout_cases[i].flat, *params = *flat == '+' ? "i" : flat;
        bool memory = type->flat_count > 1;
        char result[16] = "null";
        if (!type->has_borrow)
            snprintf(result, sizeof result, "%u", i);
        else
            memory = false;
        const char *returned = type->has_borrow ? "" : memory ? "i" : flat;
        buf_format(
            imports,
            "%s{'interface':'x','name':'f','module':'m','field':'f','kind':'func','plan':%s,",
            i == 0 ? "" : ",", type->has_pointer && !type->has_borrow ? "true" : "false");
        buf_format(imports, "'params':[['p',%u]],'result':%s,'encoding':'%s','core':'%s%s:%s'}", i,
                   result, encoding, params, memory ? "i" : "", memory ? "" : returned);
        buf_format(exports, "%s{'interface':'x','name':'f','entry':%u,'post_return':false,",
                   i == 0 ? "" : ",", i);
        buf_format(exports, "'params':[['p',%u]],'result':%s,'encoding':'%s','core':'%s:%s'}", i,
                   result, encoding, params, returned);
    }
}

static void open_echo(struct guest *guest, const char *encoding) {
    struct buf imports, exports;
    buf_init(&imports, 1 << 24);
    buf_init(&exports, 1 << 24);
    layout_open(guest, "", "");
    add_functions(&guest->interface, encoding, &imports, &exports);
    guest_close(guest);
    layout_open(guest, buf_cstr(&imports), buf_cstr(&exports));
    buf_free(&imports);
    buf_free(&exports);
}

/* The upper halves of 32-bit slots mean nothing: fill them. */
static void spoil(const struct abi_signature *signature, uint64_t *core) {
    for (uint8_t i = 0; i < signature->core_param_count; i++)
        if (signature->core_params[i] == ABI_I32 || signature->core_params[i] == ABI_CORE_F32)
            core[i] |= 0xdead000000000000;
}

/* Memory goes back to its start between rounds, else it only grows. */
static void rewind_guest(struct guest *guest) {
    guest->next = 16;
    arena_reset(&guest->arena);
}

static void drop_borrows(struct guest *guest) {
    for (uint32_t i = 1, rep; i <= guest->instance.handle_count; i++) {
        if (!guest->instance.handles[i].live || guest->instance.handles[i].own) continue;
        assert_true(abi_drop_handle(&guest->instance, 0, i, &rep));
        assert_int_equal(rep, ABI_REP_BORROWED);
    }
}

static void answer(struct guest *guest, const struct abi_import *import, const uint64_t *core,
                   const struct abi_value *value, uint64_t *out) {
    struct abi_value copy;
    uint64_t request;
    abi_end_lends(&guest->instance);
    if (import->signature.result == NULL) return;
    assert_true(abi_value_copy(&guest->arena, import->signature.result, value, &copy));
    if (!import->plan) {
        assert_true(abi_lower_result(&guest->instance, &import->signature, core, &copy, out));
        return;
    }
    assert_true(abi_plan_result(&guest->instance, &import->signature, core, &copy, &request));
    assert_true(guest_answer(guest, request));
}

static void echo(struct guest *guest, uint32_t number) {
    const struct abi_import *import = &guest->interface.imports[number];
    const struct abi_export *export = &guest->interface.exports[number];
    const struct abi_type *type = guest->interface.types[number];
    struct abi_value value = random_value(&guest->arena, type), lifted, result;
    uint64_t core[ABI_MAX_FLAT_PARAMS + 1], returned = 0, request;
    uint32_t place = 0;
    assert_true(abi_enter(&guest->instance, &export->signature, &value, &request));
    assert_true(guest_answer(guest, request));
    assert_true(abi_args(&guest->instance, core));
    if (import->signature.result_in_memory) {
        place = guest_alloc(guest, (uint64_t)type->align << 32 | type->size);
        core[import->signature.core_param_count - 1] = place;
    }
    spoil(&import->signature, core);
    if (!abi_lift_params(&guest->instance, &import->signature, core, &lifted))
        fail_msg("type %u: %s", number, guest->instance.error);
    assert_true(values_equal(type, &value, &lifted));
    answer(guest, import, core, &lifted, &returned);
    drop_borrows(guest);
    if (import->signature.result_in_memory) returned = place;
    if (import->signature.result == NULL) return;
    assert_true(abi_result(&guest->instance, &export->signature, &returned, &result));
    assert_true(values_equal(type, &value, &result));
}

static void echo_all(const char *encoding) {
    struct guest guest;
    open_echo(&guest, encoding);
    for (uint32_t round = 0; round < 40; round++) {
        for (uint32_t i = 0; i < LAYOUT_CASES; i++) {
            echo(&guest, i);
            rewind_guest(&guest);
        }
    }
    for (uint32_t i = 1; i <= guest.instance.handle_count; i++)
        assert_false(guest.instance.handles[i].live);
    assert_int_equal(guest.instance.borrow_count, 0);
    guest_close(&guest);
}

static void utf8(void **state) {
    (void)state;
    echo_all("utf8");
}

static void utf16(void **state) {
    (void)state;
    echo_all("utf16");
}

static void latin1_or_utf16(void **state) {
    (void)state;
    echo_all("latin1+utf16");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8),
        cmocka_unit_test(utf16),
        cmocka_unit_test(latin1_or_utf16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
