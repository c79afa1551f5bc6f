/* Handle tables: indices, ownership, lending, borrows, what is left at the end. */
#include "guest.h"

#define CORE(...) ((uint64_t[]){__VA_ARGS__})

static void open_guest(struct guest *guest, const char *params, const char *core) {
    guest_open_import(guest, "{'own':0},{'borrow':0},{'borrow':1},{'list':1}", params, "null", core,
                      "utf8", false);
}

static void indices_start_at_one_and_the_last_freed_is_used_next(void **state) {
    struct guest guest;
    uint32_t rep;
    (void)state;
    open_guest(&guest, "", ":");
    for (uint32_t i = 1; i <= 40; i++)
        assert_int_equal(abi_handle_new(&guest.instance, 0, 100 + i), i);
    assert_true(abi_drop_handle(&guest.instance, 0, 7, &rep));
    assert_int_equal(rep, 107);
    assert_true(abi_drop_handle(&guest.instance, 0, 20, &rep));
    assert_int_equal(abi_handle_new(&guest.instance, 0, 1), 20);
    assert_int_equal(abi_handle_new(&guest.instance, 0, 1), 7);
    assert_int_equal(abi_handle_new(&guest.instance, 0, 1), 41);
    guest_close(&guest);
}

static void drops_are_checked(void **state) {
    static const uint32_t unknown[] = {0, 2, 3, UINT32_MAX};
    struct guest guest;
    uint32_t rep;
    (void)state;
    open_guest(&guest, "", ":");
    abi_handle_new(&guest.instance, 0, 5);
    for (int i = 0; i < 4; i++) {
        assert_false(abi_drop_handle(&guest.instance, 0, unknown[i], &rep));
        assert_non_null(strstr(guest.instance.error, "unknown handle index"));
        guest.instance.error[0] = '\0';
    }
    assert_false(abi_drop_handle(&guest.instance, 1, 1, &rep));
    assert_string_equal(guest.instance.error,
                        "handle index 1 used with the wrong type: it is a thing of x, not a other "
                        "of x");
    guest.instance.error[0] = '\0';
    assert_true(abi_drop_handle(&guest.instance, 0, 1, &rep));
    assert_false(abi_drop_handle(&guest.instance, 0, 1, &rep)); /* twice */
    guest.instance.error[0] = '\0';
    abi_handle_new(&guest.instance, 0, 5);
    guest.instance.may_leave = false;
    assert_false(abi_drop_handle(&guest.instance, 0, 1, &rep));
    assert_string_equal(guest.instance.error, "cannot leave component instance");
    guest_close(&guest);
}

static void an_own_is_taken(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    open_guest(&guest, "['p',0]", "i:");
    abi_handle_new(&guest.instance, 0, 5);
    abi_handle_new(&guest.instance, 1, 6);
    assert_lift_fails(&guest, CORE(2), "wrong type");
    assert_true(guest_lift(&guest, CORE(0xdead00000001), &value));
    assert_int_equal(value.u, 5);
    assert_lift_fails(&guest, CORE(1), "unknown handle index 1");
    guest_close(&guest);
}

static void borrows_end_with_the_call(void **state) {
    struct guest guest;
    struct abi_value values[2];
    uint32_t rep;
    (void)state;
    open_guest(&guest, "['p',1],['q',1]", "ii:");
    abi_handle_new(&guest.instance, 0, 5);
    assert_true(guest_lift(&guest, CORE(1, 1), values));
    assert_int_equal(values[0].u, 5);
    assert_int_equal(guest.instance.handles[1].lends, 2);
    assert_false(abi_drop_handle(&guest.instance, 0, 1, &rep));
    assert_string_equal(guest.instance.error, "cannot drop handle index 1 while it is lent");
    guest.instance.error[0] = '\0';
    abi_end_lends(&guest.instance);
    assert_int_equal(guest.instance.handles[1].lends, 0);
    assert_true(abi_drop_handle(&guest.instance, 0, 1, &rep));
    assert_lift_fails(&guest, CORE(1, 1), "unknown handle index");
    guest_close(&guest);
}

static void lent_and_given_away_in_one_call(void **state) {
    struct guest guest;
    (void)state;
    open_guest(&guest, "['p',1],['q',0]", "ii:");
    abi_handle_new(&guest.instance, 0, 5);
    assert_lift_fails(&guest, CORE(1, 1), "cannot give away handle index 1 while it is lent");
    guest_close(&guest);
    open_guest(&guest, "['p',0],['q',1]", "ii:");
    abi_handle_new(&guest.instance, 0, 5);
    assert_lift_fails(&guest, CORE(1, 1), "unknown handle index 1");
    guest_close(&guest);
}

static void too_many_borrows(void **state) {
    struct guest guest;
    struct abi_value value;
    (void)state;
    open_guest(&guest, "['p',3]", "ii:");
    abi_handle_new(&guest.instance, 0, 5);
    guest_resize(&guest, 4 * (ABI_MAX_LENDS + 1));
    for (uint32_t i = 0; i <= ABI_MAX_LENDS; i++) ((uint32_t *)guest.memory)[i] = 1;
    assert_true(guest_lift(&guest, CORE(0, ABI_MAX_LENDS), &value));
    abi_end_lends(&guest.instance);
    assert_lift_fails(&guest, CORE(0, ABI_MAX_LENDS + 1), "more than 4096 borrows");
    guest_close(&guest);
}

static void too_many_handles(void **state) {
    struct guest guest;
    uint32_t rep;
    (void)state;
    open_guest(&guest, "", ":");
    for (uint32_t i = 1; i <= ABI_MAX_HANDLES; i++)
        assert_int_equal(abi_handle_new(&guest.instance, 0, i), i);
    assert_int_equal(abi_handle_new(&guest.instance, 0, 1), 0);
    assert_string_equal(guest.instance.error, "more than 65536 handles");
    assert_true(abi_drop_handle(&guest.instance, 0, ABI_MAX_HANDLES, &rep));
    assert_int_equal(abi_handle_new(&guest.instance, 0, 1), ABI_MAX_HANDLES);
    guest_close(&guest);
}

/* An entry's borrow is the callee's until it returns, cannot be given away, and ends nothing when
 * it is dropped. */
static void borrowed_parameters_of_an_entry(void **state) {
    struct guest guest;
    struct abi_value param = {.u = 9}, result;
    uint64_t core[ABI_MAX_FLAT_PARAMS], request;
    uint32_t rep;
    (void)state;
    guest_open(&guest, GUEST_RESOURCES, "{'borrow':0},{'own':0}",
               "{'interface':'x','name':'g','module':'m','field':'g','kind':'func','plan':false,"
               "'params':[['p',1]],'result':null,'encoding':'utf8','core':'i:'}",
               "{'interface':'x','name':'f','entry':0,'post_return':true,"
               "'params':[['p',0]],'result':null,'encoding':'utf8','core':'i:'}");
    const struct abi_signature *entry = &guest.interface.exports[0].signature;
    assert_true(abi_enter(&guest.instance, entry, &param, &request));
    assert_true(abi_args(&guest.instance, core));
    assert_int_equal(core[0], 1);
    assert_lift_fails(&guest, core, "is a borrow and cannot be given away");
    guest.instance.error[0] = '\0';
    assert_false(abi_result(&guest.instance, entry, core, &result));
    assert_string_equal(guest.instance.error, "1 borrowed handles are left at the end of the call");
    guest.instance.may_leave = true;
    assert_true(abi_drop_handle(&guest.instance, 0, 1, &rep));
    assert_int_equal(rep, ABI_REP_BORROWED);
    assert_true(abi_result(&guest.instance, entry, core, &result));
    guest_close(&guest);
}

static uint32_t dropped[10], dropped_count;

static void note_drop(void *context, uint32_t resource, uint32_t rep) {
    assert_ptr_equal(context, dropped);
    dropped[dropped_count++] = resource << 16 | rep;
}

static void what_the_guest_left_is_told(void **state) {
    struct guest guest;
    uint32_t rep;
    (void)state;
    open_guest(&guest, "", ":");
    for (uint32_t i = 1; i <= 4; i++) abi_handle_new(&guest.instance, i % 2, i);
    assert_true(abi_drop_handle(&guest.instance, 0, 2, &rep));
    dropped_count = 0;
    abi_instance_reuse(&guest.instance, &guest.interface, &guest.arena, note_drop, dropped);
    assert_int_equal(dropped_count, 3);
    assert_int_equal(dropped[0], 1 << 16 | 1);
    assert_int_equal(dropped[1], 1 << 16 | 3);
    assert_int_equal(dropped[2], 4);
    /* The next one knows nothing of it. */
    assert_false(abi_drop_handle(&guest.instance, 1, 1, &rep));
    guest.instance.error[0] = '\0';
    assert_int_equal(abi_handle_new(&guest.instance, 0, 5), 1);
    dropped_count = 0;
    abi_instance_end(&guest.instance, note_drop, dropped);
    assert_int_equal(dropped_count, 1);
    guest_close(&guest);
}

static void the_first_error_wins(void **state) {
    struct guest guest;
    (void)state;
    open_guest(&guest, "", ":");
    assert_false(abi_fail(&guest.instance, "first %d", 1));
    assert_false(abi_fail(&guest.instance, "second"));
    assert_string_equal(guest.instance.error, "first 1");
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indices_start_at_one_and_the_last_freed_is_used_next),
        cmocka_unit_test(drops_are_checked),
        cmocka_unit_test(an_own_is_taken),
        cmocka_unit_test(borrows_end_with_the_call),
        cmocka_unit_test(lent_and_given_away_in_one_call),
        cmocka_unit_test(too_many_borrows),
        cmocka_unit_test(too_many_handles),
        cmocka_unit_test(borrowed_parameters_of_an_entry),
        cmocka_unit_test(what_the_guest_left_is_told),
        cmocka_unit_test(the_first_error_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
