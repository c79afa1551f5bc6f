/* Sizes, alignments, payload offsets and flat types against a table made from the specification's
 * formulas; texts of types. */
#include "guest.h"
#include "layout.h"

static void layouts_are_those_of_the_specification(void **state) {
    struct guest guest;
    (void)state;
    layout_open(&guest, "", "");
    assert_int_equal(guest.interface.type_count, LAYOUT_CASES);
    for (size_t i = 0; i < LAYOUT_CASES; i++) {
        const struct abi_type *type = guest.interface.types[i];
        char flat[ABI_MAX_FLAT_PARAMS + 1] = "+";
        for (int k = 0; type->flat_count <= ABI_MAX_FLAT_PARAMS && k < type->flat_count; k++)
            flat[k] = "iIfF"[type->flat[k]], flat[k + 1] = '\0';
        bool variant = type->kind >= ABI_VARIANT && type->kind <= ABI_RESULT;
        if (type->size != layout_cases[i].size || type->align != layout_cases[i].align ||
            (variant && type->payload != layout_cases[i].payload) ||
            strcmp(flat, layout_cases[i].flat) != 0)
            fail_msg("type %zu %s: size %u align %u payload %u flat %s", i, layout_cases[i].type,
                     type->size, type->align, type->payload, flat);
    }
    guest_close(&guest);
}

static void pointers_and_handles_are_known_to_what_contains_them(void **state) {
    struct guest guest;
    (void)state;
    guest_open(&guest, "{'interface':'x','name':'thing'}",
               "'u8',{'list':0},{'option':1},{'own':0},{'borrow':0},{'tuple':[0,3]},{"
               "'result':[null,4]}",
               "", "");
    static const bool pointer[] = {false, true, true, false, false, false, false};
    static const bool handle[] = {false, false, false, true, true, true, true};
    static const bool borrow[] = {false, false, false, false, true, false, true};
    static const int depth[] = {1, 2, 3, 1, 1, 2, 2};
    for (int i = 0; i < 7; i++) {
        assert_int_equal(guest.interface.types[i]->has_pointer, pointer[i]);
        assert_int_equal(guest.interface.types[i]->has_handle, handle[i]);
        assert_int_equal(guest.interface.types[i]->has_borrow, borrow[i]);
        assert_int_equal(guest.interface.types[i]->depth, depth[i]);
    }
    guest_close(&guest);
}

static void texts(void **state) {
    static const char types[] =
        "'u8','string',{'list':0},{'record':[['a',0],['b-c',1]]},{'tuple':[0,1]},"
        "{'variant':[['x',null],['y',2]]},{'enum':['p','q']},{'option':1},{"
        "'result':[2,1]},"
        "{'result':[null,1]},{'result':[2,null]},{'result':[null,null]},{'flags':['f',"
        "'g']},{'own':0},{'borrow':0}";
    static const char *const expected[] = {"u8",
                                           "string",
                                           "list<u8>",
                                           "record{a: u8, b-c: string}",
                                           "tuple<u8, string>",
                                           "variant{x, y(list<u8>)}",
                                           "enum{p, q}",
                                           "option<string>",
                                           "result<list<u8>, string>",
                                           "result<_, string>",
                                           "result<list<u8>>",
                                           "result",
                                           "flags{f, g}",
                                           "own<thing>",
                                           "borrow<thing>"};
    struct guest guest;
    struct buf text;
    (void)state;
    guest_open(&guest, "{'interface':'x','name':'thing'}", types,
               "{'interface':'x','name':'f','module':'m','field':'f','kind':'func','plan':true,"
               "'params':[['p',14],['q',0]],'result':2,'encoding':'utf8','core':'iii:'},"
               "{'interface':'x','name':'g','module':'m','field':'g','kind':'func','plan':false,"
               "'params':[],'result':null,'encoding':'utf8','core':':'}",
               "");
    buf_init(&text, 1000);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        buf_clear(&text);
        abi_type_text(&guest.interface, guest.interface.types[i], &text);
        assert_string_equal(buf_cstr(&text), expected[i]);
    }
    buf_clear(&text);
    abi_signature_text(&guest.interface, &guest.interface.imports[0].signature, &text);
    assert_string_equal(buf_cstr(&text), "(borrow<thing>, u8) -> list<u8>");
    buf_clear(&text);
    abi_signature_text(&guest.interface, &guest.interface.imports[1].signature, &text);
    assert_string_equal(buf_cstr(&text), "()");
    buf_free(&text);
    guest_close(&guest);
}

/* Types are a graph: 25 levels of two equal cases are 2^25 leaves as text, but the buffer's cap
 * ends it. */
static void a_text_that_explodes_ends_at_the_buffers_cap(void **state) {
    struct guest guest;
    struct buf types, text;
    (void)state;
    buf_init(&types, 100000);
    buf_text(&types, "'u8'");
    for (int i = 0; i < 25; i++) buf_format(&types, ",{'variant':[['a',%d],['b',%d]]}", i, i);
    guest_open(&guest, "", buf_cstr(&types), "", "");
    buf_init(&text, 10000);
    abi_type_text(&guest.interface, guest.interface.types[25], &text);
    assert_true(text.failed);
    buf_free(&text);
    buf_free(&types);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_are_those_of_the_specification),
        cmocka_unit_test(pointers_and_handles_are_known_to_what_contains_them),
        cmocka_unit_test(texts),
        cmocka_unit_test(a_text_that_explodes_ends_at_the_buffers_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
