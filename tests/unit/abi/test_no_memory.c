/* Every allocation fails once: each time there is an error, nothing is lost, nothing is left
 * behind. */
#include <jansson.h>

#include "guest.h"
#include "support/no_memory.h"

static const char text[] =
    "{\"format\":1,\"resources\":[{\"interface\":\"x\",\"name\":\"thing\"}],"
    "\"types\":[\"u8\",{\"list\":0},\"string\",{\"record\":[[\"a\",0],[\"b\",2]]},{\"list\":3},{"
    "\"own\":0},{\"borrow\":0}],"
    "\"imports\":[{\"interface\":\"x\",\"name\":\"f\",\"module\":\"x\",\"field\":\"f\",\"kind\":"
    "\"func\",\"plan\":true,"
    "\"params\":[[\"p\",2],[\"q\",4],[\"r\",6]],\"result\":4,\"encoding\":\"utf16\",\"core\":"
    "\"iiiiii:\"}],"
    "\"exports\":[],\"globals\":\"iI\",\"start\":false,\"strict\":false,\"max_pages\":1}";

/* A call with handles, transcoded strings and a planned result. */
static bool call(struct guest *guest) {
    struct abi_value fields[] = {{.u = 1}, abi_string("hello", 5)},
                     record = {.n = 2, .items = fields};
    struct abi_value result = {.n = 1, .items = &record}, args[3];
    const struct abi_signature *signature = &guest->interface.imports[0].signature;
    uint64_t core[] = {0, 4, 0, 0, 1, 16}, request;
    if (abi_handle_new(&guest->instance, 0, 7) == 0) return false;
    if (!abi_lift_params(&guest->instance, signature, core, args)) return false;
    abi_end_lends(&guest->instance);
    if (!abi_plan_result(&guest->instance, signature, core, &result, &request)) return false;
    while (request != 0)
        if (!abi_put(&guest->instance, 32, &request)) return false;
    return true;
}

static bool everything(void) {
    struct guest guest = {0};
    static uint8_t memory[64];
    struct err err = {0};
    if (!abi_interface_read(text, strlen(text), &guest.interface, &err)) {
        assert_true(err.text[0] != '\0');
        return false;
    }
    arena_init(&guest.arena, 1 << 20);
    abi_instance_init(&guest.instance, &guest.interface, &guest.arena);
    guest.instance.memory = memory;
    guest.instance.memory_size = sizeof memory;
    bool good = call(&guest);
    assert_int_equal(good, guest.instance.error[0] == '\0');
    abi_instance_end(&guest.instance, NULL, NULL);
    abi_interface_free(&guest.interface);
    arena_free(&guest.arena);
    return good;
}

static void each_allocation_fails_once(void **state) {
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    assert_in_range(no_memory_for_each(everything), 50, 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_fails_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
