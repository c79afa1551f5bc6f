/* Lowering by hand: exact bytes, exact requests, and what a hostile realloc can return. */
#include "guest.h"

#include <math.h>

static const struct abi_signature *signature_of(const struct guest *guest) {
    return &guest->interface.imports[0].signature;
}

static uint64_t lower_one(const char *type, const char *core_type, struct abi_value value) {
    struct guest guest;
    uint64_t core = 0xcccccccccccccccc;
    guest_open_import(&guest, type, "", "0", core_type, "utf8", false);
    assert_true(abi_lower_result(&guest.instance, signature_of(&guest), NULL, &value, &core));
    guest_close(&guest);
    return core;
}

static void flat_scalars(void **state) {
    (void)state;
    assert_int_equal(lower_one("'bool'", ":i", (struct abi_value){.u = 1}), 1);
    assert_int_equal(lower_one("'s8'", ":i", (struct abi_value){.u = (uint64_t)-1}), 0xffffffff);
    assert_int_equal(lower_one("'u8'", ":i", (struct abi_value){.u = 255}), 255);
    assert_int_equal(lower_one("'s16'", ":i", (struct abi_value){.u = (uint64_t)-2}), 0xfffffffe);
    assert_int_equal(lower_one("'s32'", ":i", (struct abi_value){.u = (uint64_t)-3}), 0xfffffffd);
    assert_int_equal(lower_one("'s64'", ":I", (struct abi_value){.u = (uint64_t)-3}), (uint64_t)-3);
    assert_int_equal(lower_one("'char'", ":i", (struct abi_value){.u = 0x1f438}), 0x1f438);
    assert_int_equal(lower_one("'f32'", ":f", (struct abi_value){.f = 1.5}), 0x3fc00000);
    assert_int_equal(lower_one("'f64'", ":F", (struct abi_value){.f = 1.5}), 0x3ff8000000000000);
    assert_int_equal(lower_one("'f32'", ":f", (struct abi_value){.f = -(double)NAN}), 0x7fc00000);
    assert_int_equal(lower_one("'f64'", ":F", (struct abi_value){.f = -(double)NAN}),
                     0x7ff8000000000000);
    assert_int_equal(lower_one("'f32'", ":f", (struct abi_value){.f = 1e300}), 0x7f800000);
    assert_int_equal(lower_one("{'flags':['a','b']}", ":i", (struct abi_value){.u = 3}), 3);
    assert_int_equal(lower_one("{'enum':['a','b']}", ":i", (struct abi_value){.n = 1}), 1);
    assert_int_equal(lower_one("{'own':0}", ":i", (struct abi_value){.u = 7}), 1); /* its handle */
}

/* record{a: u8, b: option<u16>, c: result<_, f32>, d: flags of 9} in memory; padding is left alone.
 */
static void memory_layout(void **state) {
    struct guest guest;
    uint64_t core = 8, nothing;
    struct abi_value some = {.u = 0xbeef}, error = {.f = -2},
                     fields[] = {{.u = 0x11},
                                 {.n = 1, .items = &some},
                                 {.n = 1, .items = &error},
                                 {.u = 0x101}};
    struct abi_value record = {.n = 4, .items = fields};
    (void)state;
    guest_open_import(&guest,
                      "'u8','u16',{'option':1},'f32',{'result':[null,3]},{'flags':['a','b','c','d',"
                      "'e','f','g','h','i']},{'record':[['a',0],['b',2],['c',4],['d',5]]}",
                      "", "6", "i:", "utf8", false);
    assert_true(abi_lower_result(&guest.instance, signature_of(&guest), &core, &record, &nothing));
    assert_memory_equal(
        guest.memory + 8,
        "\x11\xaa\x01\xaa\xef\xbe\xaa\xaa\x01\xaa\xaa\xaa\x00\x00\x00\xc0\x01\x01\xaa\xaa", 20);
    guest_close(&guest);
}

/* The guest's lists may have moved the memory away from under the result's place: only the offset
 * counts. */
static void requests_come_in_the_order_of_the_value(void **state) {
    struct guest guest;
    struct abi_value strings[] = {abi_string("ab", 2), abi_string("", 0), abi_string("xyz", 3)};
    struct abi_value numbers[] = {{.u = 1}, {.u = 2}};
    struct abi_value fields[] = {{.n = 3, .items = strings}, {.n = 2, .items = numbers}};
    struct abi_value record = {.n = 2, .items = fields};
    static const uint64_t expected[] = {4ull << 32 | 24, 1ull << 32 | 2,  1ull << 32 | 0,
                                        1ull << 32 | 3,  8ull << 32 | 16, 0};
    uint64_t core = 16, request;
    (void)state;
    guest_open_import(&guest, "'string',{'list':0},'u64',{'list':2},{'tuple':[1,3]}", "", "4",
                      "i:", "utf8", true);
    assert_true(abi_plan_result(&guest.instance, signature_of(&guest), &core, &record, &request));
    guest.next = 64;
    for (int i = 0; expected[i] != 0; i++) {
        assert_int_equal(request, expected[i]);
        assert_false(guest.instance.may_leave);
        assert_true(abi_put(&guest.instance, guest_alloc(&guest, request), &request));
    }
    assert_int_equal(request, 0);
    assert_true(guest.instance.may_leave);
    uint32_t *words = (uint32_t *)(guest.memory + 16),
             *list = (uint32_t *)(guest.memory + words[0]);
    assert_int_equal(words[1], 3);
    assert_memory_equal(guest.memory + list[0], "ab", 2);
    assert_int_equal(list[3], 0);
    assert_memory_equal(guest.memory + list[4], "xyz", 3);
    assert_int_equal(words[2] % 8, 0);
    assert_int_equal(words[3], 2);
    assert_int_equal(((uint64_t *)(guest.memory + words[2]))[1], 2);
    assert_false(abi_put(&guest.instance, 0, &request));
    assert_string_equal(guest.instance.error, "an address that nobody asked for");
    guest_close(&guest);
}

static void a_plan_without_requests_writes_at_once(void **state) {
    struct guest guest;
    struct abi_value none = {.n = 0};
    uint64_t core = 16, request = 99;
    (void)state;
    guest_open_import(&guest, "'string',{'option':0}", "", "1", "i:", "utf8", true);
    assert_true(abi_plan_result(&guest.instance, signature_of(&guest), &core, &none, &request));
    assert_int_equal(request, 0);
    assert_int_equal(guest.memory[16], 0);
    assert_true(guest.instance.may_leave);
    guest_close(&guest);
}

static void realloc_is_not_trusted(void **state) {
    static const struct {
        uint32_t address;
        const char *error;
    } cases[] = {{4, "what realloc returned is not aligned"},
                 {64, "what realloc returned out of bounds of memory"},
                 {56, "out of bounds"},
                 {UINT32_MAX - 7, "out of bounds"},
                 {0, NULL},
                 {48, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct guest guest;
        struct abi_value numbers[] = {{.u = 1}, {.u = 2}}, list = {.n = 2, .items = numbers};
        uint64_t core = 24, request;
        guest_open_import(&guest, "'u64',{'list':0}", "", "1", "i:", "utf8", true);
        assert_true(abi_plan_result(&guest.instance, signature_of(&guest), &core, &list, &request));
        assert_int_equal(abi_put(&guest.instance, cases[i].address, &request),
                         cases[i].error == NULL);
        if (cases[i].error != NULL) assert_non_null(strstr(guest.instance.error, cases[i].error));
        guest_close(&guest);
    }
}

/* Wasm memories do not shrink; if one did, we would say so and not write. */
static void a_memory_that_shrinks_meanwhile(void **state) {
    struct guest guest;
    struct abi_value strings[] = {abi_string("ab", 2), abi_string("cd", 2)},
                     pair = {.n = 2, .items = strings};
    uint64_t core = 16, request;
    (void)state;
    guest_open_import(&guest, "'string',{'tuple':[0,0]}", "", "1", "i:", "utf8", true);
    assert_true(abi_plan_result(&guest.instance, signature_of(&guest), &core, &pair, &request));
    assert_true(abi_put(&guest.instance, 60, &request));
    guest_resize(&guest, 48);
    assert_false(abi_put(&guest.instance, 32, &request));
    assert_string_equal(guest.instance.error, "an allocation out of bounds of memory");
    guest_resize(&guest, 8);
    guest_close(&guest);
}

static void strings_in_other_encodings(void **state) {
    static const struct {
        const char *encoding, *text;
        uint64_t request;
        uint32_t length;
        const char *bytes;
    } cases[] = {
        {"utf16", "a\xc3\xa4\xf0\x9f\x90\xb8", 2ull << 32 | 8, 4, "a\0\xe4\0\x3d\xd8\x38\xdc"},
        {"latin1+utf16", "a\xc3\xa4\xc3\xbf", 2ull << 32 | 3, 3, "a\xe4\xff"},
        {"latin1+utf16", "a\xc4\x80", 2ull << 32 | 4, 0x80000002, "a\0\0\1"},
        {"latin1+utf16", "", 2ull << 32 | 0, 0, ""},
        {"utf16",
         "\xff"
         "a\xe2\x82",
         2ull << 32 | 8, 4,
         "\xfd\xff"
         "a\0\xfd\xff\xfd\xff"}, /* not UTF-8: a host's fault */
        {"utf8", "a\xc3\xa4", 1ull << 32 | 3, 3, "a\xc3\xa4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct guest guest;
        struct abi_value string = abi_string(cases[i].text, (uint32_t)strlen(cases[i].text));
        uint64_t core = 16, request;
        guest_open_import(&guest, "'string'", "", "0", "i:", cases[i].encoding, true);
        assert_true(
            abi_plan_result(&guest.instance, signature_of(&guest), &core, &string, &request));
        assert_int_equal(request, cases[i].request);
        guest.next = 64;
        assert_true(guest_answer(&guest, request));
        const uint32_t *words = (const uint32_t *)(guest.memory + 16);
        assert_int_equal(words[1], cases[i].length);
        assert_memory_equal(guest.memory + words[0], cases[i].bytes, (uint32_t)cases[i].request);
        guest_close(&guest);
    }
}

/* variant{a(u32), b(u64), c(list<u8>)}: i I i; slots that a case does not use are 0. */
static void flat_variants_as_parameters(void **state) {
    struct guest guest;
    struct abi_value small = {.u = 5}, bytes = abi_string("xy", 2), param;
    uint64_t core[ABI_MAX_FLAT_PARAMS], request;
    (void)state;
    guest_open_export(&guest, "'u32','u64','u8',{'list':2},{'variant':[['a',0],['b',1],['c',3]]}",
                      "['p',4]", "null", "iIi:");
    const struct abi_signature *signature = &guest.interface.exports[0].signature;
    param = (struct abi_value){.n = 2, .items = &bytes};
    assert_true(abi_enter(&guest.instance, signature, &param, &request));
    assert_int_equal(request, 1ull << 32 | 2);
    assert_false(abi_args(&guest.instance, core));
    guest.instance.error[0] = '\0';
    assert_true(guest_answer(&guest, request));
    assert_false(guest.instance.may_leave);
    assert_true(abi_args(&guest.instance, core));
    assert_true(guest.instance.may_leave);
    assert_true(core[0] == 2 && core[1] == 16 && core[2] == 2);
    param = (struct abi_value){.n = 0, .items = &small};
    assert_true(abi_enter(&guest.instance, signature, &param, &request));
    assert_int_equal(request, 0);
    assert_true(abi_args(&guest.instance, core));
    assert_true(core[0] == 0 && core[1] == 5 && core[2] == 0);
    guest_close(&guest);
}

/* More than 16 flat parameters: the tuple itself is allocated first. */
static void parameters_in_memory(void **state) {
    struct guest guest;
    struct abi_value params[17];
    char list[300] = "";
    uint64_t core[ABI_MAX_FLAT_PARAMS], request;
    (void)state;
    for (int i = 0; i < 17; i++)
        strcat(list, i == 0 ? "['p',0]" : i == 16 ? ",['p',1]" : ",['p',0]");
    guest_open_export(&guest, "'u8','string'", list, "null", "i:");
    for (uint32_t i = 0; i < 16; i++) params[i] = (struct abi_value){.u = i};
    params[16] = abi_string("hello", 5);
    assert_true(
        abi_enter(&guest.instance, &guest.interface.exports[0].signature, params, &request));
    assert_int_equal(request, 4ull << 32 | 24);
    assert_true(abi_put(&guest.instance, guest_alloc(&guest, request), &request));
    assert_int_equal(request, 1ull << 32 | 5);
    assert_true(guest_answer(&guest, request));
    assert_true(abi_args(&guest.instance, core));
    assert_int_equal(guest.memory[core[0] + 15], 15);
    uint32_t pointer;
    memcpy(&pointer, guest.memory + core[0] + 16, 4);
    assert_memory_equal(guest.memory + pointer, "hello", 5);
    guest_close(&guest);
}

static void a_second_call_while_addresses_are_awaited(void **state) {
    struct guest guest;
    struct abi_value string = abi_string("ab", 2), value;
    uint64_t core = 16, request;
    (void)state;
    guest_open_import(&guest, "'string'", "", "0", "i:", "utf8", true);
    assert_true(abi_plan_result(&guest.instance, signature_of(&guest), &core, &string, &request));
    assert_false(abi_lift_params(&guest.instance, signature_of(&guest), &core, &value));
    assert_string_equal(guest.instance.error, "cannot leave component instance");
    guest.instance.error[0] = '\0';
    assert_false(abi_plan_result(&guest.instance, signature_of(&guest), &core, &string, &request));
    assert_string_equal(guest.instance.error, "a call while another one is being answered");
    /* The next instance on this struct starts anew. */
    abi_instance_reuse(&guest.instance, &guest.interface, &guest.arena, NULL, NULL);
    assert_false(abi_put(&guest.instance, 16, &request));
    guest_close(&guest);
}

static void too_large_for_a_guest(void **state) {
    struct guest guest;
    struct abi_value list = {.n = 0x10000000,
                             .items = NULL}; /* never read: 2 GiB is refused at once */
    uint64_t core = 16, request;
    (void)state;
    guest_open_import(&guest, "'u64',{'list':0}", "", "1", "i:", "utf8", true);
    assert_false(abi_plan_result(&guest.instance, signature_of(&guest), &core, &list, &request));
    assert_string_equal(guest.instance.error, "a value is too large for a guest");
    guest_close(&guest);
}

static void an_empty_result_pointer_still_counts(void **state) {
    struct guest guest;
    struct abi_value result;
    uint64_t core;
    (void)state;
    guest_open_export(&guest, "'u8',{'list':0},{'option':1}", "", "2", ":i");
    const struct abi_signature *signature = &guest.interface.exports[0].signature;
    memset(guest.memory, 0, 64);
    core = 52;
    assert_true(abi_result(&guest.instance, signature, &core, &result));
    assert_false(guest.instance.may_leave); /* post-return may not call */
    core = 56;
    assert_false(abi_result(&guest.instance, signature, &core, &result));
    assert_string_equal(guest.instance.error, "the result's pointer out of bounds of memory");
    guest.instance.error[0] = '\0';
    core = 50;
    assert_false(abi_result(&guest.instance, signature, &core, &result));
    assert_string_equal(guest.instance.error, "the result's pointer is not aligned");
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_scalars),
        cmocka_unit_test(memory_layout),
        cmocka_unit_test(requests_come_in_the_order_of_the_value),
        cmocka_unit_test(a_plan_without_requests_writes_at_once),
        cmocka_unit_test(realloc_is_not_trusted),
        cmocka_unit_test(a_memory_that_shrinks_meanwhile),
        cmocka_unit_test(strings_in_other_encodings),
        cmocka_unit_test(flat_variants_as_parameters),
        cmocka_unit_test(parameters_in_memory),
        cmocka_unit_test(a_second_call_while_addresses_are_awaited),
        cmocka_unit_test(too_large_for_a_guest),
        cmocka_unit_test(an_empty_result_pointer_still_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
