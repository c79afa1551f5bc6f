/* Lifting by hand: exact bytes in memory, and everything that a hostile guest can say. */
#include "guest.h"

#include <math.h>

#define CORE(...) ((uint64_t[]){__VA_ARGS__})

/* ---- scalars */

static uint64_t lift_one(const char *type, const char *core_type, uint64_t core) {
    struct guest guest;
    struct abi_value value;
    guest_open_import(&guest, type, "['p',0]", "null", core_type, "utf8", false);
    assert_true(guest_lift(&guest, &core, &value));
    guest_close(&guest);
    return value.u;
}

static void integers_ignore_upper_bits(void **state) {
    (void)state;
    assert_int_equal(lift_one("'bool'", "i:", 0x100), 1);
    assert_int_equal(lift_one("'bool'", "i:", 0xffffffff00000000), 0);
    assert_int_equal(lift_one("'s8'", "i:", 0x12380), (uint64_t)-128);
    assert_int_equal(lift_one("'u8'", "i:", 0x123ff), 255);
    assert_int_equal(lift_one("'s16'", "i:", 0x18000), (uint64_t)-32768);
    assert_int_equal(lift_one("'u16'", "i:", 0x1ffff), 65535);
    assert_int_equal(lift_one("'s32'", "i:", 0xabcd80000000), (uint64_t)INT32_MIN);
    assert_int_equal(lift_one("'u32'", "i:", 0xabcdffffffff), UINT32_MAX);
    assert_int_equal(lift_one("'s64'", "I:", UINT64_MAX), UINT64_MAX);
    assert_int_equal(lift_one("'u64'", "I:", 1ull << 63), 1ull << 63);
    assert_int_equal(lift_one("{'flags':['a','b','c']}", "i:", 0xfffffffd), 5);
}

static void floats_have_one_nan(void **state) {
    struct guest guest;
    struct abi_value values[2];
    uint64_t bits;
    (void)state;
    guest_open_import(&guest, "'f32','f64'", "['p',0],['q',1]", "null", "fF:", "utf8", false);
    assert_true(guest_lift(&guest, CORE(0xdead3fc00000, 0x3ff8000000000000), values));
    assert_true(values[0].f == 1.5 && values[1].f == 1.5);
    assert_true(guest_lift(&guest, CORE(0xffa12345, 0xfff0000000000001), values));
    for (int i = 0; i < 2; i++) {
        memcpy(&bits, &values[i].f, 8);
        assert_int_equal(bits, 0x7ff8000000000000);
    }
    assert_true(guest_lift(&guest, CORE(0xff800000, 0x8000000000000000), values));
    assert_true(isinf(values[0].f) && values[0].f < 0 && values[1].f == 0 && signbit(values[1].f));
    guest_close(&guest);
}

static void characters_are_scalar_values(void **state) {
    static const uint32_t good[] = {0, 'a', 0xd7ff, 0xe000, 0xffff, 0x10ffff},
                          bad[] = {0xd800, 0xdbff, 0xdc00, 0xdfff, 0x110000, UINT32_MAX};
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'char'", "['p',0]", "null", "i:", "utf8", false);
    for (int i = 0; i < 6; i++) {
        assert_true(guest_lift(&guest, CORE(0x700000000 | good[i]), &value));
        assert_int_equal(value.u, good[i]);
        assert_lift_fails(&guest, CORE(bad[i]), "no character");
    }
    guest_close(&guest);
}

/* ---- strings and lists: pointers */

static void strings_and_byte_lists_are_not_copied(void **state) {
    struct guest guest;
    struct abi_value values[2];
    (void)state;
    guest_open_import(&guest, "'u8',{'list':0},'string'", "['p',1],['q',2]", "null",
                      "iiii:", "utf8", false);
    memcpy(guest.memory + 3, "h\xc3\xa4llo", 6);
    assert_true(guest_lift(&guest, CORE(3, 2, 3, 6), values));
    assert_ptr_equal(values[0].bytes, guest.memory + 3);
    assert_ptr_equal(values[1].bytes, guest.memory + 3);
    assert_int_equal(values[0].n, 2);
    assert_int_equal(values[1].n, 6);
    assert_lift_fails(&guest, CORE(3, 1, 3, 2), "not UTF-8"); /* cut in a character */
    guest_close(&guest);
}

static void a_pointer_may_be_the_end_of_memory_but_not_beyond(void **state) {
    static const struct {
        uint64_t pointer, length;
        bool good;
    } cases[] = {{64, 0, true},          {65, 0, false},
                 {60, 4, true},          {60, 5, false},
                 {0, 64, true},          {0, 65, false},
                 {UINT32_MAX, 0, false}, {UINT32_MAX, UINT32_MAX, false},
                 {1, UINT32_MAX, false}};
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'u8',{'list':0},'string'", "['p',1]", "null", "ii:", "utf8", false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t core[] = {cases[i].pointer, cases[i].length};
        assert_int_equal(guest_lift(&guest, core, &value), cases[i].good);
        if (!cases[i].good)
            assert_string_equal(guest.instance.error, "a list out of bounds of memory");
    }
    guest_close(&guest);
    guest_open_import(&guest, "'string'", "['p',0]", "null", "ii:", "utf8", false);
    assert_true(guest_lift(&guest, CORE(64, 0), &value));
    assert_lift_fails(&guest, CORE(65, 0), "a string out of bounds");
    assert_lift_fails(&guest, CORE(64, 1), "a string out of bounds");
    guest_close(&guest);
}

static void no_memory_at_all(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'string'", "['p',0]", "null", "ii:", "utf8", false);
    guest_resize(&guest, 0);
    assert_true(guest_lift(&guest, CORE(0, 0), &value));
    assert_lift_fails(&guest, CORE(0, 1), "out of bounds");
    guest_close(&guest);
}

static void lists_are_aligned_even_when_empty(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'u64',{'list':0}", "['p',1]", "null", "ii:", "utf8", false);
    memset(guest.memory, 0, 64);
    guest.memory[16] = 7;
    assert_true(guest_lift(&guest, CORE(8, 2), &value));
    assert_int_equal(value.n, 2);
    assert_int_equal(value.items[1].u, 7);
    assert_true(guest_lift(&guest, CORE(64, 0), &value));
    assert_lift_fails(&guest, CORE(4, 1), "a list is not aligned");
    assert_lift_fails(&guest, CORE(4, 0), "a list is not aligned");
    assert_lift_fails(&guest, CORE(64, 1), "out of bounds");
    assert_lift_fails(&guest, CORE(8, 0x20000000), "out of bounds"); /* 2^32 bytes */
    assert_lift_fails(&guest, CORE(8, 0xffffffff), "out of bounds");
    guest_close(&guest);
}

/* list<list<u32>>, a string in a record in a list: inner pointers are checked as well. */
static void inner_pointers_are_checked(void **state) {
    struct guest guest;
    struct abi_value value;
    uint32_t *words;
    (void)state;
    guest_open_import(&guest, "'u32',{'list':0},{'list':1}", "['p',2]", "null", "ii:", "utf8",
                      false);
    words = (uint32_t *)guest.memory;
    words[0] = 16, words[1] = 1, words[2] = 64, words[3] = 0, words[4] = 99;
    assert_true(guest_lift(&guest, CORE(0, 2), &value));
    assert_int_equal(value.items[0].items[0].u, 99);
    assert_int_equal(value.items[1].n, 0);
    words[2] = 62;
    assert_lift_fails(&guest, CORE(0, 2), "a list is not aligned");
    words[2] = 68;
    assert_lift_fails(&guest, CORE(0, 2), "out of bounds");
    words[2] = 60, words[3] = 2;
    assert_lift_fails(&guest, CORE(0, 2), "out of bounds");
    guest_close(&guest);
}

static void utf16_and_latin1(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'string'", "['p',0]", "null", "ii:", "utf16", false);
    memcpy(guest.memory + 2, "a\0\xe4\0\x3d\xd8\x38\xdc", 8);
    assert_true(guest_lift(&guest, CORE(2, 4), &value));
    assert_int_equal(value.n, 7);
    assert_memory_equal(value.bytes, "a\xc3\xa4\xf0\x9f\x90\xb8", 7);
    assert_lift_fails(&guest, CORE(2, 3), "not UTF-16"); /* ends within a pair */
    assert_lift_fails(&guest, CORE(8, 1), "not UTF-16"); /* begins within one */
    assert_lift_fails(&guest, CORE(1, 0), "a string is not aligned");
    assert_lift_fails(&guest, CORE(64, 1), "out of bounds");
    assert_lift_fails(&guest, CORE(0, 0x80000000), "out of bounds");
    guest_close(&guest);
    guest_open_import(&guest, "'string'", "['p',0]", "null", "ii:", "latin1+utf16", false);
    memcpy(guest.memory + 2, "a\xe4\xff\0", 4);
    assert_true(guest_lift(&guest, CORE(2, 3), &value));
    assert_int_equal(value.n, 5);
    assert_memory_equal(value.bytes, "a\xc3\xa4\xc3\xbf", 5);
    assert_true(guest_lift(&guest, CORE(2, 0x80000002), &value)); /* U+E461 U+00FF */
    assert_memory_equal(value.bytes, "\xee\x91\xa1\xc3\xbf", 5);
    assert_lift_fails(&guest, CORE(3, 1), "a string is not aligned");
    assert_lift_fails(&guest, CORE(60, 0x80000003), "out of bounds");
    guest_close(&guest);
}

/* ---- variants */

static void discriminants_are_checked_in_all_their_bits(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'u8',{'option':0},{'list':1}", "['p',1]", "null", "ii:", "utf8",
                      false);
    assert_true(guest_lift(&guest, CORE(0xffffffff00000001, 0x1ff), &value));
    assert_int_equal(value.n, 1);
    assert_int_equal(value.items->u, 0xff);
    assert_true(guest_lift(&guest, CORE(0, 0x1ff), &value));
    assert_int_equal(value.n, 0);
    assert_null(value.items);
    assert_lift_fails(&guest, CORE(2, 0), "discriminant 2");
    assert_lift_fails(&guest, CORE(0x101, 0), "discriminant 257"); /* its low byte would do */
    assert_lift_fails(&guest, CORE(UINT32_MAX, 0), "discriminant");
    guest_close(&guest);
    guest_open_import(&guest, "'u8',{'option':0},{'list':1}", "['p',2]", "null", "ii:", "utf8",
                      false);
    memcpy(guest.memory, "\1\5\0\6\2\7", 6);
    assert_true(guest_lift(&guest, CORE(0, 2), &value));
    assert_int_equal(value.items[0].items->u, 5);
    assert_int_equal(value.items[1].n, 0);
    assert_lift_fails(&guest, CORE(0, 3), "discriminant 2");
    guest_close(&guest);
}

/* variant{a(u32), b(u64), c(f32), d(f64), e(s8)} has the flat type i I: what is narrower lies in
 * the low bits. */
static void joined_payloads(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest,
                      "'u32','u64','f32','f64','s8',{'variant':[['a',0],['b',1],["
                      "'c',2],['d',3],['e',4]]}",
                      "['p',5]", "null", "iI:", "utf8", false);
    assert_true(guest_lift(&guest, CORE(0, 0xffffffff00000005), &value));
    assert_int_equal(value.items->u, 5);
    assert_true(guest_lift(&guest, CORE(1, 0xffffffff00000005), &value));
    assert_int_equal(value.items->u, 0xffffffff00000005);
    assert_true(guest_lift(&guest, CORE(2, 0xffffffff3fc00000), &value));
    assert_true(value.items->f == 1.5);
    assert_true(guest_lift(&guest, CORE(3, 0x3ff8000000000000), &value));
    assert_true(value.items->f == 1.5);
    assert_true(guest_lift(&guest, CORE(4, 0xffffffffffffff80), &value));
    assert_int_equal(value.items->u, (uint64_t)-128);
    guest_close(&guest);
}

/* ---- whole calls */

static void parameters_in_memory(void **state) {
    struct guest guest;
    struct abi_value values[17];
    char params[300] = "";
    (void)state;
    for (int i = 0; i < 17; i++) strcat(params, i == 0 ? "['p',0]" : ",['p',0]");
    guest_open_import(&guest, "'u16'", params, "null", "i:", "utf8", false);
    for (uint16_t i = 0; i < 17; i++) memcpy(guest.memory + 30 + 2 * i, &i, 2);
    assert_true(guest_lift(&guest, CORE(30), values));
    for (uint32_t i = 0; i < 17; i++) assert_int_equal(values[i].u, i);
    assert_lift_fails(&guest, CORE(31), "the parameters' pointer is not aligned");
    assert_lift_fails(&guest, CORE(32), "the parameters' pointer out of bounds");
    assert_lift_fails(&guest, CORE(UINT32_MAX - 1), "out of bounds");
    guest_close(&guest);
}

static void the_results_pointer_is_checked_before_the_call(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'u8','u64',{'tuple':[0,1]}", "['p',0]", "2", "ii:", "utf8", false);
    assert_true(guest_lift(&guest, CORE(1, 48), &value));
    assert_lift_fails(&guest, CORE(1, 44), "the result's pointer is not aligned");
    assert_lift_fails(&guest, CORE(1, 56), "the result's pointer out of bounds");
    guest_close(&guest);
}

static void no_calls_while_the_guest_may_not_leave(void **state) {
    struct guest guest;
    (void)state;
    guest_open_import(&guest, "'u8'", "['p',0]", "null", "i:", "utf8", false);
    guest.instance.may_leave = false;
    assert_lift_fails(&guest, CORE(1), "cannot leave component instance");
    guest_close(&guest);
}

/* 16,000 lists that are all the same 64 KiB: 1 GiB out of 192 KiB of memory. */
static void overlapping_lists_are_bounded(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'string',{'list':0}", "['p',1]", "null", "ii:", "utf8", false);
    guest_resize(&guest, 3 << 16);
    memset(guest.memory, 'a', 3 << 16);
    uint32_t *words = (uint32_t *)guest.memory;
    for (uint32_t i = 0; i < 16000; i++) words[2 * i] = 2 << 16, words[2 * i + 1] = 1 << 16;
    assert_lift_fails(&guest, CORE(0, 16000), "larger than 64 MiB");
    assert_true(guest_lift(&guest, CORE(0, 1000), &value)); /* 62 MiB, the budget is a call's own */
    assert_true(guest_lift(&guest, CORE(0, 1000), &value));
    guest_close(&guest);
}

/* A bool takes one byte in the guest and sixteen here. */
static void items_count_against_the_budget(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    guest_open_import(&guest, "'bool',{'list':0}", "['p',1]", "null", "ii:", "utf8", false);
    guest_resize(&guest, 17 << 20);
    assert_lift_fails(&guest, CORE(0, (4 << 20) + 1), "larger than 64 MiB");
    assert_true(guest_lift(&guest, CORE(0, 4 << 20), &value));
    guest_close(&guest);
}

static void a_smaller_arena_bounds_it_too(void **state) {
    struct guest guest;
    (void)state;
    guest_open_import(&guest, "'bool',{'list':0}", "['p',1]", "null", "ii:", "utf8", false);
    arena_free(&guest.arena);
    arena_init(&guest.arena, 100);
    assert_lift_fails(&guest, CORE(0, 64), "no memory");
    guest_close(&guest);
}

/* Long strings of a result are looked at in pieces, each of which ends with a whole character. */
static void long_strings_are_checked_in_pieces(void **state) {
    (void)state;
    enum { COUNT = 3 * ABI_PIECE };
    static const char *const characters[] = {"a", "\u00e9", "\u20ac", "\U0001f600"};
    for (size_t width = 1; width <= 4; width++) {
        size_t size = 1 + COUNT / width * width;
        uint8_t *bytes = malloc(size);
        assert_non_null(bytes);
        bytes[0] = 'a';
        for (size_t i = 1; i < size; i += width) memcpy(bytes + i, characters[width - 1], width);
        for (int bad = 0; bad < 3; bad++) {
            if (bad) bytes[bad == 1 ? size - 1 : ABI_PIECE + 1] = 0xff;
            struct abi_instance instance = {.unchecked = {{bytes, (uint32_t)size}},
                                            .unchecked_count = 1};
            enum abi_step step = ABI_STEP_MORE;
            int steps = 0;
            for (; step == ABI_STEP_MORE; steps++) step = abi_check_strings(&instance);
            assert_int_equal(step, bad ? ABI_STEP_FAIL : ABI_STEP_DONE);
            assert_int_equal(steps, bad == 2 ? 2 : size > COUNT ? 4 : 3);
            if (bad) assert_string_equal(instance.error, "a string is not UTF-8");
        }
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_ignore_upper_bits),
        cmocka_unit_test(floats_have_one_nan),
        cmocka_unit_test(characters_are_scalar_values),
        cmocka_unit_test(strings_and_byte_lists_are_not_copied),
        cmocka_unit_test(a_pointer_may_be_the_end_of_memory_but_not_beyond),
        cmocka_unit_test(no_memory_at_all),
        cmocka_unit_test(lists_are_aligned_even_when_empty),
        cmocka_unit_test(inner_pointers_are_checked),
        cmocka_unit_test(utf16_and_latin1),
        cmocka_unit_test(discriminants_are_checked_in_all_their_bits),
        cmocka_unit_test(joined_payloads),
        cmocka_unit_test(parameters_in_memory),
        cmocka_unit_test(the_results_pointer_is_checked_before_the_call),
        cmocka_unit_test(no_calls_while_the_guest_may_not_leave),
        cmocka_unit_test(overlapping_lists_are_bounded),
        cmocka_unit_test(items_count_against_the_budget),
        cmocka_unit_test(a_smaller_arena_bounds_it_too),
        cmocka_unit_test(long_strings_are_checked_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
