/* Copies of values share nothing with their source, and end where the arena's cap is. */
#include "guest.h"

/* record{a: string, b: list<option<list<u8>>>, c: result<u8, string>} */
static const char types[] = "'u8',{'list':0},{'option':1},{'list':2},'string',{'result':[0,4]},"
                            "{'record':[['a',4],['b',3],['c',5]]}";

static void copies_share_nothing(void **state) {
    struct guest guest;
    char text[] = "hello", bytes[] = "xy", message[] = "bad";
    struct abi_value inner = abi_string(bytes, 2),
                     options[] = {{.n = 0}, {.n = 1, .items = &inner}};
    struct abi_value error = abi_string(message, 3);
    struct abi_value fields[] = {
        abi_string(text, 5), {.n = 2, .items = options}, {.n = 1, .items = &error}};
    struct abi_value value = {.n = 3, .items = fields}, copy, again;
    (void)state;
    guest_open(&guest, "", types, "", "");
    const struct abi_type *type = guest.interface.types[6];
    assert_true(abi_value_copy(&guest.arena, type, &value, &copy));
    assert_true(abi_value_copy(&guest.arena, type, &copy, &again));
    assert_true(values_equal(type, &value, &copy));
    memset(text, 0, 5), memset(bytes, 0, 2), memset(message, 0, 3);
    options[1].n = 0;
    assert_false(values_equal(type, &value, &copy));
    assert_true(values_equal(type, &again, &copy));
    guest_close(&guest);
}

static void copies_end_at_the_cap(void **state) {
    struct guest guest;
    struct abi_value strings[3], list = {.n = 3, .items = strings}, copy;
    static const char long_text[100];
    struct arena arena;
    (void)state;
    for (int i = 0; i < 3; i++) strings[i] = abi_string(long_text, 100);
    guest_open(&guest, "", "'string',{'list':0}", "", "");
    for (size_t cap = 0; cap < 500; cap += 16) {
        arena_init(&arena, cap);
        assert_int_equal(abi_value_copy(&arena, guest.interface.types[1], &list, &copy),
                         cap >= 48 + 3 * 112);
        arena_free(&arena);
    }
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_share_nothing),
        cmocka_unit_test(copies_end_at_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
